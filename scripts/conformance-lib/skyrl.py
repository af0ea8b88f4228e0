"""A real SkyRL server on JAX for CPU with a tiny random Qwen3 model: makes the model, starts the server, and runs our client against it.

The server's process looks at the command line of its parent, which has to be `uv run ... -m skyrl.tinker.api`, and starts its engine
through `uv run` as well. The environment exists already, so a stand-in for uv that only starts Python is enough."""

import argparse
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

HERE = Path(__file__).parent
UV = """#!/bin/sh
# Stands in for uv: what follows -m is started with this environment's Python, in a child, so that uv's command line stays.
while [ "$1" != -m ]; do shift; done
{python} "$@" &
child=$!
trap 'kill -TERM $child 2>/dev/null' TERM INT
wait $child
"""


def make_model(folder):
    """A random Qwen3 of 267 tokens: three control tokens, every byte, eight merges (the tokenizer of the tests' own tiny model)."""
    import numpy as np
    from safetensors.numpy import save_file

    folder.mkdir()
    width, inner, heads, kv_heads, head, layers, vocabulary = 64, 128, 4, 2, 16, 2, 267
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    config = {
        "architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3", "hidden_size": width, "intermediate_size": inner,
        "num_hidden_layers": layers, "num_attention_heads": heads, "num_key_value_heads": kv_heads, "head_dim": head,
        "vocab_size": vocabulary, "max_position_embeddings": 256, "rms_norm_eps": 1e-6, "rope_theta": 10000.0,
        "tie_word_embeddings": False, "hidden_act": "silu", "attention_bias": False, "torch_dtype": "float32", "dtype": "float32",
        "eos_token_id": 2, "bos_token_id": 1, "initializer_range": 0.02,
    }
    (folder / "config.json").write_text(json.dumps(config))
    random = np.random.default_rng(1)

    def matrix(rows, columns):
        return (random.standard_normal((rows, columns)) * columns**-0.5).astype(np.float32)

    tensors = {
        "model.embed_tokens.weight": random.standard_normal((vocabulary, width)).astype(np.float32),
        "model.norm.weight": np.ones(width, np.float32), "lm_head.weight": matrix(vocabulary, width),
    }
    for layer in range(layers):
        shapes = {
            "self_attn.q_proj": (heads * head, width), "self_attn.k_proj": (kv_heads * head, width), "self_attn.v_proj": (kv_heads * head, width),
            "self_attn.o_proj": (width, heads * head), "mlp.gate_proj": (inner, width), "mlp.up_proj": (inner, width), "mlp.down_proj": (width, inner),
        }
        tensors |= {f"model.layers.{layer}.{name}.weight": matrix(*shape) for name, shape in shapes.items()}
        norms = {"input_layernorm": width, "post_attention_layernorm": width, "self_attn.q_norm": head, "self_attn.k_norm": head}
        tensors |= {f"model.layers.{layer}.{name}.weight": np.ones(size, np.float32) for name, size in norms.items()}
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})

    alphabet = byte_alphabet()
    merges = [("h", "e"), ("l", "l"), ("he", "ll"), ("hell", "o"), (" ", "t"), (" t", "he"), ("i", "n"), ("in", "g")]
    merges = [["".join(alphabet[ord(c)] for c in part) for part in pair] for pair in merges]
    tokens = special + [alphabet[byte] for byte in range(256)] + ["".join(pair) for pair in merges]
    pattern = (
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    )
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    tokenizer = {
        "version": "1.0", "truncation": None, "padding": None, "normalizer": {"type": "NFC"},
        "added_tokens": [{"id": number, "content": text, **flags} for number, text in enumerate(special)],
        "pre_tokenizer": {
            "type": "Sequence",
            "pretokenizers": [
                {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False},
                {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False},
            ],
        },
        "post_processor": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False},
        "decoder": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False},
        "model": {
            "type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": "", "end_of_word_suffix": "", "fuse_unk": False,
            "byte_fallback": False, "ignore_merges": False, "vocab": {text: number for number, text in enumerate(tokens)}, "merges": merges,
        },
    }
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
    (folder / "tokenizer_config.json").write_text(
        json.dumps({"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": "<|im_end|>", "pad_token": "<|endoftext|>", "clean_up_tokenization_spaces": False})
    )


def byte_alphabet():
    """The letters by which byte-level tokenizers name bytes."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    names = {byte: chr(byte) for byte in printable}
    for byte in range(256):
        if byte not in names:
            names[byte] = chr(256 + len(names) - len(printable))
    return names


@contextlib.contextmanager
def skyrl(folder):
    """The server on a free port; yields its address."""
    make_model(folder / "tiny-qwen3")
    uv = folder / "bin" / "uv"
    uv.parent.mkdir()
    uv.write_text(UV.format(python=sys.executable))
    uv.chmod(0o755)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ, "PATH": f"{uv.parent}:{os.environ['PATH']}", "JAX_PLATFORMS": "cpu", "HF_HUB_OFFLINE": "1", "HOME": str(folder),
        # What is compiled once is found again.
        "JAX_COMPILATION_CACHE_DIR": str(folder / "compiled"),
    }
    backend = {"max_lora_adapters": 96, "max_lora_rank": 8, "train_micro_batch_size": 4, "sample_max_num_sequences": 16}
    log = folder / "skyrl.log"
    with open(log, "w") as output:
        process = subprocess.Popen(
            [
                uv, "run", "--extra", "tinker", "--extra", "jax", "-m", "skyrl.tinker.api", "--base-model", str(folder / "tiny-qwen3"),
                "--backend", "jax", "--backend-config", json.dumps(backend), "--checkpoints-base", str(folder / "checkpoints"),
                "--database-url", f"sqlite:///{folder}/tinker.db", "--host", "127.0.0.1", "--port", str(port),
            ],
            env=environment, stdout=output, stderr=subprocess.STDOUT, cwd=folder, start_new_session=True,
        )
    try:
        address, deadline = f"http://127.0.0.1:{port}", time.time() + 180
        while True:
            try:
                urllib.request.urlopen(address + "/api/v1/healthz", timeout=5).read()
                break
            except OSError:
                if process.poll() is not None or time.time() > deadline:
                    raise SystemExit("SkyRL does not start:\n" + log.read_text()[-3000:])
                time.sleep(0.5)
        yield address
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=20)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    parser.add_argument("--contract", nargs=argparse.REMAINDER, help="a command that runs the contract suite")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        with skyrl(folder) as address:
            model = str(folder / "tiny-qwen3")
            environment = {**os.environ, "XDG_DATA_HOME": str(folder)}
            client = subprocess.run(
                [options.binary, "--quiet", "--base-url", address, HERE / "skyrl.lua", folder / "adapter"],
                env=environment, stdout=subprocess.PIPE, text=True, timeout=1800,
            )
            print(client.stdout, end="", flush=True)
            failed = client.returncode != 0 or any(": " in line for line in client.stdout.splitlines() if line.startswith("check "))
            if options.contract:
                suite = subprocess.run(options.contract, env={**os.environ, "RLHF_REPL_SKYRL": address, "RLHF_REPL_SKYRL_MODEL": model})
                failed |= suite.returncode != 0
    print("FAILED" if failed else "passed")
    sys.exit(failed)


if __name__ == "__main__":
    main()
