"""GitLab, with its groups."""

from typing import Any

from oauthenticator.gitlab import GitLabOAuthenticator


class GitLab(GitLabOAuthenticator):
    """Upstream's GitLab log-in; a person's groups become the hub's.

    They come with GitLab's OpenID answer (docs.gitlab.com/integration/openid_connect_provider), which lists all groups
    of a person, those by way of a parent group too, and takes no more than the scope `openid`. Upstream asks for each
    allowed group by itself, with a token that can read all that the person can.
    """

    async def get_user_groups(self, auth_state: dict[str, Any]) -> set[str]:
        """Full paths of a person's groups."""
        token = auth_state["token_response"]
        answer = await self.httpfetch(
            f"{self.gitlab_url}/oauth/userinfo",
            "asking for groups",
            method="GET",
            headers=self.build_userdata_request_headers(token["access_token"], token["token_type"]),
        )
        return {str(group) for group in answer.get("groups") or []}
