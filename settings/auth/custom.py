"""Log-in by any other authenticator."""

from typing import ClassVar, Literal

from pydantic import Field, JsonValue

from settings.auth.kind import AuthKind, AuthModel


class CustomAuth(AuthModel):
    """An authenticator of a package that is in the hub's image, or of a file that you put into `images/hub`.

    `access` is enforced as for every other kind.
    """

    kind: Literal[AuthKind.CUSTOM]
    knows_groups: ClassVar[bool] = True

    authenticator_class: str = Field(
        pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)+$", examples=["ltiauthenticator.lti13.auth.LTI13Authenticator"]
    )
    """Its module and name; `images.hub.mine.MyAuthenticator` for one in `images/hub/mine.py`."""

    options: dict[str, JsonValue] = Field(default={})
    """Its options, by name."""

    secret_option: str | None = Field(default=None, pattern=r"^[A-Za-z_]\w*$")
    """The option that holds a secret, which is set with `pulumi config set --secret auth_secret`."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """The value of the secret option."""
        return ("auth_secret",) if self.secret_option else ()
