"""Keys and certificates that others would get from Apple and Google."""

import datetime
import ipaddress

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Authority:
    """An authority, its certificate in `folder/ca.pem`, and what it vouches for."""

    def __init__(self, folder):
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "conformance authority")])
        self.file = folder / "ca.pem"
        self.file.write_bytes(pem_of(self._issue(self._name, self._key, True)))

    def server(self):
        """A file with a certificate for this machine, and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
        path = self._folder / "tls.pem"
        path.write_bytes(private(key).encode() + pem_of(self._issue(name, key)))
        return path

    def app(self, bundle_id):
        """A certificate that says whose app it is for, and its key: both in PEM."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name(
            [
                x509.NameAttribute(NameOID.USER_ID, bundle_id),
                x509.NameAttribute(NameOID.COMMON_NAME, f"Apple Push Services: {bundle_id}"),
            ]
        )
        return pem_of(self._issue(name, key)).decode(), private(key)

    def _issue(self, name, key, is_authority=False):
        now = datetime.datetime.now(datetime.timezone.utc)
        here = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.BasicConstraints(is_authority, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName(here), critical=False)
        )
        return builder.sign(self._key, hashes.SHA256())


def pem_of(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM)


def private(key):
    """A key as `.p8` files and key files have it."""
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
