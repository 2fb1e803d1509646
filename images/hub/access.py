"""The rules of who may use the hub, enforced for every kind of log-in, while people use it and not only at log-in."""

from typing import Any

from jupyterhub.auth import Authenticator
from jupyterhub.handlers import BaseHandler
from jupyterhub.orm import User as StoredUser
from jupyterhub.user import User
from jupyterhub.utils import maybe_future
from traitlets import Bool, Set, Unicode

from images.hub.login_server import LoginServerError, failures_as_pages, is_unreachable

Person = dict[str, Any]
"""What an authenticator says of somebody: `name`, `admin`, `groups`, `auth_state`."""


class AccessRules(Authenticator):
    """Put before an authenticator, it lets in whom the settings name, and nobody for longer than they do."""

    members_of = Set(Unicode(), help="Groups whose members are let in.").tag(config=True, allow_config=True)
    admins_are_members_of = Set(Unicode(), help="Groups whose members are admins.").tag(config=True)
    decided_by_name = Bool(False, help="Whether no rule but names lets anybody in.").tag(config=True)

    async def authenticate(self, handler: BaseHandler, data: Any, **options: Any) -> Person | None:  # noqa: ANN401
        """Who logs in; where the log-in server does not answer, the page says so."""
        with failures_as_pages(self.log):
            answer = await maybe_future(super().authenticate(handler, data, **options))
        if answer is None:
            return None
        return self._with_rights(answer if isinstance(answer, dict) else {"name": answer})

    async def check_allowed(self, username: str, authentication: Person | None = None) -> bool:
        """Whether a rule lets this person in."""
        groups = set((authentication or {}).get("groups") or [])
        if groups & (self.members_of | self.admins_are_members_of):
            return True
        return bool(await maybe_future(super().check_allowed(username, authentication)))

    async def refresh_user(self, user: User, handler: BaseHandler | None = None, **options: Any) -> bool | Person:  # noqa: ANN401
        """Whether somebody who is logged in still may be: by the settings, then by the log-in server.

        A server that does not answer changes nothing: notebooks must not depend on it.
        """
        auth_state = await user.get_auth_state()
        if self.enable_auth_state and not auth_state:
            return False  # of another kind of log-in, or from before the key was lost
        groups = [group.name for group in user.groups]
        known = self._with_rights({"name": user.name, "groups": groups, "admin": user.admin, "auth_state": auth_state})
        if not await self._may_stay(user.name, known):
            return False
        try:
            answer = await maybe_future(super().refresh_user(user, handler, **options))
        except Exception as error:
            if not (is_unreachable(error) or isinstance(error, LoginServerError)):
                raise
            self.log.warning("The log-in server does not answer; %s stays logged in: %s", user.name, error)
            answer = True
        if not isinstance(answer, dict):
            # Without a refresh token an access token just ends, which says nothing of the person.
            stays = bool(answer) or not (auth_state or {}).get("refresh_token", True)
            # `groups` is None for those that are stored, which stay.
            return {**known, "groups": None} if stays and known["admin"] != user.admin else stays
        answer = self._with_rights(answer)
        return answer if await self._may_stay(user.name, answer) else False

    def add_user(self, user: StoredUser) -> Any:  # noqa: ANN401 - as the base class has it
        """Take up somebody from the database when the hub starts, without the rights that they no longer have."""
        self._reclaim(user)
        return super().add_user(user)

    def _reclaim(self, user: StoredUser) -> None:
        listed = user.name in self.admin_users
        if user.admin and not (listed or self.admins_are_members_of & {group.name for group in user.groups}):
            self.log.warning("%s is no longer an admin", user.name)
            user.admin = False
            # Else JupyterHub, which looks at roles next, makes an admin of them again (init_role_assignment).
            user.roles = [role for role in user.roles if role.name != "admin"]
        if self.decided_by_name and not listed and user.name not in self.allowed_users:
            # What JupyterHub does to people on this list at its start: no roles, no groups, no server.
            self.blocked_users.add(user.name)

    def _with_rights(self, person: Person) -> Person:
        name = self.normalize_username(person["name"])
        if name in self.admin_users:
            return {**person, "admin": True}
        if self.admins_are_members_of:
            return {**person, "admin": bool(self.admins_are_members_of & set(person.get("groups") or []))}
        return person

    async def _may_stay(self, name: str, person: Person) -> bool:
        if not self.check_blocked_users(name, person):
            return False
        return await self.check_allowed(name, person)


def with_access_rules(authenticator: type[Authenticator]) -> type[Authenticator]:
    """This authenticator, under the rules; its options keep their names."""
    return type(authenticator.__name__, (AccessRules, authenticator), {})
