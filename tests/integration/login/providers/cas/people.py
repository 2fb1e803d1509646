"""Who can log in, and what services are told of them."""

from typing import Any

# Changed by `PUT /people` while the server runs: {"alice": {"password": "…", "groups": ["…"]}}
PEOPLE: dict[str, Any] = {}


class Person:
    """What django-cas-server asks of somebody who logs in (cas_server.auth.AuthUser)."""

    def __init__(self, username: str) -> None:
        self.username = username

    def test_password(self, password: str) -> bool:
        """Whether this is their password."""
        person = PEOPLE.get(self.username)
        return person is not None and person["password"] == password

    def attributs(self) -> dict[str, Any]:
        """What a service is told of them."""
        return {"memberOf": PEOPLE.get(self.username, {}).get("groups", []), "uid": self.username}
