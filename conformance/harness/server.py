"""Servers of our own for one run: a free loopback port, a data folder that goes afterwards."""

import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from .drivers import clean_environment
from .install import ROOT

START_SECONDS = 20
STOP_SECONDS = 20
# What the first start of a server prints for its user to paste.
KEY = re.compile(r"aws configure set aws_(access_key_id|secret_access_key) (\S+)")


class ServerError(Exception):
    pass


@dataclass(frozen=True)
class AccessKey:
    """What requests are signed with."""

    id: str
    secret: str


@dataclass(frozen=True)
class Place:
    """A server as its clients see it."""

    endpoint: str
    key: AccessKey
    account: str
    # A second account, for steps that call as another, if there is one.
    other_key: AccessKey = None
    other_account: str = None
    # What is running there, if that is known.
    binary: Path = None
    # Whether it checks signatures; if nobody knows, it is not asked to refuse any.
    authenticates: bool = False

    def lacks(self, scenario):
        """Why a scenario cannot be run here, if so."""
        if scenario.is_about_signing and not self.authenticates:
            return "no access key was given"
        if scenario.is_about_regions and not self.binary:
            return "nobody knows which regions the server serves"
        if "lambda" in scenario.services and not self.binary:
            return "nobody knows whether the server runs functions"
        if scenario.has_two_accounts and not self.other_key:
            return "there is one account"
        return None


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
    """A server with two accounts: one that authenticates, unless it is an open one.

    The open server believes its callers: there an access key of twelve digits is the account.
    """

    ACCOUNT = "100000000001"
    OTHER_ACCOUNT = "200000000002"

    def __init__(self, binary, regions, log_folder, is_open=False):
        if not Path(binary).is_file():
            raise ServerError(f"there is no server at {binary}")
        self._binary = binary
        self._is_open = is_open
        self._folder = Path(tempfile.mkdtemp(prefix="tidings-conformance-"))
        self._data = ["--data", self._folder / "data"]
        self.log_path = log_folder / ("server-open.log" if is_open else "server.log")
        self.log_path.unlink(missing_ok=True)
        self._access = ["--auth", "off"] if is_open else ["--regions", ",".join(regions)]
        self._start()

    def _start(self):
        port = free_port()
        self.endpoint = f"http://127.0.0.1:{port}"
        self._printed = self._folder / "printed"
        own = ["--listen", f"127.0.0.1:{port}", "--account", self.ACCOUNT]
        with open(self.log_path, "a") as log, open(self._printed, "w") as printed:
            self._process = subprocess.Popen(
                [self._binary, "serve", "--functions-hosting", *self._access, *own, *self._data],
                env=clean_environment(),
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=log,
            )

    def place(self):
        """Where it is and who its callers are, once it is ready for them."""
        self._wait_until_ready()
        if self._is_open:
            own, other = (AccessKey(id, "secret") for id in (self.ACCOUNT, self.OTHER_ACCOUNT))
        else:
            own = read_key(self._printed.read_text())
            other = self._other_root_key()
        return Place(
            self.endpoint,
            own,
            self.ACCOUNT,
            other,
            self.OTHER_ACCOUNT,
            self._binary,
            authenticates=not self._is_open,
        )

    def _other_root_key(self):
        """A second account is made while no server uses the data."""
        if problem := self._end():
            raise ServerError(f"the server {problem}")
        made = subprocess.run(
            [self._binary, "root-key", "new", "--account", self.OTHER_ACCOUNT, *self._data],
            env=clean_environment(),
            capture_output=True,
            text=True,
            timeout=START_SECONDS,
        )
        if made.returncode != 0:
            raise ServerError(f"no second account could be made: {made.stderr.strip()}")
        self._start()
        self._wait_until_ready()
        return read_key(made.stdout)

    def _wait_until_ready(self):
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
        problem = self._end()
        shutil.rmtree(self._folder, ignore_errors=True)
        return problem

    def _end(self):
        if self._process.poll() is not None:
            return f"had ended with {self._process.returncode} before: {self.last_words()}"
        self._process.send_signal(signal.SIGTERM)
        try:
            if self._process.wait(timeout=STOP_SECONDS) != 0:
                return f"ended with {self._process.returncode} on SIGTERM: {self.last_words()}"
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            return f"was still there {STOP_SECONDS} s after SIGTERM"
        return None

    def last_words(self):
        lines = self.log_path.read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"


def read_key(printed):
    """The access key of the root user, which a first start shows."""
    found = dict(KEY.findall(printed))
    if set(found) != {"access_key_id", "secret_access_key"}:
        raise ServerError("the server printed no access key")
    return AccessKey(found["access_key_id"], found["secret_access_key"])


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
