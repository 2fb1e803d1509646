"""Certificates and keys for tests, made on the spot."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from settings.tls import FilesTls, TlsKind

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A private key and a certificate for it."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey = field(repr=False)

    @property
    def pem(self) -> bytes:
        """The certificate."""
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        """The key, without a passphrase."""
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def encrypted_key_pem(self, private_format: PrivateFormat, passphrase: bytes) -> bytes:
        """The key, with a passphrase."""
        return self.key.private_bytes(Encoding.PEM, private_format, BestAvailableEncryption(passphrase))


def pair(
    *names: str,
    begins: timedelta = -timedelta(days=1),
    ends: timedelta = timedelta(days=30),
    issuer: Pair | None = None,
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | None = None,
) -> Pair:
    """A pair for host names or addresses, valid around NOW, signed by `issuer` or by itself."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "hub.example.org")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW + begins)
        .not_valid_after(NOW + ends)
    )
    if names:
        alternatives = [
            x509.IPAddress(IPv4Address(name)) if name[0].isdigit() else x509.DNSName(name) for name in names
        ]
        builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
    return Pair(certificate=builder.sign(issuer.key if issuer else key, hashes.SHA256()), key=key)


def files(folder: Path, chain: bytes, key: bytes) -> FilesTls:
    """Settings that name two files of these contents."""
    chain_file, key_file = folder / "fullchain.pem", folder / "privkey.pem"
    chain_file.write_bytes(chain)
    key_file.write_bytes(key)
    return FilesTls(kind=TlsKind.FILES, certificate_file=chain_file, private_key_file=key_file)
