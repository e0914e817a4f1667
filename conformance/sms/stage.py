"""A server of our own with an SMPP gateway beside it, and what both need."""

import json
import os
import re
import signal
import time

from gateway import PASSWORD, Gateway
from own_server import OwnServer

# A line of a delivery status log in the server's own log.
STATUS_LINE = re.compile(r"group=\"?([^\s\"]+)\"?")
SYSTEM_ID = "tidings"


class Stage(OwnServer):
    """A gateway, and a server of ours that sends by it."""

    wait_seconds = 60

    def set_up(self, closing):
        self.gateway = closing.enter_context(Gateway())

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
        with (self.folder / "log").open("a") as log:
            self.serve(self.settings(**changed), self.environment(), log)

    def restart(self, how=signal.SIGTERM, **changed):
        self.stop(how)
        self.start(**changed)

    def status_log(self, message_id, count):
        """So many lines of the delivery status log about a message: the group of each, and itself."""
        deadline = time.monotonic() + self.wait_seconds
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
        words = ["sms", number, *self.settings(**changed)]
        return self.test_courier(words, self.environment(password))
