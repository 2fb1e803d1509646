"""Log-in by CAS, the Central Authentication Service of many universities."""

from typing import ClassVar, Literal

from pydantic import Field

from settings.auth.kind import AuthKind
from settings.auth.remote import RemoteAuth
from settings.values import HttpsUrl


class CasAuth(RemoteAuth):
    """A CAS server that speaks protocol 3.

    It has to know the hub's address (`callback_url`, an output of the stack) as a service, with whatever query follows.
    """

    kind: Literal[AuthKind.CAS]
    knows_groups: ClassVar[bool] = True
    callback_path: ClassVar[str] = "hub/cas_callback"

    cas_url: HttpsUrl = Field(examples=["https://cas.example.org/cas"])
    """Address of the server, to which `/login` and `/p3/serviceValidate` are added."""

    username_attribute: str | None = Field(default=None, min_length=1)
    """Attribute that holds the user name, where it is not the one that people log in with."""

    groups_attribute: str | None = Field(default=None, examples=["memberOf"], min_length=1)
    """Attribute that holds the groups. Without it there are none for `access`."""

    login_service: str = Field(default="CAS", min_length=1, max_length=60)
    """Name of the server on the log-in button."""

    auto_login: bool = False
    """Send people to the server at once, without the page with the button."""

    @property
    def group_problem(self) -> str | None:
        """Which attribute holds them has to be said."""
        return None if self.groups_attribute else "does not say which attribute holds them; write auth.groups_attribute"
