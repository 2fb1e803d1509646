"""An operator's own certificate and key: read, and refused when browsers would refuse them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from settings.tls import FilesTls


@dataclass(frozen=True, kw_only=True)
class CertificatePair:
    """A certificate chain and its private key, both in PEM."""

    certificate_pem: str
    private_key_pem: str = field(repr=False)


def read_certificate_pair(
    tls: FilesTls, host_names: Sequence[str], now: datetime
) -> tuple[CertificatePair | None, list[str]]:
    """The pair that `tls` names, and what is wrong with it for a server of these names at this time."""
    chain, problems = _read(tls.certificate_file, "certificate_file")
    key, key_problems = _read(tls.private_key_file, "private_key_file")
    problems += key_problems
    if chain is None or key is None:
        return None, problems
    try:
        certificate = x509.load_pem_x509_certificates(chain)[0]
    except ValueError:
        return None, [
            f"jupyterhub:tls.certificate_file: {tls.certificate_file} holds no PEM certificate; name the chain's file"
        ]
    problems += [
        f"jupyterhub:tls.certificate_file: {text}" for text in _certificate_problems(certificate, host_names, now)
    ]
    problems += [f"jupyterhub:tls.private_key_file: {text}" for text in _key_problems(key, certificate)]
    return CertificatePair(certificate_pem=chain.decode(), private_key_pem=key.decode()), problems


def _read(path: Path, key: str) -> tuple[bytes | None, list[str]]:
    try:
        return path.read_bytes(), []
    except FileNotFoundError:
        return None, [f"jupyterhub:tls.{key}: there is no file {path}; put it there, or name where it is"]
    except OSError as error:
        return None, [
            f"jupyterhub:tls.{key}: {path} cannot be read ({error.strerror}); make it readable for whoever runs pulumi"
        ]


def _certificate_problems(certificate: x509.Certificate, host_names: Sequence[str], now: datetime) -> list[str]:
    problems = []
    if certificate.not_valid_after_utc <= now:
        problems.append(
            f"the certificate ended on {certificate.not_valid_after_utc:%Y-%m-%d}; put the renewed one there"
        )
    if certificate.not_valid_before_utc > now:
        problems.append(f"the certificate begins only on {certificate.not_valid_before_utc:%Y-%m-%d}; check the clock")
    covered = _names(certificate)
    problems += [
        f"the certificate is for {', '.join(covered) or 'no host name'}, not for {name}; get one that covers it"
        for name in host_names
        if not any(_covers(pattern, name) for pattern in covered)
    ]
    return problems


def _names(certificate: x509.Certificate) -> list[str]:
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return []
    return extension.value.get_values_for_type(x509.DNSName)


def _covers(pattern: str, name: str) -> bool:
    """Whether a certificate for `pattern` is good for `name`: a star stands for exactly one label (RFC 6125)."""
    if pattern.startswith("*."):
        return name.partition(".")[2] == pattern[2:].lower()
    return name == pattern.lower()


def _key_problems(key: bytes, certificate: x509.Certificate) -> list[str]:
    try:
        public_key = load_pem_private_key(key, password=None).public_key()
    except TypeError:
        return ["the key has a passphrase; take it off with: openssl pkey -in OLD -out NEW"]
    except ValueError:
        return ["the file holds no PEM private key; name the file of the key"]
    encoding = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if public_key.public_bytes(*encoding) != certificate.public_key().public_bytes(*encoding):
        return ["the key does not belong to the certificate; name the two files of one pair"]
    return []


def now() -> datetime:
    """The time by which certificates are judged."""
    return datetime.now(tz=UTC)
