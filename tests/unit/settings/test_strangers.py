"""Nobody gets in whom no institution vouches for, unless only this machine can reach the hub."""

from typing import Any

import pytest

from tests.unit.sites import SMALLEST, problems_of

DOMAIN = SMALLEST["site"]["domain"]
LOCAL = {"site": {"domain": DOMAIN, "bind_address": "127.0.0.1"}}
PUBLIC: dict[str, dict[str, Any]] = {
    "every address": {"site": {"domain": DOMAIN}},
    "a load balancer on the same machine": {**LOCAL, "tls": {"kind": "off", "trusted_proxies": ["172.17.0.1"]}},
}
CLIENT = {"client_id": "hub"}
OPEN_SIGNUP = {"kind": "native", "open_signup": True}
NATIVE_ACCESS = [{"allow_all": True, "admins": ["carol"]}, {"allowed_users": ["alice"], "admins": ["carol"]}]
ADDRESSES = {f"{name}_url": f"https://accounts.google.com:443/{name}" for name in ("authorize", "token", "userdata")}
STRANGERS: list[tuple[dict[str, Any], str]] = [
    ({"kind": "oidc", "issuer": "https://accounts.google.com"}, "with an account at accounts.google.com"),
    ({"kind": "oidc", "issuer": "https://accounts.google.com:443"}, "with an account at accounts.google.com"),
    ({"kind": "oidc", "issuer": "https://gitlab.com"}, "with an account at gitlab.com"),
    ({"kind": "oidc", "issuer": "https://orcid.org"}, "with an account at orcid.org"),
    ({"kind": "oidc", **ADDRESSES}, "with an account at accounts.google.com"),
    ({"kind": "gitlab", "gitlab_url": "https://gitlab.com:443"}, "with an account at gitlab.com"),
    ({"kind": "gitlab", "gitlab_url": "https://www.gitlab.com"}, "with an account at gitlab.com"),
    ({"kind": "github", "github_url": "https://github.com:443"}, "with an account at github.com"),
    ({"kind": "google"}, "with a Google account"),
]
KNOWN: list[dict[str, Any]] = [
    {"kind": "oidc", "issuer": "https://login.example.org"},
    {"kind": "oidc", "issuer": "https://login.example.org/accounts.google.com"},
    {"kind": "gitlab", "gitlab_url": "https://gitlab.example.org"},
    {"kind": "gitlab", "gitlab_url": "https://gitlab.com.example.org"},
    {"kind": "github", "github_url": "https://github.example.org"},
]


@pytest.mark.parametrize("site", PUBLIC.values(), ids=PUBLIC)
def test_dummy_is_refused_where_others_can_come(site: dict[str, Any]) -> None:
    (problem,) = problems_of(**site, auth={"kind": "dummy"})
    assert problem == (
        "jupyterhub:auth.kind: dummy lets anybody in as anyone, so it works on this machine only; "
        "write site.bind_address: 127.0.0.1 and no tls.kind: off, or another auth.kind"
    )


@pytest.mark.parametrize("site", PUBLIC.values(), ids=PUBLIC)
@pytest.mark.parametrize("access", NATIVE_ACCESS, ids=["for all", "for some"])
def test_open_signup_is_refused_where_others_can_come(site: dict[str, Any], access: dict[str, Any]) -> None:
    (problem,) = problems_of(**site, auth=OPEN_SIGNUP, access=access)
    assert problem == (
        "jupyterhub:auth.open_signup: gives a name, and what access gives it, to whoever signs up with it first, so it "
        "works on this machine only; write open_signup: false"
    )


@pytest.mark.parametrize("site", PUBLIC.values(), ids=PUBLIC)
@pytest.mark.parametrize(("auth", "who"), STRANGERS, ids=str)
def test_everybody_in_the_world_is_noticed(site: dict[str, Any], auth: dict[str, Any], who: str) -> None:
    (problem,) = problems_of(**site, auth={**auth, **CLIENT}, access={"allow_all": True})
    assert problem.startswith(f"jupyterhub:access.allow_all: lets in everybody {who}; write allowed_users")


@pytest.mark.parametrize("auth", KNOWN, ids=str)
def test_everybody_of_an_institution_may_come(auth: dict[str, Any]) -> None:
    assert problems_of(auth={**auth, **CLIENT}, access={"allow_all": True}) == []


@pytest.mark.parametrize(
    "auth", [{"kind": "dummy"}, OPEN_SIGNUP, *({**auth, **CLIENT} for auth, _ in STRANGERS)], ids=str
)
def test_anybody_may_come_to_a_hub_that_only_this_machine_reaches(auth: dict[str, Any]) -> None:
    assert problems_of(**LOCAL, auth=auth, access={"allow_all": True}) == []
