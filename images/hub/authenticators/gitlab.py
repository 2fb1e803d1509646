"""GitLab, with its groups and its projects' developers."""

import json
from http import HTTPStatus
from typing import Any

from oauthenticator.gitlab import GitLabOAuthenticator
from oauthenticator.oauth2 import OAuthenticator

_DEVELOPER = 30  # docs.gitlab.com/development/permissions/predefined_roles
_PROJECTS = "developer_of"


class GitLab(GitLabOAuthenticator):
    """Upstream's GitLab log-in; a person's groups become the hub's.

    They come with GitLab's OpenID answer (docs.gitlab.com/integration/openid_connect_provider), which lists all groups
    of a person, those by way of a parent group too, and takes no more than the scope `openid`. Upstream asks for each
    allowed group by itself, with a token that can read all that the person can.

    Which of the allowed projects a person develops is asked for together with who they are. Upstream asks whenever it
    applies its rules, with a token that may long be over, and of a server that may be away.
    """

    async def get_user_groups(self, auth_state: dict[str, Any]) -> set[str]:
        """Full paths of a person's groups."""
        answer = await self._ask(f"{self.gitlab_url}/oauth/userinfo", auth_state, "asking for groups")
        return {str(group) for group in answer.get("groups") or []}

    async def update_auth_model(self, auth_model: dict[str, Any]) -> dict[str, Any]:
        """Add which of the allowed projects this person develops."""
        state = auth_model["auth_state"]
        if self.allowed_project_ids:
            state[_PROJECTS] = [each for each in self.allowed_project_ids if await self._develops(each, state)]
        return auth_model

    async def check_allowed(self, username: str, auth_model: dict[str, Any] | None) -> bool:
        """Whether a rule lets this person in, which takes no answer of the server's."""
        if await OAuthenticator.check_allowed(self, username, auth_model):
            return True
        state = (auth_model or {}).get("auth_state") or {}
        return bool(self.allowed_project_ids & set(state.get(_PROJECTS) or []))

    async def _develops(self, project: int, auth_state: dict[str, Any]) -> bool:
        user = auth_state[self.user_auth_state_key]["id"]
        address = f"{self.gitlab_api}/projects/{project}/members/all/{user}"
        answer = await self._ask(address, auth_state, "asking for a project", parse_json=False, raise_error=False)
        # Not theirs, or by a log-in from before there were projects, for which less was asked.
        if answer.code in (HTTPStatus.NOT_FOUND, HTTPStatus.FORBIDDEN):
            return False
        answer.rethrow()
        return int(json.loads(answer.body).get("access_level", 0)) >= _DEVELOPER

    async def _ask(self, address: str, auth_state: dict[str, Any], label: str, **options: bool) -> Any:  # noqa: ANN401
        token = auth_state["token_response"]
        headers = self.build_userdata_request_headers(token["access_token"], token["token_type"])
        return await self.httpfetch(address, label, method="GET", headers=headers, **options)
