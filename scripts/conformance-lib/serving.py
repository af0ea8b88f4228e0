"""Starting and stopping the server."""

import contextlib
import re
import signal
import subprocess
from pathlib import Path


@contextlib.contextmanager
def server(binary, environment, *options):
    """The server on a free port; yields its address and process. Its log goes to a file in the folder of its data."""
    path = Path(environment["XDG_DATA_HOME"]) / "server.log"
    start = path.stat().st_size if path.exists() else 0
    with open(path, "a") as log:
        process = subprocess.Popen([binary, "serve", "--port", "0", *map(str, options)], env=environment, stderr=log)
    try:
        address = None
        while address is None and process.poll() is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=0.05)
            if match := re.search(r"at (http://\S+)", path.read_text()[start:]):
                address = match[1]
        if address is None:
            raise SystemExit("the server does not start: " + path.read_text()[start:])
        yield address, process
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=120)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
