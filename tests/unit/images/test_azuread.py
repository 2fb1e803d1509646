"""Entra ID is asked anew about people who are logged in; what it says of them then."""

import asyncio
from types import SimpleNamespace
from typing import Any

import jwt
import pytest
from tornado.httpclient import HTTPClientError
from traitlets.config import Config

from images.hub.authenticators.azuread import AzureAd


def id_token(**claims: object) -> str:
    return jwt.encode({"aud": "the-hub", **claims}, "of-the-tests-and-of-32-characters", algorithm="HS256")


def refreshed(
    answer: dict[str, Any] | Exception, monkeypatch: pytest.MonkeyPatch, auth_state: dict[str, Any] | None
) -> tuple[Any, list[dict[str, str]]]:
    """What becomes of somebody, and what was asked of the server."""
    asked = []

    async def get_token_info(_: AzureAd, _handler: object, params: dict[str, str]) -> dict[str, Any]:
        asked.append(params)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def get_auth_state() -> dict[str, Any] | None:
        return auth_state

    monkeypatch.setattr(AzureAd, "get_token_info", get_token_info)
    options = {"client_id": "the-hub", "client_secret": "x", "tenant_id": "t", "manage_groups": True}
    made = AzureAd(config=Config({"AzureAd": {**options, "username_claim": "name"}}))
    user: Any = SimpleNamespace(name="alice", get_auth_state=get_auth_state)
    return asyncio.run(made.refresh_user(user)), asked


OLD = {"refresh_token": "old", "token_response": {"id_token": id_token(name="alice", groups=["physics"])}}


def test_groups_are_those_of_a_new_token(monkeypatch: pytest.MonkeyPatch) -> None:
    new = {"access_token": "x", "id_token": id_token(name="alice", groups=["chemistry"]), "refresh_token": "new"}
    person, asked = refreshed(new, monkeypatch, OLD)
    assert (person["name"], person["groups"]) == ("alice", ["chemistry"])
    assert person["auth_state"]["refresh_token"] == "new"
    assert [(each["grant_type"], each["refresh_token"]) for each in asked] == [("refresh_token", "old")]


def test_the_old_token_is_kept_where_there_is_no_new_one(monkeypatch: pytest.MonkeyPatch) -> None:
    person, _ = refreshed({"access_token": "x", "id_token": id_token(name="alice")}, monkeypatch, OLD)
    assert person["auth_state"]["refresh_token"] == "old"


def test_whoever_is_refused_a_new_token_is_out(monkeypatch: pytest.MonkeyPatch) -> None:
    assert refreshed(HTTPClientError(400), monkeypatch, OLD)[0] is False


@pytest.mark.parametrize("failure", [HTTPClientError(503), ConnectionRefusedError()], ids=["unwell", "away"])
def test_a_server_that_does_not_answer_says_nothing_of_anybody(
    failure: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(type(failure)):
        refreshed(failure, monkeypatch, OLD)


@pytest.mark.parametrize("auth_state", [None, {}, {"token_response": {}}], ids=["none", "empty", "no refresh token"])
def test_somebody_of_whom_nothing_is_kept_logs_in_anew(
    auth_state: dict[str, Any] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert refreshed({}, monkeypatch, auth_state) == (False, [])
