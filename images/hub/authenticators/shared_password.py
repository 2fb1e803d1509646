"""One password for everybody and another for admins."""

from collections.abc import Mapping
from typing import Any

from jupyterhub.authenticators.shared import SharedPasswordAuthenticator


class SharedPassword(SharedPasswordAuthenticator):
    """Upstream's shared passwords; one typed with other letters than ASCII's is wrong, where upstream fails on it."""

    async def authenticate(self, handler: object, data: Mapping[str, str]) -> dict[str, Any] | None:
        """Who logs in with these passwords, if they are right."""
        # `secrets.compare_digest` takes no other letters, and the page would say "500: Internal Server Error".
        if not data["password"].isascii():
            return None
        person: dict[str, Any] | None = await super().authenticate(handler, data)
        return person
