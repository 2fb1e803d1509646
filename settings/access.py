"""`access`: who of those who can log in may use the hub."""

from pydantic import Field, model_validator

from settings.model import SettingsModel
from settings.values import UserName


class AccessSettings(SettingsModel):
    """Who of those who can log in may use the hub. Exactly one of `allow_all` and `allowed_users` is stated."""

    admins: frozenset[UserName] = frozenset()
    """People who may use the hub's admin page, and with it every user's server."""

    allow_all: bool = False
    """Let in everybody who can log in."""

    allowed_users: frozenset[UserName] = Field(default=frozenset(), examples=[["alice", "bob"]])
    """Let in these people, and the admins."""

    allow_existing: bool = False
    """Also let in everybody the hub knows from before; a name taken off `allowed_users` then stays in."""

    @model_validator(mode="after")
    def _exactly_one_rule(self) -> "AccessSettings":
        if self.allow_all and self.allowed_users:
            raise ValueError("lets in everybody and only some; keep one of allow_all and allowed_users")
        if not self.allow_all and not self.allowed_users:
            raise ValueError("lets nobody in; write allowed_users: [alice, bob], or allow_all: true on purpose")
        if self.allow_all and self.allow_existing:
            raise ValueError("has allow_existing beside allow_all, where it adds nobody; remove allow_existing")
        return self
