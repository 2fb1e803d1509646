"""Log-in by any other authenticator."""

import re
from typing import ClassVar, Literal

from pydantic import Field, JsonValue, field_validator

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

    @field_validator("options")
    @classmethod
    def _no_option_is_a_secret(cls, options: dict[str, JsonValue]) -> dict[str, JsonValue]:
        for name, value in options.items():
            # Not what is about one: token_url, minimum_password_length.
            if re.search(r"(?i)secret|password|token$", name) and isinstance(value, (str, list, dict)):
                raise ValueError(
                    f"holds {name}, which previews would show; write secret_option: {name} instead, and set another "
                    "value with: pulumi config set --secret auth_secret"
                )
        return options

    @property
    def secrets(self) -> tuple[str, ...]:
        """The value of the secret option."""
        return ("auth_secret",) if self.secret_option else ()
