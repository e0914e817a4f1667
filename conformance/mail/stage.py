"""A server of our own with a mail server beside it, and what both need."""

import datetime
import ipaddress
import os
import ssl
import urllib.error
import urllib.request
from base64 import b64encode

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID

from mail_server import Mailbox
from own_server import OwnServer

USER, PASSWORD = "mailer", "s3cret pass"
FROM = "no-reply@tidings.example"
# What links begin with. Nobody is there: they are followed at the server's own address.
PUBLIC_URL = "https://tidings.example"


class Stage(OwnServer):
    """A mail server, and a server of ours that sends by it."""

    def set_up(self, closing):
        self.context = tls_context(self.folder)
        self.records = {
            f"{name}._domainkey.tidings.example.": make_key(self.folder / f"{name}.pem", key)
            for name, key in (
                ("rsa", rsa.generate_private_key(public_exponent=65537, key_size=2048)),
                ("ed", ed25519.Ed25519PrivateKey.generate()),
            )
        }
        self.mailbox = closing.enter_context(Mailbox(self.context, USER, PASSWORD))

    def settings(self, **changed):
        """The table [email], as flags."""
        settings = {
            "server": f"smtp://127.0.0.1:{self.mailbox.port}",
            "user": USER,
            "from": FROM,
            "roots": self.folder / "ca.pem",
            "dkim-selector": "rsa",
            "dkim-key": self.folder / "rsa.pem",
            "timeout-seconds": "3",
            **changed,
        }
        return [f"--email-{name}={value}" for name, value in settings.items() if value is not None]

    def environment(self, password=PASSWORD):
        return {**os.environ, "TIDINGS_EMAIL_PASSWORD": password}

    def start(self):
        self.serve([f"--public-url={PUBLIC_URL}", *self.settings()], self.environment())

    def request(self, url, body=None, headers=()):
        """What a link answers to GET, or to POST: its status, its headers, its text."""
        path = url.removeprefix(PUBLIC_URL)
        assert path != url, f"a link elsewhere: {url}"
        data = None if body is None else body.encode()
        request = urllib.request.Request(self.endpoint + path, data=data, headers=dict(headers))
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            answer = opener.open(request, timeout=self.wait_seconds)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            return answer.status, answer.headers, answer.read().decode()

    def try_courier(self, password=PASSWORD, to="tester@inbox.example", **changed):
        """`tidings courier test email`: its status and what it said."""
        words = ["email", f"--to={to}", *self.settings(**changed)]
        return self.test_courier(words, self.environment(password))


def make_key(path, key):
    """Writes a key for DKIM; the record in the DNS that goes with it."""
    path.touch(mode=0o600)
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    if isinstance(key, ed25519.Ed25519PrivateKey):
        form = (serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        kind = "ed25519"
    else:
        form = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        kind = "rsa"
    public = b64encode(key.public_key().public_bytes(*form)).decode()
    return f"v=DKIM1; k={kind}; p={public}".encode()


def tls_context(folder):
    """A certificate for the mail server, and its authority in `ca.pem`."""
    ca_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    ca = certificate("conformance authority", ca_key, ca_key, True)
    leaf = certificate("localhost", key, ca_key, False)
    (folder / "ca.pem").write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    path = folder / "tls.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(private + leaf.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


def certificate(subject, key, issuer_key, is_authority):
    now = datetime.datetime.now(datetime.timezone.utc)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    named = [
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        for name in (subject, "conformance authority")
    ]
    builder = (
        x509.CertificateBuilder()
        .subject_name(named[0])
        .issuer_name(named[1])
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
    )
    return builder.sign(issuer_key, hashes.SHA256())
