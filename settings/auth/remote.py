"""What log-ins that somebody else checks have in common."""

from pathlib import Path
from typing import ClassVar

from pydantic import Field

from settings.auth.kind import AuthModel
from settings.values import Duration


class RemoteAuth(AuthModel):
    """A server that the hub asks."""

    ca_file: Path | None = Field(default=None, examples=["/etc/ssl/campus-ca.pem"])
    """PEM file with the authority that signed the server's certificate, where it is not one that everybody trusts;
    then it alone is trusted."""

    timeout: Duration = Field(default=10, ge=1, le=60)
    """How long the hub waits for an answer."""


class OAuthSettings(RemoteAuth):
    """A server that people are sent to and that sends them back to an address that has to be registered there.

    That is `callback_url`, an output of the stack.
    """

    callback_path: ClassVar[str] = "hub/oauth_callback"

    client_id: str = Field(min_length=1)
    """What the server calls this hub; its secret is set with `pulumi config set --secret oauth_client_secret`."""

    login_service: str | None = Field(default=None, min_length=1, max_length=60)
    """Name of the server on the log-in button."""

    auto_login: bool = False
    """Send people to the server at once, without the page with the button."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """The secret that the server gave this hub."""
        return ("oauth_client_secret",)


class OAuthWithGroups(OAuthSettings):
    """One of them that can tell a person's groups."""

    knows_groups: ClassVar[bool] = True

    manage_groups: bool = False
    """Make the server's groups the hub's; on by itself where `access` names groups."""
