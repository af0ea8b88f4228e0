"""The cookbook's supervised trainer on a local file, and its `shorter` recipe; arguments: as run.py gives them."""

import asyncio
import json
import os
import sys
import traceback
from pathlib import Path

_, model, tokenizer_folder, folder, _ = sys.argv[1:6]
from tinker_cookbook.recipes.preference.shorter import train as shorter
from tinker_cookbook.renderers import TrainOnWhat
from tinker_cookbook.supervised import train as supervised
from tinker_cookbook.supervised.data import FromConversationFileBuilder
from tinker_cookbook.supervised.types import ChatDatasetBuilderCommonConfig
from tinker_cookbook.tokenizer_utils import register_tokenizer
from transformers import AutoTokenizer

# The cookbook finds a tokenizer by the model's name.
register_tokenizer(model, lambda: AutoTokenizer.from_pretrained(tokenizer_folder))
data = Path(__file__).parents[2] / "tutorials" / "starter" / "sft.jsonl"
folder = Path(folder)


def metrics(name):
    return [json.loads(line) for line in (folder / name / "metrics.jsonl").read_text().splitlines()]


def check(title, work):
    try:
        work()
        print("check", title, flush=True)
    except BaseException as error:  # the cookbook also leaves by SystemExit
        traceback.print_exc()
        print(f"check {title}: {type(error).__name__}: {' '.join(str(error).split())[:300]}", flush=True)


def fine_tune():
    # ChatML without a system prompt of its own, which is what this model knows.
    common = ChatDatasetBuilderCommonConfig(
        model_name_for_tokenizer=model, renderer_name="qwen3_instruct", max_length=256, batch_size=16,
        train_on_what=TrainOnWhat.ALL_ASSISTANT_MESSAGES,
    )
    asyncio.run(
        supervised.main(
            supervised.Config(
                log_path=str(folder / "sft"), model_name=model, recipe_name="conformance", renderer_name="qwen3_instruct",
                dataset_builder=FromConversationFileBuilder(common_config=common, file_path=str(data), test_size=16),
                learning_rate=1e-3, lora_rank=8, num_epochs=1, max_steps=5, save_every=3, eval_every=2,
            )
        )
    )
    rows = metrics("sft")
    losses = [row["train_mean_nll"] for row in rows if "train_mean_nll" in row]
    assert len(losses) == 5 and losses[-1] < losses[0], losses
    saved = [json.loads(line) for line in (folder / "sft" / "checkpoints.jsonl").read_text().splitlines()]
    assert saved and all(row["state_path"].startswith("tinker://") for row in saved), saved


def reinforce():
    shorter.cli_main(
        shorter.CLIConfig(
            model_name=model, renderer_name="qwen3_instruct", batch_size=2, group_size=4, learning_rate=1e-4, max_tokens=16,
            eval_every=0, log_path=str(folder / "shorter"), behavior_if_log_dir_exists="delete", max_steps=3,
        )
    )
    rows = metrics("shorter")
    assert len(rows) >= 3, rows
    # The engine's logprobs have the same bits in sampling and in training.
    drift = [row["optim/kl_sample_train_v1"] for row in rows if "optim/kl_sample_train_v1" in row]
    assert drift and all(value == 0 for value in drift), drift


check("cookbook supervised trainer", fine_tune)
check("cookbook shorter recipe", reinforce)
os._exit(0)
