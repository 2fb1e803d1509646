"""Who gets in: the log-in and the allow rules."""

from collections.abc import Mapping
from typing import Any

from jupyterhub.authenticators.shared import SharedPasswordAuthenticator
from traitlets.config import Config

from images.hub.runtime import AccessRuntime, HubRuntime, HubSecrets


class SharedPassword(SharedPasswordAuthenticator):
    """Upstream's shared passwords; one typed with other letters than ASCII's is wrong, where upstream fails on it."""

    async def authenticate(self, handler: object, data: Mapping[str, str]) -> dict[str, Any] | None:
        """Who logs in with these passwords, if they are right."""
        # `secrets.compare_digest` takes no other letters, and the page would say "500: Internal Server Error".
        if not data["password"].isascii():
            return None
        person: dict[str, Any] | None = await super().authenticate(handler, data)
        return person


def apply_authenticator(runtime: HubRuntime, secrets: HubSecrets, c: Config) -> None:
    """Set the log-in of this kind, then who of those who can log in may use the hub."""
    _APPLY[runtime.auth.kind](secrets, c)
    _apply_access(runtime.access, c)


def _apply_shared_password(secrets: HubSecrets, c: Config) -> None:
    c.JupyterHub.authenticator_class = SharedPassword
    c.SharedPasswordAuthenticator.user_password = secrets.hub_user_password
    c.SharedPasswordAuthenticator.admin_password = secrets.hub_admin_password


def _apply_dummy(_: HubSecrets, c: Config) -> None:
    c.JupyterHub.authenticator_class = "dummy"


def _apply_access(access: AccessRuntime, c: Config) -> None:
    c.Authenticator.admin_users = set(access.admins)
    c.Authenticator.allow_all = access.allow_all
    # Said even when false: naming allowed_users would turn it on, and a name taken off the list would stay in.
    c.Authenticator.allow_existing_users = access.allow_existing
    if not access.allow_all:
        # The hub adds admins by itself only where allowed_users is not empty.
        c.Authenticator.allowed_users = set(access.allowed_users) | set(access.admins)


_APPLY = {"shared_password": _apply_shared_password, "dummy": _apply_dummy}
