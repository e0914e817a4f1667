"""A server behind a proxy that ends TLS, as validators want it, and a webhook for its messages."""

import contextlib
import datetime
import ipaddress
import os
import queue
import re
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import boto3
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

WAIT_SECONDS = 20
# The root user's access key, as a first start prints it for its user to paste.
KEY = re.compile(r"aws configure set (aws_access_key_id|aws_secret_access_key) (\S+)")


class Stage:
    """Everything, from `with Stage(binary) as stage` to its end."""

    def __init__(self, binary):
        self._binary = binary
        self._closing = contextlib.ExitStack()

    def __enter__(self):
        with contextlib.ExitStack() as closing:
            self.folder = Path(closing.enter_context(tempfile.TemporaryDirectory()))
            self.ca_path = self.folder / "tls-ca.pem"
            context = tls_context(self.folder, self.ca_path)
            port = free_port()
            self.endpoint = f"http://127.0.0.1:{port}"
            proxy = closing.enter_context(TlsProxy(context, port))
            self.host = f"localhost:{proxy.port}"
            self.webhook = closing.enter_context(Webhook())
            closing.enter_context(self._server(port))
            self._closing = closing.pop_all()
        return self

    def __exit__(self, *_):
        self._closing.close()

    @contextlib.contextmanager
    def _server(self, port):
        printed = self.folder / "printed"
        with printed.open("w") as out:
            process = subprocess.Popen(
                [
                    self._binary,
                    "serve",
                    "--listen",
                    f"127.0.0.1:{port}",
                    "--data",
                    self.folder / "data",
                    "--endpoint-allow",
                    "127.0.0.0/8",
                    "--public-url",
                    f"https://{self.host}",
                ],
                stdin=subprocess.DEVNULL,
                stdout=out,
            )
        try:
            wait_until(lambda: healthy(self.endpoint), "the server is ready")
            self._key = dict(KEY.findall(printed.read_text()))
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()

    def client(self, service):
        return boto3.client(service, endpoint_url=self.endpoint, **self._key)

    def authority(self):
        """The certificate that issues those which messages are signed with."""
        path = self.folder / "data/signing/ca.pem"
        return x509.load_pem_x509_certificate(path.read_bytes())

    def fetch(self, url):
        """The body of a URL, through TLS."""
        context = ssl.create_default_context(cafile=self.ca_path)
        handlers = (urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
        with urllib.request.build_opener(*handlers).open(url, timeout=WAIT_SECONDS) as answer:
            return answer.read()


def tls_context(folder, ca_path):
    """A certificate for localhost, and the authority that issued it."""
    ca_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    ca = certificate("conformance authority", ca_key, "conformance authority", ca_key, True)
    leaf = certificate("localhost", key, "conformance authority", ca_key, False)
    ca_path.write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    leaf_path = folder / "tls.pem"
    leaf_path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + leaf.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(leaf_path)
    return context


def certificate(subject, key, issuer, issuer_key, is_authority):
    now = datetime.datetime.now(datetime.timezone.utc)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    public, issuer_public = key.public_key(), issuer_key.public_key()
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_public), critical=False
        )
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
    )
    return builder.sign(issuer_key, hashes.SHA256())


class TlsProxy:
    """Passes what comes through TLS on to a port without."""

    def __init__(self, context, target_port):
        self._context = context
        self._target_port = target_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._listener.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return  # closed
            threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    def _serve(self, connection):
        """One request: its answer ends with the connection, so that no one waits for another."""
        with contextlib.suppress(OSError):
            with self._context.wrap_socket(connection, server_side=True) as client:
                head = b""
                while b"\r\n\r\n" not in head:
                    head += client.recv(65536)
                line, rest = head.split(b"\r\n", 1)
                with socket.create_connection(("127.0.0.1", self._target_port)) as server:
                    server.sendall(line + b"\r\nConnection: close\r\n" + without_connection(rest))
                    while chunk := server.recv(65536):
                        client.sendall(chunk)


def without_connection(headers):
    lines = headers.split(b"\r\n")
    return b"\r\n".join(line for line in lines if not line.lower().startswith(b"connection:"))


class Webhook:
    """Takes what is posted to it."""

    def __init__(self):
        self._posts = posts = queue.Queue()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                posts.put(self.rfile.read(int(self.headers["Content-Length"])).decode())
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()

    def next_post(self):
        return self._posts.get(timeout=WAIT_SECONDS)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def healthy(endpoint):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with contextlib.suppress(OSError):
        return opener.open(f"{endpoint}/health", timeout=2).status == 200
    return False


def wait_until(holds, what):
    deadline = time.monotonic() + WAIT_SECONDS
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited in vain until {what}")
        time.sleep(0.05)
