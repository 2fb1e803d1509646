"""The server that the log-ins are tried against gives a refresh token when the one that it stands for would."""

import base64
import hashlib
import importlib
import json
from types import ModuleType
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

CLIENT = {"client_id": "hub", "client_secret": "of-the-hub"}
BACK = "https://hub.example.org/hub/oauth_callback"
VERIFIER = "verifier"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The server, which knows alice."""
    monkeypatch.setenv("OAUTH", json.dumps({**CLIENT, "redirect_uri": BACK}))
    module = importlib.reload(importlib.import_module("tests.integration.login.providers.oauth.server"))
    module.people["alice"] = {"password": "of-alice", "groups": [], "id": 7}
    return module


def tokens(server: ModuleType, path: str, **query: str) -> dict[str, Any]:
    """What the hub gets for alice, whom it sent to this address."""
    asked = {"redirect_uri": BACK, "state": "x", "code_challenge": CHALLENGE, **query}
    location = server.authorize(path, asked, {"username": "alice", "password": "of-alice"})
    code = parse_qs(urlsplit(location).query)["code"][0]
    answer: dict[str, Any] = server.issue({**CLIENT, "code": code, "redirect_uri": BACK, "code_verifier": VERIFIER})
    return answer


@pytest.mark.parametrize(
    ("path", "query", "expected"),
    [
        ("/oauth/authorize", {"scope": "read_user"}, True),
        ("/login/oauth/authorize", {"scope": "read:org"}, False),
        ("/o/oauth2/v2/auth", {"scope": "openid"}, False),
        ("/o/oauth2/v2/auth", {"scope": "openid", "access_type": "offline"}, True),
        ("/tenant/oauth2/v2.0/authorize", {"scope": "openid"}, False),
        ("/tenant/oauth2/v2.0/authorize", {"scope": "openid offline_access"}, True),
    ],
)
def test_a_refresh_token_is_given_where_the_real_server_gives_one(
    server: ModuleType, path: str, query: dict[str, str], expected: bool
) -> None:
    answer = tokens(server, path, **query)
    assert ("refresh_token" in answer) is expected
    assert server.tokens[answer["access_token"]] == "alice"
    assert answer["scope"] == query["scope"]


def test_a_refresh_token_is_good_for_another(server: ModuleType) -> None:
    given = tokens(server, "/oauth/authorize")["refresh_token"]
    again = server.issue({**CLIENT, "grant_type": "refresh_token", "refresh_token": given})
    assert again["refresh_token"] != given


def test_a_github_token_does_not_end_by_itself(server: ModuleType) -> None:
    assert "expires_in" not in tokens(server, "/login/oauth/authorize")
