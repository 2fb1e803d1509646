"""The kinds of log-in, and what every one of them says of itself."""

from enum import StrEnum
from typing import ClassVar

from settings.model import SettingsModel


class AuthKind(StrEnum):
    """The way to log in."""

    SHARED_PASSWORD = "shared_password"  # noqa: S105 - the name of a kind
    DUMMY = "dummy"
    NATIVE = "native"
    OIDC = "oidc"
    GITLAB = "gitlab"
    GITHUB = "github"
    GOOGLE = "google"
    AZUREAD = "azuread"
    LDAP = "ldap"
    CAS = "cas"
    CUSTOM = "custom"


class AuthModel(SettingsModel):
    """What the settings of every kind answer."""

    knows_groups: ClassVar[bool] = False
    """Whether whoever checks the log-in can tell a person's groups."""
    longest_password: ClassVar[int | None] = None
    """Bytes of a password that the hub can keep at most."""
    callback_path: ClassVar[str | None] = None
    """Path of the hub that a log-in server sends people back to."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """Keys to be set with `pulumi config set --secret`."""
        return ()

    @property
    def lets_somebody_in(self) -> bool:
        """Whether the kind has an allow rule of its own, and it is in use."""
        return False

    @property
    def group_problem(self) -> str | None:
        """Why `access` can name no groups, and what to write instead."""
        return None if self.knows_groups else "knows no groups; write allowed_users and admins"

    @property
    def open_to_strangers(self) -> str | None:
        """Who can log in that no institution vouches for, and what to write to keep them out."""
        return None
