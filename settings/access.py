"""`access`: who of those who can log in may use the hub."""

from pydantic import Field, model_validator

from settings.model import SettingsModel
from settings.values import GroupName, UserName


class AccessSettings(SettingsModel):
    """Who of those who can log in may use the hub: everybody by `allow_all`, or these people and groups.

    The stack file is the truth: at the next `pulumi up`, whoever is no longer let in is logged out and their server is
    stopped, and whoever is no longer an admin loses the rights of one.
    """

    admins: frozenset[UserName] = frozenset()
    """People who may use the hub's admin page, and with it every user's server."""

    admin_groups: frozenset[GroupName] = frozenset()
    """Groups whose members are admins."""

    allow_all: bool = False
    """Let in everybody who can log in."""

    allowed_users: frozenset[UserName] = Field(default=frozenset(), examples=[["alice", "bob"]])
    """Let in these people, and the admins."""

    allowed_groups: frozenset[GroupName] = Field(default=frozenset(), examples=[["physics-2026"]])
    """Let in members of these groups, as whoever checks the log-in tells them."""

    allow_existing: bool = False
    """Also let in everybody the hub knows from before; a name taken off `allowed_users` then stays in."""

    blocked_users: frozenset[UserName] = frozenset()
    """Keep these people out, whatever else lets them in."""

    @model_validator(mode="after")
    def _rules_do_not_contradict(self) -> "AccessSettings":
        if self.allow_all and (self.allowed_users or self.allowed_groups):
            raise ValueError("lets in everybody and only some; keep allow_all, or allowed_users and allowed_groups")
        if self.allow_all and self.allow_existing:
            raise ValueError("has allow_existing beside allow_all, where it adds nobody; remove allow_existing")
        if both := sorted(self.blocked_users & (self.admins | self.allowed_users)):
            raise ValueError(f"blocks {', '.join(both)} and lets them in; keep one of both")
        return self

    @property
    def lets_somebody_in(self) -> bool:
        """Whether there is any rule that does."""
        return bool(self.allow_all or self.allowed_users or self.allowed_groups)

    @property
    def names_groups(self) -> bool:
        """Whether a rule depends on groups."""
        return bool(self.allowed_groups or self.admin_groups)
