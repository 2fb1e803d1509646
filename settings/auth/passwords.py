"""Log-ins that the hub checks by itself."""

from enum import StrEnum
from typing import ClassVar, Literal

from pydantic import Field

from settings.auth.kind import AuthKind, AuthModel
from settings.values import Duration


class PasswordSource(StrEnum):
    """Who chose the passwords."""

    GENERATED = "generated"
    CONFIGURED = "configured"


class SharedPasswordAuth(AuthModel):
    """One password for everybody and another for admins: for a workshop, where names need no proof."""

    kind: Literal[AuthKind.SHARED_PASSWORD]

    passwords: PasswordSource = PasswordSource.GENERATED
    """`generated`: shown by `pulumi stack output --show-secrets`. `configured`: yours, set with
    `pulumi config set --secret user_password` and `admin_password`."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """The passwords, where the operator chose them."""
        return ("user_password", "admin_password") if self.passwords is PasswordSource.CONFIGURED else ()


class DummyAuth(AuthModel):
    """Any name and any password get in: only to try something on this machine."""

    kind: Literal[AuthKind.DUMMY]


class NativeAuth(AuthModel):
    """Accounts that the hub keeps itself: people sign up, an admin approves them at `/hub/authorize`.

    Admins have an account from the start, with the password that `pulumi stack output --show-secrets admin_password`
    shows until they change it at `/hub/change-password`.
    """

    kind: Literal[AuthKind.NATIVE]
    longest_password: ClassVar[int] = 72  # bcrypt 5 refuses more

    passwords: PasswordSource = PasswordSource.GENERATED
    """First password of the admins. `generated`: shown by `pulumi stack output --show-secrets admin_password`.
    `configured`: yours, set with `pulumi config set --secret admin_password`."""

    enable_signup: bool = True
    """Let people sign up; without it nobody new gets an account."""

    open_signup: bool = False
    """Let in whoever signs up, with no approval, on this machine only: a name is whoever's was quickest."""

    minimum_password_length: int = Field(default=12, ge=8, le=72)
    """Characters that a password has at least; it has 72 bytes at most."""

    check_common_password: bool = True
    """Refuse passwords that many people use."""

    allowed_failed_logins: int = Field(default=5, ge=0, le=1000)
    """Wrong passwords after which a name has to wait; 0 for no limit."""

    seconds_before_next_try: Duration = Field(default=600, ge=1, le=86400)
    """How long it then waits."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """The admins' first password, where the operator chose it."""
        return ("admin_password",) if self.passwords is PasswordSource.CONFIGURED else ()
