"""OpenID Connect: the log-in server's addresses, from its own document or from the settings."""

import asyncio
import json
from types import SimpleNamespace
from typing import Any

import pytest
from traitlets.config import Config

from images.hub.authenticators.oidc import Oidc
from images.hub.login_server import LoginServerError

ISSUER = "https://login.example.org/realms/campus"
DOCUMENT = {
    "issuer": ISSUER,
    "authorization_endpoint": "https://login.example.org/authorize",
    "token_endpoint": "https://login.example.org/token",
    "userinfo_endpoint": "https://login.example.org/me",
}


def discovered(answer: object, monkeypatch: pytest.MonkeyPatch, **options: str) -> tuple[Oidc, list[str]]:
    """The authenticator after it has asked, and the addresses that it asked."""
    asked = []

    async def fetch(_: Oidc, request: Any, *_arguments: object, **_options: object) -> Any:  # noqa: ANN401
        asked.append(request.url)
        if isinstance(answer, Exception):
            raise answer
        return SimpleNamespace(body=answer if isinstance(answer, str) else json.dumps(answer))

    monkeypatch.setattr(Oidc, "fetch", fetch)
    made = Oidc(config=Config({"Oidc": {"issuer": ISSUER, **options}}))
    asyncio.run(made.discover())
    asyncio.run(made.discover())
    return made, asked


def test_it_asks_once_and_takes_the_servers_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    made, asked = discovered(DOCUMENT, monkeypatch)
    assert asked == [f"{ISSUER}/.well-known/openid-configuration"]
    assert made.authorize_url == "https://login.example.org/authorize"
    assert made.token_url == "https://login.example.org/token"
    assert made.userdata_url == "https://login.example.org/me"


def test_it_does_not_ask_where_the_addresses_are_given(monkeypatch: pytest.MonkeyPatch) -> None:
    made, asked = discovered({}, monkeypatch, issuer="", userdata_url="https://login.example.org/mine")
    assert asked == []
    assert made.userdata_url == "https://login.example.org/mine"


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ("no JSON", "is no OpenID configuration"),
        ([], "is no OpenID configuration"),
        ({**DOCUMENT, "issuer": None}, "is of None; write that as auth.issuer"),
        ({"issuer": ISSUER}, "is no OpenID configuration"),
        (
            {**DOCUMENT, "issuer": "https://evil.example.org"},
            "is of https://evil.example.org; write that as auth.issuer",
        ),
        ({**DOCUMENT, "token_endpoint": "http://login.example.org/token"}, "names http://login.example.org/token"),
    ],
)
def test_another_servers_document_is_refused(monkeypatch: pytest.MonkeyPatch, document: object, problem: str) -> None:
    with pytest.raises(LoginServerError) as refused:
        discovered(document, monkeypatch)
    assert problem in str(refused.value)


def test_a_server_that_is_away_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConnectionRefusedError):
        discovered(ConnectionRefusedError(), monkeypatch)
    made, asked = discovered(DOCUMENT, monkeypatch)
    assert len(asked) == 1
    assert made.userdata_url


def person_of(answer: dict[str, Any]) -> tuple[str, set[str]]:
    """The name and the groups that the server's answer gives somebody."""
    options = {"username_claim": "login", "manage_groups": True, "auth_state_groups_key": "oauth_user.roles.of"}
    made = Oidc(config=Config({"Oidc": options}))
    return made.user_info_to_username(answer), asyncio.run(made.get_user_groups({"oauth_user": answer}))


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        (["physics", "staff"], {"physics", "staff"}),
        ("physics", {"physics"}),
        ("", set()),
        ([], set()),
        (None, set()),
        (7, set()),
    ],
)
def test_one_group_may_be_told_as_a_word(groups: object, expected: set[str]) -> None:
    assert person_of({"login": "alice", "roles": {"of": groups}}) == ("alice", expected)
    assert person_of({"login": "alice", "roles": groups}) == ("alice", set())


@pytest.mark.parametrize("answer", [{}, {"login": None}, {"login": ""}, {"login": ["alice"]}, {"login": 7}], ids=str)
def test_a_server_that_does_not_tell_the_name_is_set_up_wrongly(
    answer: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(LoginServerError) as refused:
        person_of({**answer, "address": "of-alice-alone"})
    names = ", ".join(sorted([*answer, "address"]))
    assert str(refused.value) == f"it tells no login, which auth.username_claim names, as a text; it tells {names}"
    assert "of-alice-alone" not in caplog.text
