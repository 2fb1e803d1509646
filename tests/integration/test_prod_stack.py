"""The prod stack as it is committed: what a stranger sees who previews it, and then completes it."""

import datetime
from pathlib import Path

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.integration.deployment import Deployment, copy_checkout


@pytest.fixture(scope="module")
def prod(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    folder = copy_checkout(tmp_path_factory.mktemp("prod"))
    return Deployment(folder, tmp_path_factory.mktemp("prod-backend"), "prod")


def test_its_preview_on_a_clean_clone_names_exactly_what_is_missing(prod: Deployment) -> None:
    output = prod.pulumi("preview", check=False).stdout
    named = {line.split(": ")[0].strip() for line in output.splitlines() if line.strip().startswith("jupyterhub:")}
    named = {key for key in named if "index:" not in key}
    assert named == {
        "jupyterhub:tls.certificate_file",
        "jupyterhub:tls.private_key_file",
        "jupyterhub:user_password",
        "jupyterhub:admin_password",
    }
    assert "Traceback" not in output


def test_completed_it_previews_everything(prod: Deployment, tmp_path: Path) -> None:
    content = yaml.safe_load(prod.stack_file.read_text())
    domain = content["config"]["jupyterhub:site"]["domain"]
    certificate, key = certificate_pair(tmp_path, domain)
    content["config"]["jupyterhub:tls"] |= {"certificate_file": str(certificate), "private_key_file": str(key)}
    prod.stack_file.write_text(yaml.safe_dump(content))
    prod.pulumi("config", "set", "--secret", "user_password", "of-the-whole-site")
    prod.pulumi("config", "set", "--secret", "admin_password", "x" * 32)
    operations = {(step["op"], step["urn"].rpartition("::")[2]) for step in prod.preview()}
    assert ("create", "hub") in operations
    assert ("create", "proxy") in operations
    assert {operation for operation, _ in operations} == {"create"}


def certificate_pair(folder: Path, domain: str) -> tuple[Path, Path]:
    """Files of a certificate for a domain, signed by itself, and of its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, domain)])
    now = datetime.datetime.now(tz=datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(domain)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    chain_file, key_file = folder / "fullchain.pem", folder / "privkey.pem"
    chain_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return chain_file, key_file
