"""`auth`: how people prove who they are."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from settings.model import SettingsModel


class AuthKind(StrEnum):
    """The way to log in."""

    SHARED_PASSWORD = "shared_password"  # noqa: S105 - the name of a kind
    DUMMY = "dummy"


class PasswordSource(StrEnum):
    """Who chose the passwords."""

    GENERATED = "generated"
    CONFIGURED = "configured"


class SharedPasswordAuth(SettingsModel):
    """One password for everybody and another for admins: for a workshop, where names need no proof."""

    kind: Literal[AuthKind.SHARED_PASSWORD]

    passwords: PasswordSource = PasswordSource.GENERATED
    """`generated`: shown by `pulumi stack output --show-secrets`. `configured`: yours, set with
    `pulumi config set --secret user_password` and `admin_password`."""


class DummyAuth(SettingsModel):
    """Any name and any password get in: only to try something on this machine."""

    kind: Literal[AuthKind.DUMMY]


AuthSettings = Annotated[SharedPasswordAuth | DummyAuth, Field(discriminator="kind")]
