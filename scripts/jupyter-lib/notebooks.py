"""Executes a small notebook and the tutorial in its smallest size under nbclient; checks and keeps what came out."""

import pathlib
import re
import sys
import time

import jupytext
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

root, folder = map(pathlib.Path, sys.argv[1:])


def execute(name, notebook, **options):
    work = folder / "work"
    work.mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    client = NotebookClient(
        notebook, kernel_name="rlhf-repl", timeout=900, resources={"metadata": {"path": str(work)}}, **options
    )
    try:
        client.execute()
    finally:
        nbformat.write(notebook, folder / f"{name}.ipynb")
    nbformat.validate(notebook)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    kinds = sorted({output.output_type for cell in cells for output in cell.outputs})
    print(f"{name}: {len(cells)} code cells in {time.monotonic() - start:.1f} s, outputs: {', '.join(kinds)}")
    return cells


def expect(condition, what):
    if not condition:
        sys.exit(f"notebooks.py: {what}")


def small():
    sources = [
        "local a = 20",
        "a + 1",
        'plot({3, 2, 1}, {title = "Falling"})',
        'rlhf.display.table({{name = "x", value = 1}}, {"name", "value"})',
        "print('one'); io.stderr:write('two\\n');",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    cells = execute("small", notebook)
    expect(cells[1].outputs[0].data["text/plain"] == "21", "a local of one cell is not seen by the next")
    expect("<svg" in cells[2].outputs[0].data["image/svg+xml"], "a plot is no picture")
    expect("<table" in cells[3].outputs[0].data["text/html"], "a table is no HTML")
    expect({output.name for output in cells[4].outputs} == {"stdout", "stderr"}, "a stream is missing")


def failing():
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("x = 1\nerror('on purpose')")])
    try:
        execute("failing", notebook)
    except CellExecutionError as error:
        expect("In[1], line 2" in str(error) or "on purpose" in str(error), "an error has no place")
        return
    expect(False, "a failing notebook has not failed")


def tutorial():
    notebook = jupytext.read(root / "tutorials/407_rlhf.lua")
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    # What --set smoke=true does in a terminal.
    cells[0].source, count = re.subn(r"smoke = false", "smoke = true", cells[0].source, count=1)
    expect(count == 1, "the tutorial's settings have no smoke = false")
    cells = execute("tutorial", notebook)
    expect(all(cell.execution_count for cell in cells), "a cell has no number")
    pictures = [o for c in cells for o in c.outputs if "image/svg+xml" in o.get("data", {})]
    expect(pictures, "the tutorial shows no picture")


if __name__ == "__main__":
    small()
    failing()
    tutorial()
