"""PEFT loads what the server saves, and gives the logprobs that the server gives; arguments: as run.py gives them."""

import os
import sys
import tarfile
import urllib.request
from pathlib import Path

address, model, _, folder, binary = sys.argv[1:6]
import subprocess

import tinker
import torch
from tinker import types

import cases

folder = Path(folder) / "adapter"
service = tinker.ServiceClient()
given = cases.cases()
trainer = service.create_lora_training_client(base_model=model, rank=8, seed=2, train_unembed=False).result()
data = [
    types.Datum(
        model_input=types.ModelInput.from_ints(row["tokens"]),
        loss_fn_inputs={
            "target_tokens": types.TensorData(data=row["targets"], dtype="int64", shape=[len(row["targets"])]),
            "weights": types.TensorData(data=row["weights"], dtype="float32", shape=[len(row["targets"])]),
        },
    )
    for row in given["data"]
]
before = trainer.forward(data, "cross_entropy").result()
for _ in range(3):
    trainer.forward_backward(data, "cross_entropy").result()
    trainer.optim_step(types.AdamParams(learning_rate=2e-3)).result()
after = trainer.forward(data, "cross_entropy").result()
path = trainer.save_weights_for_sampler("peft").result().path

run, kind, name = path.removeprefix("tinker://").split("/")
request = urllib.request.Request(f"{address}/api/v1/training_runs/{run}/checkpoints/{kind}/{name}/archive", headers={"X-API-Key": "tml-conformance"})
with urllib.request.urlopen(request) as answer, tarfile.open(fileobj=answer, mode="r|*") as archive:
    archive.extractall(folder, filter="data")

from peft import LoraConfig, PeftModel, load_peft_weights
from transformers import AutoModelForCausalLM

config = LoraConfig.from_pretrained(folder)
weights = load_peft_weights(str(folder), device="cpu")
print("check adapter config and weights" + ("" if config.r == 8 and config.lora_alpha == 32 and weights else f": {config}"))

# The model itself, from the program's own file.
store = Path(os.environ.get("RLHF_REPL_CACHE") or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "rlhf-repl") / "models"
files = list(store.glob(f"{model}*.gguf"))
network = AutoModelForCausalLM.from_pretrained(store, gguf_file=files[0].name, dtype=torch.float32)


def logprobs(network):
    rows = []
    for row in given["data"]:
        with torch.no_grad():
            logits = network(torch.tensor([row["tokens"]])).logits[0].float()
        rows.append(torch.log_softmax(logits, -1).gather(1, torch.tensor(row["targets"])[:, None])[:, 0])
    return torch.cat(rows)


def distance(network, result):
    ours = torch.cat([torch.tensor(output["logprobs"].data) for output in result.loss_fn_outputs])
    return (logprobs(network) - ours).abs().max().item(), ours


plain, _ = distance(network, before)
tuned = PeftModel.from_pretrained(network, str(folder))
missing = [key for key in weights if key not in {name.replace(".default", "") for name, _ in tuned.named_parameters()}]
print("check adapter every tensor finds its place" + (f": {missing[:3]}" if missing else ""))
adapted, ours = distance(tuned, after)
moved = (ours - torch.cat([torch.tensor(output["logprobs"].data) for output in before.loss_fn_outputs])).abs().max().item()
# The engine computes in bfloat16, so that the base model alone is this far from float32.
right = adapted <= 2 * plain + 0.02 and moved > 10 * adapted
print("check adapter logprobs under PEFT" + ("" if right else f": base differs by {plain:.4f}, adapted by {adapted:.4f}, training moved {moved:.4f}"))
print(f"base differs by {plain:.4f}, adapted by {adapted:.4f}, training moved {moved:.4f}", file=sys.stderr, flush=True)
sys.stdout.flush()
os._exit(0)
