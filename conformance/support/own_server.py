"""A server of a program's own, with what stands beside it, and how checks are reported.

For programs that need settings of their own. The runner names this folder in PYTHONPATH.
"""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import boto3

KEY = re.compile(r"aws configure set (aws_access_key_id|aws_secret_access_key) (\S+)")


class OwnServer:
    """Everything, from `with Stage(binary) as stage` to its end."""

    wait_seconds = 20

    def __init__(self, binary):
        self._binary = binary
        self._closing = contextlib.ExitStack()
        self._process = None
        self._key = {}

    def __enter__(self):
        with contextlib.ExitStack() as closing:
            self.folder = Path(closing.enter_context(tempfile.TemporaryDirectory()))
            self.set_up(closing)
            self.port = free_port()
            self.endpoint = f"http://127.0.0.1:{self.port}"
            closing.callback(self.stop)
            self.start()
            self._closing = closing.pop_all()
        return self

    def __exit__(self, *_):
        self._closing.close()

    def set_up(self, closing):
        """Starts what stands beside the server, before it; nothing, if nothing does."""

    def start(self):
        """Starts the server, by `serve`."""
        raise NotImplementedError

    def serve(self, flags, env=None, log=None):
        """Starts the server with these flags; returns when it is ready."""
        printed = self.folder / "printed"
        with printed.open("w") as out:
            self._process = subprocess.Popen(
                [
                    self._binary,
                    "serve",
                    f"--listen=127.0.0.1:{self.port}",
                    f"--data={self.folder / 'data'}",
                    *flags,
                ],
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=log,
            )
        deadline = time.monotonic() + self.wait_seconds
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

    def client(self, service, **given):
        return boto3.client(service, endpoint_url=self.endpoint, **self._key, **given)

    def test_courier(self, words, env=None):
        """`tidings courier test`: its status and what it said."""
        done = subprocess.run(
            [self._binary, "courier", "test", *words],
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=self.wait_seconds,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr


def run(stage, hub_of, checks):
    """Makes all checks of a program at its stage; the program's status."""
    # Whoever ends us ends what we have started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with stage(os.environ["CONFORMANCE_BINARY"]) as on_stage:
        hub = hub_of(on_stage) if hub_of else on_stage
        passed = [report(check, hub) for check in checks]
    return 0 if all(passed) else 1


def report(check, hub):
    name = check.__doc__.strip()
    try:
        check(hub)
    except Exception as error:
        said = " ".join(str(error).split())[:800]
        print(f"not ok {name}: {type(error).__name__} {said}", flush=True)
        return False
    print(f"ok {name}", flush=True)
    return True


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def healthy(endpoint):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with contextlib.suppress(OSError):
        return opener.open(f"{endpoint}/health", timeout=2).status == 200
    return False
