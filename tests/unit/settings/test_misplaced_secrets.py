"""A secret in a setting's place: which command takes it, and that it is one no more."""

from typing import Any

import pytest

from tests.unit.sites import SECRET, problems_of, settings_of

CLIENT = {"client_id": "hub"}
OIDC = {"kind": "oidc", "issuer": "https://login.example.org", **CLIENT}
LDAP = {"kind": "ldap", "server_address": "ldap.example.org", "user_search_base": "dc=example,dc=org"}
CUSTOM: dict[str, Any] = {"kind": "custom", "authenticator_class": "mine.Own"}


@pytest.mark.parametrize(
    ("auth", "name", "key"),
    [
        (OIDC, "client_secret", "oauth_client_secret"),
        (OIDC, "oauth_client_secret", "oauth_client_secret"),
        ({"kind": "github", **CLIENT}, "client_secret", "oauth_client_secret"),
        (LDAP, "lookup_dn_search_password", "ldap_search_password"),
        (LDAP, "ldap_search_password", "ldap_search_password"),
        ({"kind": "shared_password"}, "user_password", "user_password"),
        ({"kind": "shared_password"}, "admin_password", "admin_password"),
        (CUSTOM, "auth_secret", "auth_secret"),
        (CUSTOM, "client_secret", "auth_secret"),
    ],
)
def test_a_secret_that_stands_in_the_stack_file_is_told_where_it_goes(
    auth: dict[str, Any], name: str, key: str
) -> None:
    (problem,) = problems_of(auth={**auth, name: SECRET})
    assert problem == (
        f"jupyterhub:auth.{name}: is a secret, and stands here in plain text; remove it, get another one, "
        f"and set that with: pulumi config set --secret {key}"
    )


@pytest.mark.parametrize("name", ["client_secret", "api_token", "bind_password", "SecretKey", "passwords"])
def test_an_option_that_holds_a_secret_is_refused(name: str) -> None:
    (problem,) = problems_of(auth={**CUSTOM, "options": {"server": "x", name: "hunter2"}})
    assert problem == (
        f"jupyterhub:auth.options: holds {name}, which previews would show; write secret_option: {name} instead, and "
        "set another value with: pulumi config set --secret auth_secret"
    )


def test_an_option_about_secrets_that_is_none_may_be_written() -> None:
    options = {"token_url": "https://login.example.org/token", "minimum_password_length": 12, "check_password": True}
    assert settings_of(auth={**CUSTOM, "options": options, "secret_option": "client_secret"}).auth.secrets
