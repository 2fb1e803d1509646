"""When it is another log-in, so that everybody has to log in anew, and when it is the same."""

from typing import Any

import pytest

from images.hub.log_in_change import fingerprint
from tests.unit.images.configured_hub import LOG_INS, SITES, runtime_of

OIDC = {"kind": "oidc", "issuer": "https://login.example.org", "client_id": "hub"}
LDAP = {"kind": "ldap", "server_address": "a.example.org", "bind_dn_template": ["uid={username},dc=example"]}
CUSTOM = {"kind": "custom", "authenticator_class": "images.hub.mine.Mine", "options": {"server": "a"}}


def of(auth: dict[str, Any], **access: Any) -> str:  # noqa: ANN401
    return fingerprint(runtime_of(auth=auth, access={"allowed_users": ["alice"], "admins": ["carol"], **access}).auth)


def test_every_kind_is_another_log_in() -> None:
    assert len({fingerprint(runtime_of(**site).auth) for site in LOG_INS.values()}) >= len(LOG_INS) - 1, "native twice"
    assert len({fingerprint(runtime_of(**SITES[name]).auth) for name in ("smallest", "dummy", "cas")}) == 3


@pytest.mark.parametrize(
    ("auth", "other"),
    [
        (OIDC, {"issuer": "https://login.example.com"}),
        (OIDC, {"username_claim": "sub"}),
        (LDAP, {"server_address": "b.example.org"}),
        (LDAP, {"bind_dn_template": ["cn={username},dc=example"]}),
        ({"kind": "cas", "cas_url": "https://a.example.org"}, {"cas_url": "https://b.example.org"}),
        ({"kind": "gitlab", "client_id": "hub"}, {"gitlab_url": "https://gitlab.example.org"}),
        ({"kind": "google", "client_id": "hub"}, {"hosted_domain": ["example.org"]}),
        (CUSTOM, {"options": {"server": "b"}}),
        (CUSTOM, {"authenticator_class": "images.hub.mine.Other"}),
    ],
    ids=str,
)
def test_another_server_or_another_way_to_a_name_is_another_log_in(auth: dict[str, Any], other: dict[str, Any]) -> None:
    assert of(auth) != of({**auth, **other})


@pytest.mark.parametrize(
    ("auth", "other"),
    [
        (OIDC, {"login_service": "Campus", "auto_login": True, "timeout": "3s"}),
        (OIDC, {"client_id": "another", "scope": ["openid"], "groups_claim": "roles", "ca_file": "/etc/ca.pem"}),
        (LDAP, {"timeout": "3s", "group_search_base": "ou=groups,dc=example"}),
        (CUSTOM, {"secret_option": "key"}),
        ({"kind": "native"}, {"open_signup": True}),
    ],
    ids=str,
)
def test_texts_times_and_rules_make_no_other_log_in(auth: dict[str, Any], other: dict[str, Any]) -> None:
    assert of(auth) == of({**auth, **other})
    assert of(CUSTOM, allowed_groups=["physics"]) == of(CUSTOM)
