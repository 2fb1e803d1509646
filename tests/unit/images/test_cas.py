"""CAS: what the server's answer makes of somebody."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from traitlets.config import Config

from images.hub.authenticators import cas
from images.hub.authenticators.cas import Cas
from images.hub.login_server import LoginServerError

SUCCESS = """<cas:serviceResponse xmlns:cas="http://www.yale.edu/tp/cas"><cas:authenticationSuccess>
<cas:user> alice </cas:user><cas:attributes><cas:memberOf>physics</cas:memberOf><cas:memberOf>labs</cas:memberOf>
<cas:uid>al01</cas:uid></cas:attributes></cas:authenticationSuccess></cas:serviceResponse>"""
FAILURE = """<cas:serviceResponse xmlns:cas="http://www.yale.edu/tp/cas">
<cas:authenticationFailure code="INVALID_TICKET">Unknown</cas:authenticationFailure></cas:serviceResponse>"""


def logged_in(
    answer: str, monkeypatch: pytest.MonkeyPatch, ticket: str = "ST-1", **options: object
) -> tuple[dict[str, Any] | None, list[str]]:
    """Whom the server's answer lets in, and what it was asked."""
    asked: list[str] = []

    class Client:
        async def fetch(self, url: str, **_: object) -> SimpleNamespace:
            asked.append(url)
            return SimpleNamespace(body=answer.encode())

    monkeypatch.setattr(cas, "AsyncHTTPClient", Client)
    told = {"cas_url": "https://cas.example.org/cas", "callback_url": "https://hub.example.org/hub/cas_callback"}
    made = Cas(config=Config({"Cas": {**told, **options}}))
    return asyncio.run(made.authenticate(None, {"ticket": ticket, "state": "s&1"})), asked


def test_a_good_ticket_is_somebodys(monkeypatch: pytest.MonkeyPatch) -> None:
    person, asked = logged_in(SUCCESS, monkeypatch)
    assert person == {"name": "alice"}
    assert asked == [
        "https://cas.example.org/cas/p3/serviceValidate"
        "?service=https%3A%2F%2Fhub.example.org%2Fhub%2Fcas_callback%3Fstate%3Ds%25261&ticket=ST-1"
    ]


def test_groups_and_name_are_the_attributes_that_the_settings_say(monkeypatch: pytest.MonkeyPatch) -> None:
    options: dict[str, Any] = {"manage_groups": True, "groups_attribute": "memberOf", "username_attribute": "uid"}
    assert logged_in(SUCCESS, monkeypatch, **options)[0] == {"name": "al01", "groups": ["labs", "physics"]}


def test_a_bad_ticket_is_nobodys(monkeypatch: pytest.MonkeyPatch) -> None:
    assert logged_in(FAILURE, monkeypatch)[0] is None


def test_without_a_ticket_nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    assert logged_in(SUCCESS, monkeypatch, ticket="") == (None, [])


@pytest.mark.parametrize(
    ("answer", "options", "problem"),
    [
        ("<html>", {}, "answers no XML; is auth.cas_url right?"),
        (SUCCESS, {"username_attribute": "mail"}, "tells 0 values of mail"),
        (SUCCESS, {"username_attribute": "memberOf"}, "tells 2 values of memberOf"),
    ],
)
def test_another_answer_says_what_to_look_at(
    monkeypatch: pytest.MonkeyPatch, answer: str, options: dict[str, str], problem: str
) -> None:
    with pytest.raises(LoginServerError) as refused:
        logged_in(answer, monkeypatch, **options)
    assert problem in str(refused.value)
