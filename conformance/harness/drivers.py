"""The drivers: programs that perform one action a line through an official SDK."""

import itertools
import json
import os
import subprocess
import threading
from concurrent.futures import Future
from dataclasses import dataclass

from .install import DRIVERS, ENV, QUERY_VENV, VENV

# Longer than any long poll; what takes longer than this is a failure of the call.
CALL_TIMEOUT_SECONDS = 60


@dataclass
class Sdk:
    """How to start a driver, and what its SDK lets a caller see."""

    name: str
    part: str  # what harness.install has to bring up to date
    command: list
    # A region of its own, so that drivers running side by side share nothing.
    region: str
    # Fields of an error that this SDK does not hand to its caller.
    hidden: frozenset = frozenset()
    # Errors that this SDK is too old to have a class for.
    classless: frozenset = frozenset()
    # Runs only the scenarios marked for it, because each call takes long.
    marked_only: bool = False
    # Services that it does not call: other drivers do.
    left_out: frozenset = frozenset()
    # Calls the server that does not authenticate: a few scenarios.
    is_open: bool = False

    def runs(self, scenario):
        if self.left_out & scenario.services:
            return False
        if self.is_open:
            return not scenario.is_about_signing and (scenario.cli or scenario.has_two_accounts)
        return scenario.cli or not self.marked_only


SDKS = [
    Sdk(
        name="python",
        part="python",
        command=[VENV / "bin/python", DRIVERS / "python/driver.py"],
        region="us-east-1",
    ),
    Sdk(
        name="python-query",
        part="python-query",
        command=[QUERY_VENV / "bin/python", DRIVERS / "python/driver.py"],
        region="us-east-2",
        classless=frozenset({"InvalidAttributeValue", "KmsNotFound"}),
        # SNS still speaks the Query protocol with the newest boto3.
        left_out=frozenset({"lambda", "sns"}),
    ),
    Sdk(
        name="cli",
        part="python",
        command=[VENV / "bin/python", DRIVERS / "cli/driver.py"],
        region="us-west-1",
        hidden=frozenset({"name", "status", "fault"}),
        marked_only=True,
    ),
    Sdk(
        name="javascript",
        part="javascript",
        command=["node", DRIVERS / "javascript/driver.js"],
        region="us-west-2",
    ),
    Sdk(
        name="go",
        part="go",
        command=[ENV / "go/driver"],
        region="ca-central-1",
        hidden=frozenset({"fault"}),
        left_out=frozenset({"lambda"}),
    ),
    Sdk(
        name="java",
        part="java",
        command=["java", "-cp", f"{ENV / 'java/classes'}:{ENV / 'java/lib'}/*", "driver.Driver"],
        region="sa-east-1",
        hidden=frozenset({"fault"}),
        left_out=frozenset({"lambda"}),
    ),
    Sdk(
        name="rust",
        part="rust",
        command=[ENV / "rust/debug/conformance-driver"],
        region="ap-south-1",
        hidden=frozenset({"fault"}),
    ),
    Sdk(
        name="open",
        part="python",
        command=[VENV / "bin/python", DRIVERS / "python/driver.py"],
        region="us-east-1",
        is_open=True,
    ),
]

# Regions that scenarios name, beside those that drivers have.
NAMED_REGIONS = ("eu-central-1", "eu-south-1", "eu-west-1")


def spare_region(region):
    """One beside a driver's own, for a scenario that wants to be alone in it."""
    return f"{region}0"


def regions_in_use(sdks):
    """All regions that requests may be signed for."""
    own = {sdk.region for sdk in sdks}
    return sorted(own | set(map(spare_region, own)) | set(NAMED_REGIONS))


def clean_environment():
    """The environment without what would steer an SDK elsewhere: profiles, proxies, endpoints."""
    steering = ("AWS_", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
    kept = {key: value for key, value in os.environ.items() if not key.upper().startswith(steering)}
    return {
        **kept,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NODE_NO_WARNINGS": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUTF8": "1",
    }


class Driver:
    """A running driver. Calls may come from several threads; answers may come in any order."""

    def __init__(self, sdk, log_folder):
        self.sdk = sdk
        self._ids = itertools.count(1)
        self._waiting = {}
        self._lock = threading.Lock()
        self._ended = False
        self._log_path = log_folder / f"{sdk.name}.log"
        self._log = open(self._log_path, "w")
        self._process = subprocess.Popen(
            [str(word) for word in sdk.command],
            env=clean_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            encoding="utf-8",
        )
        threading.Thread(target=self._read, daemon=True).start()

    def start(self, request):
        """Sends a request; the answer is the future's result."""
        future = Future()
        with self._lock:
            if self._ended:
                future.set_result({"failure": f"the driver has ended{self._last_words()}"})
                return future
            number = next(self._ids)
            self._waiting[number] = future
            try:
                self._process.stdin.write(json.dumps({"id": number, **request}) + "\n")
                self._process.stdin.flush()
            except OSError:
                pass  # it has ended: the reader answers what waits
        return future

    def call(self, request):
        return finish(self.start(request))

    def stop(self):
        try:
            self._process.stdin.close()
            self._process.wait(timeout=5)
        except (OSError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()
        self._log.close()

    def kill(self):
        """Ends it at once: what waits for an answer gets a failure."""
        self._process.kill()

    def _read(self):
        for line in self._process.stdout:
            answer = json.loads(line)
            with self._lock:
                future = self._waiting.pop(answer.pop("id"), None)
            if future:
                future.set_result(answer)
        with self._lock:
            self._ended = True
            left, self._waiting = self._waiting, {}
        for future in left.values():
            future.set_result({"failure": f"the driver ended{self._last_words()}"})

    def _last_words(self):
        lines = self._log_path.read_text().strip().splitlines()
        return f": {lines[-1]}" if lines else ""


def finish(future):
    try:
        return future.result(timeout=CALL_TIMEOUT_SECONDS)
    except TimeoutError:
        return {"failure": f"no answer within {CALL_TIMEOUT_SECONDS} s"}
