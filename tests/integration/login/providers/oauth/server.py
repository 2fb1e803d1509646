"""An OAuth 2.0 server that answers as GitLab, GitHub, Google and Microsoft Entra ID document it.

None of them can be had to run here. The protocol itself is as strict as theirs: codes are good once and for the client,
address and PKCE verifier (RFC 7636) that they were made for; a token is one person's, until they are gone.
"""

import base64
import hashlib
import json
import os
import secrets
import ssl
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import jwt

SETTINGS = json.loads(os.environ["OAUTH"])
GITHUB = "/login/oauth/authorize"
FORM = (
    '<form method="post">Name <input name="username"> <input name="password" type="password"><button>Go</button></form>'
)

# Changed by `PUT /people` while it runs: {"alice": {"password": "…", "groups": ["…"], "id": 7}}
people: dict[str, Any] = {}
codes: dict[str, dict[str, str]] = {}
tokens: dict[str, str] = {}


class ProblemError(Exception):
    """What the client did wrong."""

    def __init__(self, status: int, error: str) -> None:
        super().__init__(error)
        self.status = status


def authorize(path: str, query: dict[str, str], form: dict[str, str]) -> str:
    """Where to send somebody who has given the right password."""
    person = people.get(form.get("username", ""))
    if person is None or person["password"] != form.get("password"):
        raise ProblemError(401, "access_denied")
    code = secrets.token_urlsafe(16)
    codes[code] = {**query, "path": path, "username": form["username"]}
    return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"


def check_client(query: dict[str, str]) -> None:
    """See that somebody was sent by the hub."""
    asked = query.get("client_id"), query.get("redirect_uri"), query.get("response_type")
    if asked != (SETTINGS["client_id"], SETTINGS["redirect_uri"], "code"):
        raise ProblemError(400, "unauthorized_client")
    if not query.get("state") or query.get("code_challenge_method") != "S256":
        raise ProblemError(400, "invalid_request")


def issue(form: dict[str, str]) -> dict[str, Any]:
    """Tokens for a code, or for a refresh token."""
    if (form.get("client_id"), form.get("client_secret")) != (SETTINGS["client_id"], SETTINGS["client_secret"]):
        raise ProblemError(401, "invalid_client")
    if form.get("grant_type") == "refresh_token":
        asked = {"path": "", "username": tokens.get(form.get("refresh_token", ""), "")}
    else:
        asked = codes.pop(form.get("code", ""), {})
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if not asked or asked["redirect_uri"] != form.get("redirect_uri") or asked["code_challenge"] != challenge:
            raise ProblemError(400, "invalid_grant")
    username = asked["username"]
    if username not in people:
        raise ProblemError(400, "invalid_grant")
    given = {"access_token": secrets.token_urlsafe(16)}
    if is_refreshed(asked):
        given["refresh_token"] = secrets.token_urlsafe(16)
    tokens.update(dict.fromkeys(given.values(), username))
    ends = {} if asked["path"] == GITHUB else {"expires_in": 7200}
    return {**given, **ends, "token_type": "bearer", "scope": asked.get("scope", ""), "id_token": id_token(username)}


def is_refreshed(asked: dict[str, str]) -> bool:
    """Whether the server that was asked gives a refresh token, by its documentation.

    GitHub's OAuth apps have none (docs.github.com/en/apps/oauth-apps), Google's want `access_type`
    (developers.google.com/identity/protocols/oauth2/web-server), Microsoft's a scope
    (learn.microsoft.com/entra/identity-platform/scopes-oidc).
    """
    if asked["path"] == GITHUB:
        return False
    if asked["path"].endswith("/auth"):
        return asked.get("access_type") == "offline"
    return "/oauth2/v2.0/" not in asked["path"] or "offline_access" in asked.get("scope", "").split()


def id_token(username: str) -> str:
    """What Entra ID says of somebody (learn.microsoft.com/entra/identity-platform/id-token-claims-reference)."""
    now = int(time.time())
    claims = {
        "aud": SETTINGS["client_id"],
        "iat": now,
        "exp": now + 3600,
        "oid": f"00000000-0000-0000-0000-{people[username]['id']:012}",
        "preferred_username": f"{username}@example.org",
        "name": username.title(),
        "groups": people[username]["groups"],
    }
    token: str = jwt.encode(claims, "of-the-tests-and-of-32-characters", algorithm="HS256")
    return token


def gitlab_user(username: str) -> dict[str, Any]:
    """GET /api/v4/user (docs.gitlab.com/api/users)."""
    return {"id": people[username]["id"], "username": username, "name": username.title(), "state": "active"}


def gitlab_userinfo(username: str) -> dict[str, Any]:
    """GET /oauth/userinfo (docs.gitlab.com/integration/openid_connect_provider)."""
    return {"sub": str(people[username]["id"]), "nickname": username, "groups": people[username]["groups"]}


def gitlab_membership(project: str, username: str) -> dict[str, Any]:
    """GET /api/v4/projects/…/members/all/… (docs.gitlab.com/api/members)."""
    level = people[username].get("projects", {}).get(project)
    if level is None:
        raise ProblemError(404, "404 Not found")
    return {"id": people[username]["id"], "username": username, "access_level": level}


def github_user(username: str) -> dict[str, Any]:
    """GET /user (docs.github.com/rest/users/users)."""
    return {"login": username, "id": people[username]["id"], "email": None, "name": username.title()}


def github_organizations(username: str) -> list[dict[str, Any]]:
    """GET /user/orgs (docs.github.com/rest/orgs/orgs)."""
    return [{"login": group} for group in people[username]["groups"] if ":" not in group]


def github_teams(username: str) -> list[dict[str, Any]]:
    """GET /user/teams (docs.github.com/rest/teams/teams)."""
    teams = [group.split(":") for group in people[username]["groups"] if ":" in group]
    return [{"slug": slug, "name": slug.title(), "organization": {"login": owner}} for owner, slug in teams]


def google_userinfo(username: str) -> dict[str, Any]:
    """GET /oauth2/v1/userinfo (developers.google.com/identity/openid-connect)."""
    domain = people[username].get("domain", "example.org")
    hosted = {} if domain == "gmail.com" else {"hd": domain}
    return {"id": str(people[username]["id"]), "email": f"{username}@{domain}", "verified_email": True, **hosted}


ASKED_WITH_A_TOKEN: dict[str, Callable[[str], Any]] = {
    "/api/v4/user": gitlab_user,
    "/oauth/userinfo": gitlab_userinfo,
    "/api/v4/version": lambda _: {"version": "18.5.1-ee"},
    "/api/v3/user": github_user,
    "/api/v3/user/orgs": github_organizations,
    "/api/v3/user/teams": github_teams,
    "/oauth2/v1/userinfo": google_userinfo,
}


def with_token(path: str, authorization: str) -> Any:  # noqa: ANN401 - of every shape
    """What a token's owner may read at an address."""
    username = tokens.get(authorization.partition(" ")[2], "")
    if username not in people:
        raise ProblemError(401, "invalid_token")
    if path.startswith("/api/v4/projects/"):
        return gitlab_membership(path.split("/")[4], username)
    if path not in ASKED_WITH_A_TOKEN:
        raise ProblemError(404, "404 Not found")
    return ASKED_WITH_A_TOKEN[path](username)


class Handler(BaseHTTPRequestHandler):
    """One request."""

    def do_GET(self) -> None:
        self._answer(self._get)

    def do_POST(self) -> None:
        self._answer(self._post)

    def do_PUT(self) -> None:
        people.clear()
        people.update(json.loads(self._body()))
        self._send(204, "")

    def _get(self) -> None:
        address = urlsplit(self.path)
        if address.path.endswith(("/authorize", "/auth")):
            check_client(dict(parse_qsl(address.query)))
            self._send(200, FORM, "text/html")
        else:
            found = with_token(address.path, self.headers.get("Authorization", ""))
            self._send(200, json.dumps(found), "application/json")

    def _post(self) -> None:
        address, form = urlsplit(self.path), dict(parse_qsl(self._body()))
        if address.path.endswith(("/authorize", "/auth")):
            query = dict(parse_qsl(address.query))
            check_client(query)
            location = authorize(address.path, query, form)
            self.send_response(302)
            self.send_header("Location", location)
            self.send_header("Content-Length", "0")
            self.end_headers()
        else:
            self._send(200, json.dumps(issue(form)), "application/json")

    def _answer(self, how: Callable[[], None]) -> None:
        try:
            how()
        except ProblemError as problem:
            self._send(problem.status, json.dumps({"error": str(problem)}), "application/json")

    def _body(self) -> str:
        return self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()

    def _send(self, status: int, text: str, kind: str = "text/plain") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())


def main() -> None:
    """Serve until the container ends."""
    server = ThreadingHTTPServer((SETTINGS["address"], SETTINGS["port"]), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain("/etc/provider/certificate.pem", "/etc/provider/key.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
