"""Drives JupyterLab in headless Chromium through one notebook: run, picture, table, completion, help, input, live progress,
interrupt. Screenshots go to the folder that is given."""

import os
import pathlib
import re
import secrets
import shutil
import subprocess
import sys
import time

import nbformat
from playwright.sync_api import expect, sync_playwright

folder = pathlib.Path(sys.argv[1])
screens = folder / "screens"
CELLS = [
    "local a = 20\na + 1",
    'plot({3, 2.2, 1.7, 1.5}, {title = "Falling"})',
    'rlhf.display.table({{name = "x", value = 1}, {name = "y", value = 2}}, {"name", "value"})',
    'service = rlhf.ServiceClient{}\nsampler = service:create_sampling_client{}\n'
    'tok = sampler:get_tokenizer()\n'
    'sampler:sample{ prompt = tok:encode("The capital of France is"), sampling_params = { max_tokens = 3, temperature = 0 } }'
    ":result().sequences[1].text",
    'run = rlhf.supervised.train{ log_path = "runs/browser", max_steps = 6, eval_every = 0,\n'
    '    dataset_builder = rlhf.datasets.starter.sft{}, batch_size = 16, learning_rate = 1e-3 }\nrun',
    'io.write("Who are you? ")\nprint("hello " .. io.read())',
    "n = 0\nwhile true do n = n + 1 end",
    "n > 0",
    "local t = {}\nt.field.deeper = 1",
]


def start_server(work):
    environment = dict(os.environ, JUPYTER_CONFIG_DIR=str(folder / "config"), JUPYTER_RUNTIME_DIR=str(folder / "runtime"))
    token = secrets.token_hex(16)
    log = open(folder / "lab.log", "w+")
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--port=0", "--ip=127.0.0.1"]
    command += [f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={work}"]
    command += ["--LabApp.news_url=", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
    server = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env=environment)
    for _ in range(300):
        found = re.search(r"http://127\.0\.0\.1:(\d+)/lab", pathlib.Path(log.name).read_text())
        if found:
            return server, f"http://127.0.0.1:{found[1]}/lab/tree/demo.ipynb?token={token}"
        if server.poll() is not None:
            break
        time.sleep(0.1)
    server.kill()
    sys.exit(f"browser.py: JupyterLab does not start; see {log.name}")


class Lab:
    def __init__(self, page):
        self.page = page
        self.shots = 0

    def cell(self, index):
        return self.page.locator(".jp-Notebook .jp-CodeCell").nth(index)

    def output(self, index):
        return self.cell(index).locator(".jp-OutputArea-output")

    def number(self, index):
        return self.cell(index).locator(".jp-InputArea-prompt")

    def run(self, index):
        self.cell(index).locator(".cm-content").click()
        self.page.keyboard.press("Control+Enter")

    def shoot(self, name):
        self.shots += 1
        self.page.screenshot(path=screens / f"{self.shots:02}-{name}.png")


def drive(lab):
    page = lab.page
    expect(lab.cell(len(CELLS) - 1)).to_be_attached(timeout=60_000)
    expect(page.locator(".jp-NotebookPanel-toolbar").get_by_text("rlhf-repl (Lua)")).to_be_visible(timeout=60_000)
    lab.run(0)
    expect(lab.output(0)).to_have_text("21", timeout=30_000)
    lab.run(1)
    expect(lab.output(1).locator("svg, img")).to_be_visible(timeout=30_000)
    lab.run(2)
    expect(lab.output(2).locator("table")).to_be_visible(timeout=30_000)
    lab.shoot("values")
    lab.run(3)
    expect(lab.output(3).last).to_contain_text("Paris", timeout=60_000)

    lab.cell(3).locator(".cm-content").click()
    page.keyboard.press("Control+End")
    page.keyboard.type("\nrlhf.tensor.zer")
    page.keyboard.press("Tab")
    expect(page.locator(".jp-Completer")).to_contain_text("rlhf.tensor.zeros", timeout=10_000)
    lab.shoot("completion")
    page.keyboard.press("Enter")
    expect(page.locator(".cm-content").nth(3)).to_contain_text("rlhf.tensor.zeros", timeout=10_000)
    page.keyboard.type("(")
    page.keyboard.press("Shift+Tab")
    expect(page.locator(".jp-Tooltip")).to_contain_text("rlhf.tensor.zeros", timeout=10_000)
    lab.shoot("help")
    page.keyboard.press("Escape")

    lab.run(4)
    expect(lab.output(4).filter(has_text="step").first).to_be_visible(timeout=120_000)
    lab.shoot("progress")
    expect(lab.number(4)).to_have_text(re.compile(r"\[\d+\]"), timeout=300_000)
    lab.shoot("trained")

    lab.run(5)
    question = lab.cell(5).locator("input.jp-Stdin-input")
    question.fill("Ada")
    lab.shoot("question")
    question.press("Enter")
    expect(lab.output(5).last).to_contain_text("hello Ada", timeout=10_000)

    lab.run(6)
    expect(lab.number(6)).to_have_text("[*]:", timeout=10_000)
    time.sleep(0.5)
    start = time.monotonic()
    page.keyboard.press("Escape")
    page.keyboard.press("i")
    page.keyboard.press("i")
    expect(lab.number(6)).to_have_text(re.compile(r"\[\d+\]"), timeout=10_000)
    print(f"interrupt in the browser: {(time.monotonic() - start) * 1000:.0f} ms")
    lab.run(7)
    expect(lab.output(7).last).to_have_text("true", timeout=10_000)
    lab.run(8)
    expect(lab.output(8).last).to_contain_text("nil value", timeout=10_000)
    lab.shoot("interrupt-and-error")


def main():
    browser_path = shutil.which("chromium") or shutil.which("google-chrome")
    if browser_path is None:
        sys.exit("browser.py: there is no chromium")
    shutil.rmtree(screens, ignore_errors=True)
    screens.mkdir(parents=True)
    work = folder / "lab"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in CELLS])
    notebook.metadata.kernelspec = {"name": "rlhf-repl", "display_name": "rlhf-repl (Lua)", "language": "lua"}
    nbformat.write(notebook, work / "demo.ipynb")
    server, address = start_server(work)
    problems = []
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1200, "height": 900})
            page.on("pageerror", lambda error: problems.append(str(error)))
            lab = Lab(page)
            try:
                page.goto(address)
                drive(lab)
            except BaseException:
                lab.shoot("failed")
                raise
            browser.close()
    finally:
        server.terminate()
        server.wait(30)
    if problems:
        sys.exit("browser.py: errors in the page: " + "; ".join(problems))
    print(f"JupyterLab in Chromium: {lab.shots} screenshots in {screens}")


if __name__ == "__main__":
    main()
