"""A server of our own for one run: a free loopback port, a data folder that goes afterwards."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from .drivers import clean_environment
from .install import ROOT

START_SECONDS = 20
STOP_SECONDS = 20


class ServerError(Exception):
    pass


def find_binary():
    """The newest build of the server."""
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT.parent / "target"))
    built = [
        path for path in (target / "release/tidings", target / "debug/tidings") if path.exists()
    ]
    if not built:
        raise ServerError(
            "no server found: build one with `cargo build -p tidings`, or give --binary"
        )
    return max(built, key=lambda path: path.stat().st_mtime)


class Server:
    def __init__(self, binary, region, log_folder):
        if not Path(binary).is_file():
            raise ServerError(f"there is no server at {binary}")
        self._data = tempfile.mkdtemp(prefix="tidings-conformance-")
        self.log_path = log_folder / "server.log"
        self._log = open(self.log_path, "w")
        port = free_port()
        self.endpoint = f"http://127.0.0.1:{port}"
        self._process = subprocess.Popen(
            [
                binary,
                "serve",
                "--auth",
                "off",
                "--listen",
                f"127.0.0.1:{port}",
                "--data",
                self._data,
                "--region",
                region,
            ],
            env=clean_environment(),
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )

    def wait_until_ready(self):
        deadline = time.monotonic() + START_SECONDS
        while not healthy(self.endpoint):
            if self._process.poll() is not None:
                raise ServerError(
                    f"the server ended with {self._process.returncode}: {self.last_words()}"
                )
            if time.monotonic() > deadline:
                raise ServerError(f"the server was not ready after {START_SECONDS} s")
            time.sleep(0.05)

    def stop(self):
        """Ends the server as a service manager does. Returns what was wrong with that, if any."""
        problem = None
        if self._process.poll() is not None:
            problem = f"had ended with {self._process.returncode} before: {self.last_words()}"
        else:
            self._process.send_signal(signal.SIGTERM)
            try:
                if self._process.wait(timeout=STOP_SECONDS) != 0:
                    problem = (
                        f"ended with {self._process.returncode} on SIGTERM: {self.last_words()}"
                    )
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
                problem = f"was still there {STOP_SECONDS} s after SIGTERM"
        self._log.close()
        shutil.rmtree(self._data, ignore_errors=True)
        return problem

    def last_words(self):
        lines = self.log_path.read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def healthy(endpoint):
    # No proxies: the server is on this machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{endpoint}/health", timeout=2) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False
