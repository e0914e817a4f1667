"""A server of our own with push services beside it."""

import contextlib
import re
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

import boto3
from botocore.config import Config

from services import PushServices

WAIT_SECONDS = 20
KEY = re.compile(r"aws configure set (aws_access_key_id|aws_secret_access_key) (\S+)")


class Stage:
    """Everything, from `with Stage(binary) as stage` to its end."""

    def __init__(self, binary):
        self._binary = binary
        self._closing = contextlib.ExitStack()
        self._process = None
        self._key = {}

    def __enter__(self):
        with contextlib.ExitStack() as closing:
            self.folder = Path(closing.enter_context(tempfile.TemporaryDirectory()))
            self.services = closing.enter_context(PushServices(self.folder))
            self.port = free_port()
            self.endpoint = f"http://127.0.0.1:{self.port}"
            closing.callback(self.stop)
            self.start()
            self._closing = closing.pop_all()
        return self

    def __exit__(self, *_):
        self._closing.close()

    def start(self):
        # Where tokens for FCM come from, the service account says: that is what most will have.
        settings = {**self.services.settings(), "timeout-seconds": "3"}
        del settings["fcm-token-url"]
        printed = self.folder / "printed"
        with printed.open("w") as out:
            self._process = subprocess.Popen(
                [
                    self._binary,
                    "serve",
                    f"--listen=127.0.0.1:{self.port}",
                    f"--data={self.folder / 'data'}",
                    *(f"--push-{name}={value}" for name, value in settings.items()),
                ],
                stdin=subprocess.DEVNULL,
                stdout=out,
            )
        deadline = time.monotonic() + WAIT_SECONDS
        while not healthy(self.endpoint):
            if time.monotonic() > deadline or self._process.poll() is not None:
                raise TimeoutError("the server is not ready")
            time.sleep(0.05)
        self._key = dict(KEY.findall(printed.read_text())) or self._key

    def try_courier(self, platform, token, given, **changed):
        """`tidings courier test push`: its status and what it said."""
        credential = self.folder / "credential"
        principal = self.folder / "principal"
        credential.write_text(given["PlatformCredential"])
        principal.write_text(given.get("PlatformPrincipal", ""))
        settings = {**self.services.settings(), "timeout-seconds": "3", **changed}
        flags = {
            "credential-file": credential,
            "principal-file": principal if principal.read_text() else None,
            "team-id": given.get("ApplePlatformTeamID"),
            "bundle-id": given.get("ApplePlatformBundleID"),
            **{f"push-{name}": value for name, value in settings.items()},
        }
        done = subprocess.run(
            [
                self._binary,
                *("courier", "test", "push", platform, token),
                *(f"--{name}={value}" for name, value in flags.items() if value is not None),
            ],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=WAIT_SECONDS,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    def stop(self, how=signal.SIGTERM):
        if self._process:
            self._process.send_signal(how)
            self._process.wait()
            self._process = None

    def client(self, service):
        config = Config(retries={"total_max_attempts": 1})
        return boto3.client(service, endpoint_url=self.endpoint, config=config, **self._key)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def healthy(endpoint):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with contextlib.suppress(OSError):
        return opener.open(f"{endpoint}/health", timeout=2).status == 200
    return False
