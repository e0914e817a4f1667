"""gateway.js from Python: an SMPP gateway to start, to give orders, and to ask what it got."""

import json
import subprocess
import threading
import time
from pathlib import Path

WAIT_SECONDS = 60
# What clients show the gateway.
PASSWORD = "s3cret"
HERE = Path(__file__).resolve().parent


class Gateway:
    """gateway.js, from `with Gateway()` to its end: what it got, and what it is told to do."""

    def __init__(self):
        self.port = 0
        self._process = None
        self._changed = threading.Condition()
        self._events = []
        self._last_id = 0

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.kill()

    def start(self):
        """Starts at the port that it had before, if it had one."""
        options = {"port": self.port, "password": PASSWORD, "lastId": self._last_id}
        self._process = subprocess.Popen(
            ["node", HERE / "gateway.js", json.dumps(options)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        seen = len(self._events)
        threading.Thread(target=self._read, args=(self._process,), daemon=True).start()
        self.port = self.wait("listening", seen)["listening"]

    def kill(self):
        """Ends it as if its machine had lost power."""
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None
            self._last_id = max([self._last_id, *(int(it["id"]) for it in self.submitted())])

    def _read(self, process):
        for line in process.stdout:
            with self._changed:
                self._events.append(json.loads(line))
                self._changed.notify_all()

    def order(self, **order):
        """Gives an order, and waits until it is carried out."""
        seen = len(self._events)
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        self.wait("done", seen)

    def says(self, number, text):
        """Somebody sends a message: the status that the server answers it with."""
        seen = len(self._events)
        self.order(says=text, **{"from": number.lstrip("+")})
        return self.wait("answered", seen)["answered"]

    def receipt(self, message):
        """The network has delivered a message: the status that the server answers that with."""
        seen = len(self._events)
        self.order(receipt=message["id"])
        return self.wait("answered", seen)["answered"]

    def submitted(self, number=None):
        """What came, to a number or to all."""
        to = number and number.lstrip("+")
        with self._changed:
            events = list(self._events)
        return [it for it in events if "submitted" in it and to in (None, it["to"])]

    def message(self, number, count=1):
        """The last of so many messages to a number."""
        deadline = time.monotonic() + WAIT_SECONDS
        while len(found := self.submitted(number)) < count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{number} got {len(found)} of {count} messages")
            time.sleep(0.05)
        return found[count - 1]

    def wait(self, name, seen=0):
        """The first event of this name behind the first `seen` ones."""

        def found():
            return next((it for it in self._events[seen:] if name in it), None)

        with self._changed:
            if not self._changed.wait_for(found, WAIT_SECONDS):
                raise TimeoutError(f"waited in vain for {name}")
            return found()
