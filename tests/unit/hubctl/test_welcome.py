"""What an operator reads after `make up`."""

from typing import Any

import pytest

from hubctl.pulumi_stack import PulumiStack
from hubctl.welcome import text

OUTPUTS = {"url": "https://hub.example.org/", "user_password": "for-everybody", "admin_password": "for-admins"}


class DeployedStack(PulumiStack):
    """A stack with outputs, secrets hidden as Pulumi hides them."""

    def outputs(self, *, show_secrets: bool) -> dict[str, Any]:
        hidden = {"user_password": "[secret]", "admin_password": "[secret]"}
        return OUTPUTS if show_secrets else OUTPUTS | hidden


def test_a_person_at_a_terminal_reads_address_and_passwords() -> None:
    said = text(DeployedStack("dev"), show_secrets=True)
    assert all(value in said for value in OUTPUTS.values())


def test_a_log_gets_the_command_and_no_password() -> None:
    said = text(DeployedStack("dev"), show_secrets=False)
    assert "for-everybody" not in said
    assert "pulumi stack output --stack dev --show-secrets" in said


@pytest.mark.parametrize(("pem", "mentioned"), [("-----BEGIN", True), (None, False)])
def test_the_authority_is_mentioned_where_there_is_one(
    monkeypatch: pytest.MonkeyPatch, pem: str | None, mentioned: bool
) -> None:
    monkeypatch.setitem(OUTPUTS, "ca_certificate_pem", pem)
    assert ("ca.pem" in text(DeployedStack("dev"), show_secrets=False)) is mentioned
