"""Certificate files of the operator: read, and refused when browsers, or the hub, would refuse them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from settings.tls import FilesTls


@dataclass(frozen=True, kw_only=True)
class CertificatePair:
    """A certificate chain and its private key, both in PEM."""

    certificate_pem: str
    private_key_pem: str = field(repr=False)
    expires: datetime
    """When the certificate ends."""


def read_certificate_pair(
    tls: FilesTls, host_names: Sequence[str], now: datetime
) -> tuple[CertificatePair | None, list[str]]:
    """The pair that `tls` names, and what is wrong with it for a server of these names at this time."""
    chain, problems = _read(tls.certificate_file, "tls.certificate_file")
    key, key_problems = _read(tls.private_key_file, "tls.private_key_file")
    problems += key_problems
    if chain is None or key is None:
        return None, problems
    try:
        certificates = x509.load_pem_x509_certificates(chain)
    except ValueError:
        return None, [
            f"jupyterhub:tls.certificate_file: {tls.certificate_file} holds no PEM certificate; name the chain's file"
        ]
    public_key, key_problems = _public_key(key)
    problems += [f"jupyterhub:tls.private_key_file: {text}" for text in key_problems]
    owners = [certificate for certificate in certificates if public_key and _is_for(certificate, public_key)]
    if owners and owners[0] != certificates[0]:
        problems.append(
            "jupyterhub:tls.certificate_file: the server's certificate is not the first one in the file; "
            "put it first, then the chain"
        )
    elif public_key and not owners:
        problems.append(
            "jupyterhub:tls.private_key_file: the key does not belong to the certificate; "
            "name the two files of one pair"
        )
    server = (owners or certificates)[0]
    problems += [f"jupyterhub:tls.certificate_file: {text}" for text in _certificate_problems(server, host_names, now)]
    pair = CertificatePair(
        certificate_pem=_encoded(certificates),
        # Text between the PEM blocks, which nobody reads, may be in any encoding.
        private_key_pem=key.decode(errors="replace"),
        expires=server.not_valid_after_utc,
    )
    return pair, problems


def read_authority(file: Path, key: str) -> tuple[str | None, list[str]]:
    """Certificates in a file that the setting `key` names, in PEM, and what is wrong with it."""
    content, problems = _read(file, key)
    if content is None:
        return None, problems
    try:
        certificates = x509.load_pem_x509_certificates(content)
    except ValueError:
        return None, [f"jupyterhub:{key}: {file} holds no PEM certificate; name the file of the authority's own"]
    return _encoded(certificates), []


def _encoded(certificates: Sequence[x509.Certificate]) -> str:
    # Anew, so that a private key that stands beside them in the file gets into no plain state.
    return "".join(each.public_bytes(Encoding.PEM).decode() for each in certificates)


def _read(path: Path, key: str) -> tuple[bytes | None, list[str]]:
    try:
        return path.read_bytes(), []
    except FileNotFoundError:
        return None, [f"jupyterhub:{key}: there is no file {path}; put it there, or name where it is"]
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no path of a file"
        return None, [f"jupyterhub:{key}: {path} cannot be read ({reason}); make it readable for whoever runs pulumi"]


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
    addresses = extension.value.get_values_for_type(x509.IPAddress)
    return [*extension.value.get_values_for_type(x509.DNSName), *(str(address) for address in addresses)]


def _covers(pattern: str, name: str) -> bool:
    """Whether a certificate for `pattern` is good for `name`: a star stands for exactly one label (RFC 6125)."""
    if pattern.startswith("*."):
        return name.partition(".")[2] == pattern[2:].lower()
    return name == pattern.lower()


def _public_key(key: bytes) -> tuple[bytes | None, list[str]]:
    try:
        return _spki(load_pem_private_key(key, password=None).public_key()), []
    except TypeError:
        return None, ["the key has a passphrase; take it off with: openssl pkey -in OLD -out NEW"]
    except (ValueError, UnsupportedAlgorithm):
        return None, ["the file holds no PEM private key that a web server can use; name the file of the key"]


def _is_for(certificate: x509.Certificate, public_key: bytes) -> bool:
    try:
        return _spki(certificate.public_key()) == public_key
    except (ValueError, UnsupportedAlgorithm):
        return False


def _spki(public_key: PublicKeyTypes) -> bytes:
    return public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def now() -> datetime:
    """The time by which certificates are judged."""
    return datetime.now(tz=UTC)
