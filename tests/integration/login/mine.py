"""An authenticator as a site writes it for itself; goes into `images/hub/mine.py` of the site that is tested."""

import hmac
from typing import Any

from jupyterhub.auth import Authenticator
from traitlets import Dict, Unicode


class Mine(Authenticator):  # type: ignore[misc]  # its author ships no types
    """People are an option, and the key to their passwords is a secret one."""

    people = Dict(help="By name: `digest` of the password, and `groups`.").tag(config=True)
    key = Unicode(help="Key of the digests.").tag(config=True)

    async def authenticate(self, _: object, data: dict[str, str]) -> dict[str, Any] | None:
        """Who logs in with this name and password."""
        person = self.people.get(data["username"])
        if person is None or not hmac.compare_digest(digest(self.key, data["password"]), person["digest"]):
            return None
        return {"name": data["username"], "groups": person["groups"]}


def digest(key: str, password: str) -> str:
    """What is kept of a password."""
    return hmac.new(key.encode(), password.encode(), "sha256").hexdigest()
