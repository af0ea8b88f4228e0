"""Drives one version of the official SDK through everything; arguments: base URL, the cases, the file for the results.

Each result is {"ok": whether it worked, "value": numbers to compare with the embedded engine's, "error": why not}."""

import json
import os
import sys
import time
import urllib.request

import numpy as np
import tinker
import torch
from tinker import types

base_url, cases_file, results_file = sys.argv[1:4]
cases = json.load(open(cases_file))
version = tuple(int(part) for part in __import__("importlib.metadata").metadata.version("tinker").split("."))
results = {}
name = "conformance-" + cases["name"]


def check(title, work):
    """Notes how a piece of work ends; returns what it returns first, or None."""
    start = time.time()
    try:
        answer = work()
        value = None
        if isinstance(answer, tuple):
            answer, value = answer
        results[title] = {"ok": True, "value": value}
    except Exception as error:  # whatever an SDK raises is a failed check
        answer = None
        results[title] = {"ok": False, "error": f"{type(error).__name__}: {error}"[:500]}
    results[title]["seconds"] = round(time.time() - start, 3)
    json.dump(results, open(results_file, "w"))
    return answer


def floats(values):
    return types.TensorData(data=values, dtype="float32", shape=[len(values)])


def datums(names):
    return [
        types.Datum(
            model_input=types.ModelInput.from_ints(row["tokens"]),
            loss_fn_inputs={
                "target_tokens": types.TensorData(data=row["targets"], dtype="int64", shape=[len(row["targets"])]),
                **{key: floats(row[key]) for key in names},
            },
        )
        for row in cases["data"]
    ]


def outputs(future):
    result = future.result(timeout=120)
    rows = [[float(v) for v in output["logprobs"].data] for output in result.loss_fn_outputs]
    return result, {"loss": result.metrics.get("loss:sum"), "logprobs": rows}


def sequences(result):
    return [
        {"tokens": list(s.tokens), "logprobs": [float(v) for v in s.logprobs], "stop_reason": str(getattr(s.stop_reason, "value", s.stop_reason))}
        for s in result.sequences
    ]


adam = types.AdamParams(
    learning_rate=cases["learning_rate"], beta1=0.9, beta2=0.95, eps=1e-12, **({"grad_clip_norm": 1.0} if "grad_clip_norm" in types.AdamParams.model_fields else {})
)
supervised, reinforced = datums(["weights"]), datums(["logprobs", "advantages"])


def step(client):
    result = client.optim_step(adam).result(timeout=120)
    return result, {"grad_norm": (result.metrics or {}).get("grad_norm")}


service = check("session", lambda: tinker.ServiceClient(base_url=base_url, api_key="tml-conformance"))
capabilities = check("capabilities", service.get_server_capabilities)
trainer = check("create", lambda: service.create_lora_training_client(base_model=cases["model"], rank=cases["rank"], seed=cases["seed"]))
check("get_info", trainer.get_info)
check("forward_backward cross_entropy", lambda: outputs(trainer.forward_backward(supervised, "cross_entropy")))
check("optim_step", lambda: step(trainer))
check("forward", lambda: outputs(trainer.forward(supervised, "cross_entropy")))
for loss in ["importance_sampling", "ppo", "cispo", "dro"]:
    check(f"forward_backward {loss}", lambda: outputs(trainer.forward_backward(reinforced, loss, cases["losses"][loss])))
    step(trainer)


def squares(data, logprobs):
    loss = sum((row * row).sum() for row in logprobs)
    return loss, {"squares": float(loss)}


def custom():
    future = trainer.forward_backward_custom(datums([]), squares)
    result = future.result(timeout=120)
    # Before 0.35 the loss of the pass that hands the gradients over.
    if version >= (0, 35):
        assert abs(result.metrics["loss:sum"] / result.metrics["squares"] - 1) < 1e-6, result.metrics
    # Versions differ in what outputs they return: some those of the forward pass, some none.
    rows = [[float(v) for v in output["logprobs"].data] for output in result.loss_fn_outputs if "logprobs" in output]
    return result, {"logprobs": rows} if len(rows) == len(cases["data"]) else None


check("forward_backward_custom", custom)
check("step after custom", lambda: step(trainer))
check("forward_backward and optim_step in flight", lambda: [f.result(timeout=120) for _ in range(3) for f in (trainer.forward(supervised, "cross_entropy"), trainer.forward(reinforced, "ppo"))])
state = check("save_state", lambda: trainer.save_state(name).result(timeout=120))
weights = check("save_weights_for_sampler", lambda: trainer.save_weights_for_sampler(name).result(timeout=120))

prompt = types.ModelInput.from_ints(cases["prompt"])
sampler = check("create_sampling_client", lambda: service.create_sampling_client(model_path=weights.path))
params = types.SamplingParams(max_tokens=12, seed=7, temperature=0.8, top_p=0.9, top_k=40)


def sample():
    result = sampler.sample(prompt=prompt, num_samples=3, sampling_params=params, include_prompt_logprobs=True).result(timeout=120)
    return result, {"sequences": sequences(result)}


sampled = check("sample", sample)


def prompt_logprobs():
    assert len(sampled.prompt_logprobs) == len(cases["prompt"]) and sampled.prompt_logprobs[0] is None
    return sampled, {"logprobs": [float(v) for v in sampled.prompt_logprobs[1:]]}


check("prompt logprobs", prompt_logprobs)


def compute_logprobs():
    values = sampler.compute_logprobs(prompt).result(timeout=120)
    return values, {"logprobs": [float(v) for v in values[1:]]}


check("compute_logprobs", compute_logprobs)


def sample_base():
    client = service.create_sampling_client(base_model=cases["model"])
    result = client.sample(prompt=prompt, num_samples=2, sampling_params=types.SamplingParams(max_tokens=8, seed=3)).result(timeout=120)
    return client, {"sequences": sequences(result)}


base = check("sample base model", sample_base)


def ephemeral():
    """The weights as they are give what the saved ones give."""
    client = trainer.save_weights_and_get_sampling_client()
    result = client.sample(prompt=prompt, num_samples=3, sampling_params=params).result(timeout=120)
    assert sequences(result) == sequences(sampled), sequences(result)


check("save_weights_and_get_sampling_client", ephemeral)


def many():
    futures = [base.sample(prompt=prompt, num_samples=1, sampling_params=types.SamplingParams(max_tokens=4, seed=seed)) for seed in range(64)]
    assert all(len(future.result(timeout=120).sequences) == 1 for future in futures)


check("64 samples in flight", many)


def continued(client):
    client.forward_backward(supervised, "cross_entropy").result(timeout=120)
    norm = client.optim_step(adam).result(timeout=120).metrics["grad_norm"]
    return client, outputs(client.forward(supervised, "cross_entropy"))[1] | {"grad_norm": norm}


def fresh():
    return service.create_lora_training_client(base_model=cases["model"], rank=cases["rank"], seed=99)


def load(with_optimizer):
    client = fresh()
    (client.load_state_with_optimizer if with_optimizer else client.load_state)(state.path).result(timeout=120)
    return continued(client)


check("load_state", lambda: load(False))
check("load_state_with_optimizer", lambda: load(True))
check("create_training_client_from_state", lambda: continued(service.create_training_client_from_state(state.path)))
if hasattr(service, "create_training_client_from_state_with_optimizer"):
    check("create_training_client_from_state_with_optimizer", lambda: continued(service.create_training_client_from_state_with_optimizer(state.path)))


def refused():
    """An unknown setting fails the call, and says why; the calls after it are served."""
    client = fresh()
    try:
        client.forward_backward(reinforced, "dro", {"bogus": 1.0}).result(timeout=60)
    except Exception as error:
        assert "bogus" in str(error), str(error)
    else:
        raise AssertionError("dro took a setting named bogus")


check("unknown settings are refused", refused)

rest = check("rest client", service.create_rest_client)
run = state.path.split("/")[2]


def listed(answer):
    paths = {checkpoint.tinker_path for checkpoint in answer.checkpoints}
    assert {state.path, weights.path} <= paths, paths


check("list_checkpoints", lambda: listed(rest.list_checkpoints(run).result()))
check("list_user_checkpoints", lambda: listed(rest.list_user_checkpoints(limit=1000).result()))
check("list_training_runs", lambda: rest.list_training_runs(limit=5).result())
check("get_training_run", lambda: rest.get_training_run(run).result())
check("get_weights_info", lambda: rest.get_weights_info_by_tinker_path(state.path).result())
check("list_sessions", lambda: rest.list_sessions(limit=5).result())
check("publish and unpublish", lambda: [rest.publish_checkpoint_from_tinker_path(weights.path).result(), rest.unpublish_checkpoint_from_tinker_path(weights.path).result()])
if hasattr(rest, "set_checkpoint_ttl_from_tinker_path"):
    check("time to live", lambda: rest.set_checkpoint_ttl_from_tinker_path(weights.path, 7200).result())
if hasattr(rest, "get_checkpoint_archive_url_from_tinker_path"):

    def archive():
        url = rest.get_checkpoint_archive_url_from_tinker_path(weights.path).result().url
        data = urllib.request.urlopen(url).read()
        open(os.path.join(os.path.dirname(results_file), "adapter.tar"), "wb").write(data)

    check("archive", archive)
if hasattr(trainer, "save_weights_external") or hasattr(trainer, "save_external_weights"):
    check("save_weights_external", lambda: getattr(trainer, "save_weights_external", getattr(trainer, "save_external_weights", None))(name).result(timeout=120))


def delete():
    for path in (state.path, weights.path):
        rest.delete_checkpoint_from_tinker_path(path).result()
    left = {checkpoint.tinker_path for checkpoint in rest.list_checkpoints(run).result().checkpoints}
    assert not left & {state.path, weights.path}, left


check("delete", delete)
if hasattr(service, "close"):
    check("close", lambda: service.close("success"))
# Background threads of some versions never end.
os._exit(0)
