"""GitLab: developers of projects, at log-in and while they use the hub, with the server there and away."""

import asyncio
import io
import json
from types import SimpleNamespace
from typing import Any

import pytest
from jupyterhub.auth import Authenticator
from tornado.httpclient import HTTPClientError, HTTPRequest, HTTPResponse
from traitlets.config import Config

from images.hub.access import with_access_rules
from images.hub.authenticators.gitlab import GitLab

Answer = tuple[int, dict[str, Any]]
ALICE: dict[str, Answer] = {"/user": (200, {"id": 7, "username": "alice"})}
DEVELOPER: dict[str, Answer] = {**ALICE, "/projects/3/members/all/7": (200, {"access_level": 30})}


class Server:
    """GitLab, which answers whoever brings a token that is good."""

    def __init__(self, answers: dict[str, Answer], token: str = "first") -> None:
        self.answers = answers
        self.token = token
        self.away = False

    async def fetch(self, request: HTTPRequest, raise_error: bool = True) -> HTTPResponse:
        if self.away:
            raise ConnectionRefusedError
        path = request.url.removeprefix("https://gitlab.example.org").removeprefix("/api/v4")
        code, body = self.answers.get(path, (404, {}))
        if path == "/oauth/token":
            code, body = 200, {"access_token": self.token, "token_type": "Bearer"}
        elif request.headers["Authorization"] != f"Bearer {self.token}":
            code, body = 401, {}
        response = HTTPResponse(request, code, buffer=io.BytesIO(json.dumps(body).encode()))
        if raise_error:
            response.rethrow()
        return response


class Somebody(SimpleNamespace):
    """Alice, as the hub has her."""

    async def get_auth_state(self) -> dict[str, Any]:
        state: dict[str, Any] = self.state
        return state


def log_in(server: Server, **options: object) -> Authenticator:
    given = {"gitlab_url": "https://gitlab.example.org", "allowed_project_ids": {3}, "enable_auth_state": True}
    made: Authenticator = with_access_rules(GitLab)(config=Config({"GitLab": {**given, **options}}))
    made.http_client = server
    return made


def logged_in(made: Authenticator) -> Any:  # noqa: ANN401
    person = asyncio.run(made._token_to_auth_model({"access_token": "first", "token_type": "bearer"}))
    state = {**person["auth_state"], "refresh_token": "r"}
    return Somebody(name="alice", groups=[], admin=False, state=state, spawners={})


def is_allowed(made: Authenticator, user: Any) -> bool:  # noqa: ANN401
    person = {"name": user.name, "admin": False, "groups": [], "auth_state": user.state}
    return bool(asyncio.run(made.check_allowed(user.name, person)))


@pytest.mark.parametrize(
    ("answers", "allowed"),
    [
        (DEVELOPER, True),
        ({**ALICE, "/projects/3/members/all/7": (200, {"access_level": 20})}, False),
        ({**ALICE, "/projects/4/members/all/7": (200, {"access_level": 50})}, False),
        ({**ALICE, "/projects/3/members/all/7": (403, {"error": "insufficient_scope"})}, False),
        (ALICE, False),
    ],
)
def test_developers_of_a_named_project_are_let_in(answers: dict[str, Answer], allowed: bool) -> None:
    made = log_in(Server(answers))
    assert is_allowed(made, logged_in(made)) is allowed


def test_a_server_that_is_unwell_says_nothing_of_projects() -> None:
    made = log_in(Server({**ALICE, "/projects/3/members/all/7": (502, {})}))
    with pytest.raises(HTTPClientError, match="502"):
        logged_in(made)


def test_while_the_server_is_away_developers_stay() -> None:
    server = Server(DEVELOPER)
    made = log_in(server)
    alice = logged_in(made)
    server.away = True
    assert asyncio.run(made.refresh_user(alice)) is True


def test_developers_stay_when_their_token_is_over_and_there_is_another() -> None:
    server = Server(DEVELOPER)
    made = log_in(server)
    alice = logged_in(made)
    server.token = "second"
    person = asyncio.run(made.refresh_user(alice))
    assert person["auth_state"]["access_token"] == "second"


def test_whoever_is_taken_out_of_the_project_is_out_at_the_next_look() -> None:
    server = Server(DEVELOPER)
    made = log_in(server)
    alice = logged_in(made)
    server.answers = ALICE
    assert asyncio.run(made.refresh_user(alice)) is False


def test_a_project_that_is_no_longer_named_lets_nobody_in() -> None:
    made = log_in(Server(DEVELOPER))
    alice = logged_in(made)
    made.allowed_project_ids = {4}
    assert is_allowed(made, alice) is False


def test_a_named_person_needs_no_project() -> None:
    made = log_in(Server(ALICE), allowed_users={"alice"})
    assert is_allowed(made, logged_in(made)) is True
