"""GitHub, with its organizations and teams."""

from typing import Any

from oauthenticator.github import GitHubOAuthenticator


class GitHub(GitHubOAuthenticator):
    """Upstream's GitHub log-in; a person's organizations and teams become the hub's groups."""

    async def get_user_groups(self, auth_state: dict[str, Any]) -> set[str]:
        """`organization` for each, and `organization:team` for each team, as they stand in addresses of pages."""
        token = auth_state["token_response"]
        access = token["access_token"], token["token_type"]
        organizations = await self._paginated_fetch(f"{self.github_api}/user/orgs?per_page=100", *access)
        teams = await self._paginated_fetch(f"{self.github_api}/user/teams?per_page=100", *access)
        return {each["login"] for each in organizations} | {
            f"{each['organization']['login']}:{each['slug']}" for each in teams
        }
