"""A server of our own with a mail server beside it, and what both need."""

import contextlib
import datetime
import ipaddress
import os
import re
import signal
import ssl
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from base64 import b64encode
from pathlib import Path

import boto3
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID

from mail_server import Mailbox, free_port

WAIT_SECONDS = 20
KEY = re.compile(r"aws configure set (aws_access_key_id|aws_secret_access_key) (\S+)")
USER, PASSWORD = "mailer", "s3cret pass"
FROM = "no-reply@tidings.example"
# What links begin with. Nobody is there: they are followed at the server's own address.
PUBLIC_URL = "https://tidings.example"


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
            self.context = tls_context(self.folder)
            self.records = {
                f"{name}._domainkey.tidings.example.": make_key(self.folder / f"{name}.pem", key)
                for name, key in (
                    ("rsa", rsa.generate_private_key(public_exponent=65537, key_size=2048)),
                    ("ed", ed25519.Ed25519PrivateKey.generate()),
                )
            }
            self.mailbox = closing.enter_context(Mailbox(self.context, USER, PASSWORD))
            self.port = free_port()
            self.endpoint = f"http://127.0.0.1:{self.port}"
            closing.callback(self.stop)
            self.start()
            self._closing = closing.pop_all()
        return self

    def __exit__(self, *_):
        self._closing.close()

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
        printed = self.folder / "printed"
        with printed.open("w") as out:
            self._process = subprocess.Popen(
                [
                    self._binary,
                    "serve",
                    f"--listen=127.0.0.1:{self.port}",
                    f"--data={self.folder / 'data'}",
                    f"--public-url={PUBLIC_URL}",
                    *self.settings(),
                ],
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=out,
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

    def client(self, service):
        return boto3.client(service, endpoint_url=self.endpoint, **self._key)

    def request(self, url, body=None, headers=()):
        """What a link answers to GET, or to POST: its status, its headers, its text."""
        path = url.removeprefix(PUBLIC_URL)
        assert path != url, f"a link elsewhere: {url}"
        data = None if body is None else body.encode()
        request = urllib.request.Request(self.endpoint + path, data=data, headers=dict(headers))
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            answer = opener.open(request, timeout=WAIT_SECONDS)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            return answer.status, answer.headers, answer.read().decode()

    def try_courier(self, password=PASSWORD, to="tester@inbox.example", **changed):
        """`tidings courier test email`: its status and what it said."""
        done = subprocess.run(
            [
                self._binary,
                "courier",
                "test",
                "email",
                f"--to={to}",
                *self.settings(**changed),
            ],
            env=self.environment(password),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=WAIT_SECONDS,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr


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


def healthy(endpoint):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with contextlib.suppress(OSError):
        return opener.open(f"{endpoint}/health", timeout=2).status == 200
    return False
