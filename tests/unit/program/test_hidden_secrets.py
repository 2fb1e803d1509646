"""No secret stands in plain text in the state: not in inputs, not in outputs, not in what the program exports."""

from pathlib import Path

import pytest

from components.secrets import derive
from settings.hub import DerivedSecret
from tests.unit.program.conftest import Site
from tests.unit.program.deployments import OWN_PASSWORDS
from tests.unit.recording import PRIVATE_KEY, Recording, is_secret, plain_texts

ROOT_KEY = "the private key of secrets-root-key"


def secrets_of(site: Site) -> set[str]:
    """Every text that must be hidden, whole and in the pieces that it is used in."""
    outputs = {output["value"] for output in site.deployed.outputs["secrets"].values()}
    keys = {f"the private key of {each.name}" for each in site.deployed.of(PRIVATE_KEY)}
    derived = {derive(ROOT_KEY, kind, number).hex() for kind in DerivedSecret for number in range(3)}
    own_key = site.written["tls"].get("private_key_file")
    lines = Path(own_key).read_text().splitlines()[1:-1] if own_key else []
    crypt_keys = {key for output in outputs for key in output.split(";")}
    return {*outputs, *keys, *derived, *crypt_keys, *lines, *OWN_PASSWORDS.values()}


def shown(site: Site) -> str:
    """Every text that is not marked as secret."""
    inputs = [text for each in site.deployed for text in plain_texts(each.inputs)]
    outputs = [text for output in site.deployed.outputs.values() for text in plain_texts(output)]
    exports = [str(value.plain) for value in site.deployed.exports.values() if not value.secret]
    return "\n".join([*inputs, *outputs, *exports])


def test_no_secret_is_shown(site: Site) -> None:
    text = shown(site)
    assert "/etc/jupyterhub/runtime.json" in text, "what is not secret is found"
    assert [secret for secret in secrets_of(site) if secret in text] == []


def test_neither_is_the_hash_of_the_apis_password(site: Site) -> None:
    assert "{SHA}" not in shown(site)
    assert "{SHA}" in str(site.deployed["proxy-credentials"].inputs["uploads"])


def test_passwords_are_secret_outputs(deployed: Recording) -> None:
    assert {name for name, value in deployed.exports.items() if value.secret} == {"user_password", "admin_password"}


def test_settings_are_shown_and_only_secrets_hidden(deployed: Recording) -> None:
    def hidden(value: object) -> bool:
        items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
        return is_secret(value) or any(map(hidden, items))

    found = {(each.name, key) for each in deployed for key, value in each.inputs.items() if hidden(value)}
    authority = {
        ("certificates-ca", "privateKeyPem"),
        ("certificates-request", "privateKeyPem"),
        ("certificates-certificate", "caPrivateKeyPem"),
    }
    assert found - authority == {("hub", "envs"), ("proxy-credentials", "uploads")}


@pytest.mark.parametrize("kind", ["hub-check", "proxy-check", "notebook-version-check", "proxy-static-routes"])
def test_what_runs_once_to_check_gets_no_secret_at_all(site: Site, kind: str) -> None:
    inputs = str(site.deployed[kind].inputs)
    assert [secret for secret in secrets_of(site) if secret in inputs] == []
