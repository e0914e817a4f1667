"""Who the hotel's messages go through and to, on this machine: no account is needed anywhere.

The mail server is aiosmtpd, the gateway for text messages is node-smpp. The push services stand for
Apple's and Google's: they speak HTTP/2 and verify the tokens that they are shown with PyJWT.
"""

import contextlib
import json
import logging
import ssl
import sys
import tempfile
from pathlib import Path
from string import Template

import gateway
from issuer import Authority
from mail_server import Mailbox, parsed
from services import PushServices

SETTINGS = Path(__file__).with_name("tidings.toml")
MAIL_USER, MAIL_PASSWORD = "hotel", "s3cret pass"


class Peers:
    """All of them, from `with Peers() as peers` to its end, and what the server has to know."""

    def __init__(self):
        self._closing = contextlib.ExitStack()

    def __enter__(self):
        with contextlib.ExitStack() as closing:
            folder = Path(closing.enter_context(tempfile.TemporaryDirectory(prefix="hotel-")))
            mail, push, self.room_plan = (folder / name for name in ("mail", "push", "rooms"))
            for made in (mail, push, self.room_plan):
                made.mkdir()
            authority = Authority(mail)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(authority.server())
            # It warns of what it does itself.
            logging.getLogger("mail.log").setLevel(logging.ERROR)
            self._mailbox = closing.enter_context(Mailbox(context, MAIL_USER, MAIL_PASSWORD))
            self._network = closing.enter_context(gateway.Gateway())
            self._push = closing.enter_context(PushServices(push))
            self.settings = folder / SETTINGS.name
            self.settings.write_text(self._filled_in(authority.file))
            self._closing = closing.pop_all()
        return self

    def __exit__(self, *_):
        self._closing.close()

    def _filled_in(self, mail_roots):
        push = {name.replace("-", "_"): value for name, value in self._push.settings().items()}
        push["push_roots"] = push.pop("roots")
        return Template(SETTINGS.read_text()).substitute(
            push,
            mail_port=self._mailbox.port,
            mail_user=MAIL_USER,
            mail_roots=mail_roots,
            sms_port=self._network.port,
            # It has AWS's runtime for functions beside the other packages.
            python=sys.executable,
        )

    def passwords(self):
        """The variables that the server finds its passwords in."""
        return {"TIDINGS_EMAIL_PASSWORD": MAIL_PASSWORD, "TIDINGS_SMS_PASSWORD": gateway.PASSWORD}

    def push_credentials(self, platform):
        """What Apple or Google would give to whoever makes an app."""
        return self._push.applications()[platform]

    # What came.

    def mails(self, address):
        """The subject and the text of each, with the sender in front."""
        found = [parsed(raw) for raw in self._mailbox.mails(address)]
        return [
            f"From: {mail['From']}\nSubject: {mail['Subject']}\n\n"
            + mail.get_content().replace("\r\n", "\n")
            for mail in found
        ]

    def text_messages(self, number):
        return [f"{it['submitted']} (from {it['from']})" for it in self._network.submitted(number)]

    def pushed(self, token):
        taken = self._push.ledger.taken(token)
        # With what APNs takes, its headers are kept too.
        return [json.dumps(message.get("payload", message)) for message in taken]

    def rooms(self):
        """The entries that the function made."""
        return [entry.read_text() for entry in sorted(self.room_plan.iterdir())]
