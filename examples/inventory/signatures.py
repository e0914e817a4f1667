"""Checks who sent a message, as the SNS documentation describes it for any language."""

import base64
import functools
import urllib.request

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1, SHA256

# What is signed of a message, in this order. A key that the message lacks (Subject) is left out.
NOTIFICATION_KEYS = "Message MessageId Subject Timestamp TopicArn Type".split()
CONFIRMATION_KEYS = "Message MessageId SubscribeURL Timestamp Token TopicArn Type".split()
HASHES = {"1": SHA1, "2": SHA256}


def is_genuine(message, server):
    """Whether the server, as `http://host:port`, has signed the message."""
    # Anyone can make a certificate, so what counts is where it comes from. This is http because the
    # server is on this machine. In production accept only https and the host that you expect: for
    # AWS that is https://sns.REGION.amazonaws.com/.
    if not message["SigningCertURL"].startswith(f"{server}/"):
        return False
    if message["SignatureVersion"] not in HASHES:
        return False
    try:
        public_key(message["SigningCertURL"]).verify(
            base64.b64decode(message["Signature"]),
            string_to_sign(message).encode(),
            PKCS1v15(),
            HASHES[message["SignatureVersion"]](),
        )
    except InvalidSignature:
        return False
    return True


def string_to_sign(message):
    is_notification = message["Type"] == "Notification"
    keys = NOTIFICATION_KEYS if is_notification else CONFIRMATION_KEYS
    return "".join(f"{key}\n{message[key]}\n" for key in keys if key in message)


@functools.cache
def public_key(address):
    """The key in the certificate there. It is fetched once: a new certificate has a new address."""
    with urllib.request.urlopen(address, timeout=10) as answer:
        return x509.load_pem_x509_certificate(answer.read()).public_key()
