"""Starts the server, runs every part of the conformance test against it, and prints what passes where."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import cases
from serving import server

here = Path(__file__).parent
MODEL = "SmolLM2-135M-Instruct"


class Table:
    """What passed, by check and column."""

    def __init__(self):
        self.rows, self.columns, self.failures = {}, [], []

    def note(self, column, check, error=None, mark="ok"):
        if column not in self.columns:
            self.columns.append(column)
        self.rows.setdefault(check, {})[column] = "FAIL" if error else mark
        if error:
            self.failures.append(f"{column}, {check}: {error}")

    def print(self):
        width = max(map(len, self.rows), default=0)
        print(" " * width, *(f"{column:>10}" for column in self.columns))
        for check, marks in self.rows.items():
            print(f"{check:{width}}", *(f"{marks.get(column, '-'):>10}" for column in self.columns))
        print("\nbits: works, and every number is the embedded engine's as float32; ok: works; -: not a part of this version")
        for failure in self.failures:
            print("FAIL", failure)


def python(environments, version, script, *arguments, timeout=900, env=None):
    """Runs a part in an SDK's environment; returns its output, or raises with the end of it."""
    result = subprocess.run(
        [environments / f"sdk-{version}" / "bin" / "python", here / script, *map(str, arguments)],
        capture_output=True, text=True, timeout=timeout, env={**os.environ, **(env or {}), "HF_HUB_OFFLINE": "1", "TINKER_TELEMETRY": "0"},
    )
    if result.returncode:
        raise RuntimeError((result.stdout + result.stderr).strip()[-1500:])
    return result.stdout


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    parser.add_argument("--environments", required=True, type=Path)
    parser.add_argument("--sdk", action="append", required=True)
    parser.add_argument("--cookbook", help="the SDK's version that the cookbook is installed with")
    options = parser.parse_args()
    table = Table()
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        environment = {**os.environ, "XDG_DATA_HOME": str(folder)}
        tokenizer = folder / "tokenizer"
        with server(options.binary, environment, "--export-tokenizer", tokenizer) as (address, _):
            compare_sdks(table, options, folder, environment, address)
            if options.cookbook:
                for script in ("tokenizer.py", "adapter.py", "cookbook.py"):
                    run_part(table, options, folder, address, script, tokenizer)
        table.print()
    sys.exit(bool(table.failures))


def compare_sdks(table, options, folder, environment, address):
    """Every SDK does what the embedded engine does."""
    for version in options.sdk:
        given = cases.cases() | {"model": MODEL, "name": version}
        (folder / "cases.json").write_text(json.dumps(given))
        if version == options.sdk[0]:
            (folder / "cases.lua").write_text("return " + cases.lua(given))
            subprocess.run(
                [options.binary, here / "embedded.lua", folder / "cases.lua", folder / "expected.json"],
                env=environment, check=True, stdout=subprocess.DEVNULL,
            )
            expected = json.loads((folder / "expected.json").read_text())
            # A client of saved state is a fresh one that has loaded it.
            expected["create_training_client_from_state"] = expected["load_state"]
            expected["create_training_client_from_state_with_optimizer"] = expected["load_state_with_optimizer"]
        results_file = folder / f"results-{version}.json"
        try:
            python(options.environments, version, "sdk.py", address, folder / "cases.json", results_file)
        except (RuntimeError, subprocess.TimeoutExpired) as error:
            table.note(version, "runs to its end", str(error))
        results = json.loads(results_file.read_text()) if results_file.exists() else {}
        for check, result in results.items():
            if not result["ok"]:
                table.note(version, check, result["error"])
            elif result["value"] is None or check not in expected:
                table.note(version, check)
            else:
                table.note(version, check, cases.difference(result["value"], expected[check]), mark="bits")


def run_part(table, options, folder, address, script, tokenizer):
    """A part prints a line `check` or `check: error` for each of its checks."""
    column = options.cookbook
    try:
        output = python(
            options.environments, column, script, address, MODEL, tokenizer, folder, options.binary,
            env={"XDG_DATA_HOME": str(folder), "TINKER_BASE_URL": address, "TINKER_API_KEY": "tml-conformance"},
        )
    except (RuntimeError, subprocess.TimeoutExpired) as error:
        return table.note(column, script, str(error))
    for line in output.splitlines():
        if line.startswith("check "):
            check, _, error = line.removeprefix("check ").partition(": ")
            table.note(column, check, error or None)


main()
