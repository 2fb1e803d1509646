"""Log-ins by OAuth 2.0 and OpenID Connect. Fields have the names that oauthenticator gives them."""

from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from settings.auth.kind import AuthKind
from settings.auth.remote import OAuthSettings, OAuthWithGroups
from settings.values import DnsName, HttpsUrl

_GITHUB, _GITLAB = "github.com", "gitlab.com"
# Where anybody can have an account.
_PUBLIC = {_GITHUB, _GITLAB, "accounts.google.com", "cilogon.org", "orcid.org"}


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").removeprefix("www.")


class OidcAuth(OAuthWithGroups):
    """Any OpenID Connect or OAuth 2.0 server: Keycloak, Authentik, Shibboleth's OIDC, a university's single sign-on."""

    kind: Literal[AuthKind.OIDC]

    issuer: HttpsUrl | None = Field(default=None, examples=["https://login.example.org/realms/campus"])
    """Address of the server, below which `.well-known/openid-configuration` says the rest."""

    authorize_url: HttpsUrl | None = None
    """Where people are sent, for a server that has no issuer's document."""

    token_url: HttpsUrl | None = None
    """Where the hub gets its tokens, likewise."""

    userdata_url: HttpsUrl | None = None
    """Where the hub asks who it is, likewise."""

    scope: tuple[str, ...] = ("openid", "profile", "email")
    """What the hub asks for; some servers want one more for groups."""

    username_claim: str = Field(default="preferred_username", min_length=1)
    """Field of the answer that holds the user name. It has to be one that people cannot change, and unique."""

    groups_claim: str = Field(default="groups", min_length=1)
    """Field of the answer that holds the groups, with dots for one inside another."""

    @model_validator(mode="after")
    def _endpoints_are_known(self) -> "OidcAuth":
        stated = [self.authorize_url, self.token_url, self.userdata_url]
        if self.issuer and any(stated):
            raise ValueError("has an issuer, which tells all addresses, and addresses beside it; keep one of both")
        if not self.issuer and not all(stated):
            raise ValueError(
                "does not say where the server is; write issuer: https://login.example.org, or all of authorize_url, "
                "token_url and userdata_url"
            )
        return self

    @property
    def open_to_strangers(self) -> str | None:
        """Everybody in the world, on a server that is for them."""
        host = _host(self.issuer or self.authorize_url or "")
        return f"with an account at {host}; write allowed_users" if host in _PUBLIC else None


class GitlabAuth(OAuthWithGroups):
    """GitLab: its users, and groups by their full path, such as `teaching/physics`."""

    kind: Literal[AuthKind.GITLAB]

    gitlab_url: HttpsUrl = f"https://{_GITLAB}"
    """Address of the GitLab."""

    allowed_project_ids: frozenset[int] = frozenset()
    """Also let in developers of these projects; the hub then asks people for the right to read all of GitLab's API."""

    @property
    def open_to_strangers(self) -> str | None:
        """Everybody in the world, on GitLab's own server."""
        strangers = "with an account at gitlab.com; write allowed_users, or allowed_groups: [my-university]"
        return strangers if _host(self.gitlab_url) == _GITLAB else None

    @property
    def lets_somebody_in(self) -> bool:
        """Whether a project's developers are let in."""
        return bool(self.allowed_project_ids)


class GithubAuth(OAuthWithGroups):
    """GitHub: its users, and as groups their organizations (`my-university`) and teams (`my-university:physics`)."""

    kind: Literal[AuthKind.GITHUB]

    github_url: HttpsUrl = f"https://{_GITHUB}"
    """Address of the GitHub."""

    @property
    def open_to_strangers(self) -> str | None:
        """Everybody in the world, on GitHub's own server."""
        strangers = "with an account at github.com; write allowed_users, or allowed_groups: [my-university]"
        return strangers if _host(self.github_url) == _GITHUB else None


class GoogleAuth(OAuthSettings):
    """Google accounts; a user's name is their address, up to the @ where there is one hosted_domain."""

    kind: Literal[AuthKind.GOOGLE]

    hosted_domain: tuple[DnsName, ...] = Field(default=(), examples=[["example.org"]])
    """Let in only accounts of these Google Workspace domains."""

    @property
    def open_to_strangers(self) -> str | None:
        """Everybody in the world, where no domain is named."""
        strangers = "with a Google account; write allowed_users, or auth.hosted_domain: [example.org]"
        return None if self.hosted_domain else strangers


class AzureadAuth(OAuthWithGroups):
    """Microsoft Entra ID: accounts of one tenant. Groups are object IDs, or names where the tenant sends those."""

    kind: Literal[AuthKind.AZUREAD]

    tenant_id: str = Field(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
    """The tenant's identifier, as the portal shows it."""

    graph_url: HttpsUrl = "https://login.microsoftonline.com"
    """Address of the log-in server, which is another one in national clouds."""

    username_claim: str = Field(default="preferred_username", min_length=1)
    """Field of the answer that holds the user name: the address that people log in with; `oid` never changes."""
