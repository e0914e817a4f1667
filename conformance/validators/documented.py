"""Checks a message's signature as the developer guide says, for want of a Python validator that
knows signature version 2 and is kept.

    page: "Verifying the signatures of Amazon SNS messages"
"""

import base64
import json

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1, SHA256

NOTIFICATION = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
CONFIRMATION = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")


def validate(text, fetch, host, authority):
    """Raises unless `text` is a message whose signature holds.

    `fetch` gets the body of a URL; `host` is where certificates may come from; `authority` is the
    certificate which has to have issued them.
    """
    message = json.loads(text)
    url = message["SigningCertURL"]
    if not url.startswith(f"https://{host}/") or not url.endswith(".pem"):
        raise ValueError(f"a certificate from elsewhere: {url}")
    certificate = x509.load_pem_x509_certificate(fetch(url))
    certificate.verify_directly_issued_by(authority)
    signed = CONFIRMATION if message["Type"].endswith("Confirmation") else NOTIFICATION
    content = "".join(f"{key}\n{message[key]}\n" for key in signed if key in message)
    certificate.public_key().verify(
        base64.b64decode(message["Signature"], validate=True),
        content.encode(),
        PKCS1v15(),
        {"1": SHA1, "2": SHA256}[message["SignatureVersion"]](),
    )
