"""A server of our own with an SMPP gateway beside it, and what both need."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

import boto3

from gateway import PASSWORD, Gateway

WAIT_SECONDS = 60
KEY = re.compile(r"aws configure set (aws_access_key_id|aws_secret_access_key) (\S+)")
# A line of a delivery status log in the server's own log.
STATUS_LINE = re.compile(r"group=\"?([^\s\"]+)\"?")
SYSTEM_ID = "tidings"


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
            self.gateway = closing.enter_context(Gateway())
            self.port = free_port()
            self.endpoint = f"http://127.0.0.1:{self.port}"
            closing.callback(self.stop)
            self.start()
            self._closing = closing.pop_all()
        return self

    def __exit__(self, *_):
        self._closing.close()

    def settings(self, **changed):
        """The table [sms], as flags."""
        settings = {
            "server": f"smpp://127.0.0.1:{self.gateway.port}",
            "system_id": SYSTEM_ID,
            "sender": "72000",
            **changed,
        }
        return [
            f"--sms-{name.replace('_', '-')}={value}"
            for name, value in settings.items()
            if value is not None
        ]

    def environment(self, password=PASSWORD):
        return {**os.environ, "TIDINGS_SMS_PASSWORD": password}

    def start(self, **changed):
        """Starts the server; with other settings of text messages, if there are any."""
        printed, log = self.folder / "printed", self.folder / "log"
        with printed.open("w") as out, log.open("a") as err:
            self._process = subprocess.Popen(
                [
                    self._binary,
                    "serve",
                    f"--listen=127.0.0.1:{self.port}",
                    f"--data={self.folder / 'data'}",
                    *self.settings(**changed),
                ],
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
            )
        deadline = time.monotonic() + WAIT_SECONDS
        while not healthy(self.endpoint):
            if time.monotonic() > deadline or self._process.poll() is not None:
                raise TimeoutError("the server is not ready")
            time.sleep(0.05)
        self._key = dict(KEY.findall(printed.read_text())) or self._key

    def stop(self, how=signal.SIGTERM):
        if self._process:
            self._process.send_signal(how)
            self._process.wait()
            self._process = None

    def restart(self, how=signal.SIGTERM, **changed):
        self.stop(how)
        self.start(**changed)

    def client(self, service):
        return boto3.client(service, endpoint_url=self.endpoint, **self._key)

    def status_log(self, message_id, count):
        """So many lines of the delivery status log about a message: the group of each, and itself."""
        deadline = time.monotonic() + WAIT_SECONDS
        while len(found := self._status_lines(message_id)) < count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(found)} of {count} lines about {message_id}")
            time.sleep(0.05)
        return found

    def _status_lines(self, message_id):
        found = []
        for line in (self.folder / "log").read_text().splitlines():
            if message_id in line and '{"' in line:
                start, end = line.index('{"'), line.rindex("}") + 1
                (group,) = STATUS_LINE.findall(line[:start] + line[end:])
                found.append((group, json.loads(line[start:end])))
        return found

    def try_courier(self, number="+15550100199", password=PASSWORD, **changed):
        """`tidings courier test sms`: its status and what it said."""
        done = subprocess.run(
            [self._binary, "courier", "test", "sms", number, *self.settings(**changed)],
            env=self.environment(password),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=WAIT_SECONDS,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def healthy(endpoint):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with contextlib.suppress(OSError):
        return opener.open(f"{endpoint}/health", timeout=2).status == 200
    return False
