"""A mail server that takes mail, or refuses it, as its tests want it to."""

import asyncio
import collections
import email.policy
import socket
import threading
import time
from email.parser import BytesParser

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

WAIT_SECONDS = 40


class Mailbox:
    """Everything that came, and how whoever sends to an address is treated."""

    def __init__(self, context, user, password, implicit_tls=False):
        self._context = context
        self._login = (user.encode(), password.encode())
        self._implicit_tls = implicit_tls
        self._lock = threading.Lock()
        self._mails = collections.defaultdict(list)
        # What happens to the first mails to an address, each once.
        self._plans = collections.defaultdict(collections.deque)
        self.sessions = []
        self._controller = None
        self.port = 0

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        """Starts at the port that it had before, if it had one."""
        security = (
            {"ssl_context": self._context}
            if self._implicit_tls
            else {"tls_context": self._context, "require_starttls": True}
        )
        self._controller = Controller(
            self,
            hostname="127.0.0.1",
            port=self.port or free_port(),
            authenticator=self._authenticate,
            auth_required=True,
            # With TLS from the beginning aiosmtpd does not see that there is TLS.
            auth_require_tls=not self._implicit_tls,
            **security,
        )
        self._controller.start()
        self.port = self._controller.port

    def stop(self):
        """Stops, and closes what connections there are."""
        if self._controller:
            self._controller.stop()
            self._controller = None

    def plan(self, address, *plans):
        """Says what becomes of the next mails to an address: an answer, `cut`, `hang` or `ponder`."""
        with self._lock:
            self._plans[address].extend(plans)

    def mails(self, address):
        """What an address got, raw."""
        with self._lock:
            return list(self._mails[address])

    def wait(self, address, count=1):
        """The last of so many mails to an address."""
        deadline = time.monotonic() + WAIT_SECONDS
        while len(mails := self.mails(address)) < count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{address} got {len(mails)} of {count} mails")
            time.sleep(0.05)
        return mails[count - 1]

    def _authenticate(self, server, session, envelope, mechanism, data):
        self.sessions.append(f"{mechanism} {'TLS' if session.ssl else 'plain'}")
        return AuthResult(success=(data.login, data.password) == self._login, handled=False)

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        with self._lock:
            hangs = self._plans[address] and self._plans[address][0] == "hang"
            if hangs:
                self._plans[address].popleft()
        if hangs:
            await asyncio.sleep(5)
            return "451 4.4.2 too late"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        (address,) = envelope.rcpt_tos
        with self._lock:
            plan = self._plans[address].popleft() if self._plans[address] else None
        if plan == "cut":
            server.transport.abort()
            return "421 gone"
        if plan == "ponder":
            # Longer than an attempt may take until all of the mail is here.
            await asyncio.sleep(5)
        elif plan:
            return plan
        with self._lock:
            self._mails[address].append(bytes(envelope.content))
        return "250 2.0.0 queued"


def parsed(raw):
    return BytesParser(policy=email.policy.default).parsebytes(raw)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]
