"""The rules of who may use the hub, enforced for every kind of log-in, while people use it and not only at log-in."""

import asyncio
import math
import time
from http import HTTPStatus
from pathlib import Path
from typing import Any

from jupyterhub.auth import Authenticator
from jupyterhub.handlers import BaseHandler
from jupyterhub.orm import User as StoredUser
from jupyterhub.user import User
from jupyterhub.utils import maybe_future
from tornado.httpclient import HTTPClientError
from tornado.ioloop import IOLoop
from tornado.web import HTTPError
from traitlets import Set, Unicode

from images.hub.log_in_change import forget_other_log_ins
from images.hub.login_server import LoginServerError, failures_as_pages, is_unreachable

Person = dict[str, Any]
"""What an authenticator says of somebody: `name`, `admin`, `groups`, `auth_state`."""


class AccessRules(Authenticator):
    """Put before an authenticator, it lets in whom the settings name, and nobody for longer than they do."""

    members_of = Set(Unicode(), help="Groups whose members are let in.").tag(config=True, allow_config=True)
    admins_are_members_of = Set(Unicode(), help="Groups whose members are admins.").tag(config=True)
    log_in = Unicode("", help="What differs where somebody else says who people are.").tag(config=True)
    log_in_file = Unicode("", help="Where the hub notes it; nothing is noted without.").tag(config=True)

    _forgotten: frozenset[str] = frozenset()

    def check_allow_config(self) -> None:
        """What the hub has checked when it starts, before it takes up anybody from its database."""
        super().check_allow_config()
        if self.log_in_file:
            file = Path(self.log_in_file)
            self._forgotten = forget_other_log_ins(self.parent.db, file, self.log_in, self.log)

    async def authenticate(self, handler: BaseHandler, data: Any, **options: Any) -> Person | None:  # noqa: ANN401
        """Who logs in; where the log-in server does not answer, the page says so."""
        with failures_as_pages(self.log):
            answer = await maybe_future(super().authenticate(handler, data, **options))
        if answer is None:
            return None
        person = answer if isinstance(answer, dict) else {"name": answer}
        _note_end(person.get("auth_state"))
        return self._with_rights(person)

    async def check_allowed(self, username: str, authentication: Person | None = None) -> bool:
        """Whether a rule lets this person in."""
        groups = set((authentication or {}).get("groups") or [])
        if groups & (self.members_of | self.admins_are_members_of):
            return True
        return bool(await maybe_future(super().check_allowed(username, authentication)))

    async def refresh_user(self, user: User, handler: BaseHandler | None = None, **options: Any) -> bool | Person:  # noqa: ANN401
        """Whether somebody who is logged in still may be, by the settings and what the log-in server says now.

        A server that does not answer changes nothing: notebooks must not depend on it. Whoever no rule lets in any
        more loses their servers too, whose code would run on.
        """
        known = await self._known(user)
        if known is None:
            return False
        answer = await self._ask_again(user, handler, known, **options)
        person = self._with_rights({**known, **answer} if isinstance(answer, dict) else known)
        if not await self._may_stay(user.name, person):
            await self._stop_servers(user)
            return False
        if isinstance(answer, dict):
            return person
        # `groups` is None for those that are stored, which stay.
        return {**person, "groups": None} if answer and person["admin"] != user.admin else answer

    def get_handlers(self, app: Any) -> list[tuple[str, type[BaseHandler]]]:  # noqa: ANN401 - as the base class has it
        """Pages of the log-in; asked for once, when the hub starts."""
        IOLoop.current().add_callback(self.look_at_running_servers, app)
        handlers: list[tuple[str, type[BaseHandler]]] = super().get_handlers(app)
        return handlers

    async def look_at_running_servers(self, app: Any) -> None:  # noqa: ANN401 - JupyterHub has no types
        """Stop, once the hub has started, the servers of those whom the settings no longer let in."""
        await app._start_future
        for user in list(app.users.values()):
            while any(spawner.pending == "check" for spawner in user.spawners.values()):
                await asyncio.sleep(1)  # JupyterHub looks whether they run
            try:
                await self._look_at(user)
            except Exception:
                self.log.exception("Not known whether %s may keep a server", user.name)

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

    async def _known(self, user: User) -> Person | None:
        if user.name in self._forgotten and not user._auth_refreshed:
            return None  # has not logged in since; only their server, which reports to the hub, is still there
        auth_state = await user.get_auth_state()
        if self.enable_auth_state and not auth_state:
            return None  # of another kind of log-in, or from before the key was lost
        groups = [group.name for group in user.groups]
        return {"name": user.name, "groups": groups, "admin": user.admin, "auth_state": auth_state}

    async def _ask_again(self, user: User, handler: BaseHandler | None, known: Person, **options: Any) -> bool | Person:  # noqa: ANN401
        try:
            answer = await maybe_future(super().refresh_user(user, handler, **options))
        except Exception as error:
            if not (is_unreachable(error) or isinstance(error, LoginServerError)):
                raise
            self.log.warning("The log-in server does not answer; %s stays logged in: %s", user.name, error)
            return True
        if isinstance(answer, dict):
            return {**answer, "name": user.name}
        return bool(answer) or _merely_ended(known["auth_state"] or {})

    async def _look_at(self, user: User) -> None:
        known = await self._known(user)
        if known is None or await self._may_stay(user.name, self._with_rights(known)):
            return
        # Groups are not stored from before a rule named any: where somebody can be asked, they say how it is.
        answer = await self.refresh_user(user)
        if isinstance(answer, dict):
            await user.save_auth_state(answer["auth_state"])  # some servers take a refresh token once

    async def _stop_servers(self, user: User) -> None:
        # One that just starts reports to the hub when it has, as its owner, and is stopped then.
        for name, spawner in [each for each in user.spawners.items() if each[1].ready]:
            self.log.warning("Stopping a server of %s, whom no rule lets in any more", user.name)
            spawner._stop_pending = True  # as the hub's own page does, before anything else can
            try:
                await self.parent.proxy.delete_user(user, name)
                await user.stop(name)
            except Exception:
                self.log.exception("A server of %s is not stopped", user.name)
            finally:
                spawner._stop_pending = False

    def _with_rights(self, person: Person) -> Person:
        name = self.normalize_username(person["name"])
        if name in self.admin_users:
            return {**person, "admin": True}
        if self.admins_are_members_of:
            return {**person, "admin": bool(self.admins_are_members_of & set(person.get("groups") or []))}
        return person

    async def _may_stay(self, name: str, person: Person) -> bool:
        try:
            if not await maybe_future(self.check_blocked_users(name, person)):
                return False
            return await self.check_allowed(name, person)
        except HTTPError as refusal:
            if refusal.status_code != HTTPStatus.FORBIDDEN:
                raise
            return False  # as an authenticator may say it, with a text for the page of the log-in
        except (HTTPClientError, LoginServerError, OSError, TimeoutError) as error:
            # Some authenticators ask for their own rules, with a token that may be over (oauthenticator's for GitHub).
            self.log.warning("The log-in server does not say whether %s may stay: %s", name, error)
            return True


def _note_end(auth_state: Person | None) -> None:
    """Note when the access token is over, in what the authenticator keeps with it."""
    token = (auth_state or {}).get("token_response")
    if isinstance(token, dict) and token.get("expires_in"):
        token["expires_at"] = time.time() + float(token["expires_in"])


def _merely_ended(auth_state: Person) -> bool:
    """Whether the token that the server refuses had to end by now, with nothing that could renew it.

    That says nothing of the person. One that is refused before, or that has no end (GitHub's), was taken back.
    """
    token = auth_state.get("token_response") or {}
    return not auth_state.get("refresh_token") and time.time() >= token.get("expires_at", math.inf)


def with_access_rules(authenticator: type[Authenticator]) -> type[Authenticator]:
    """This authenticator, under the rules; its options keep their names."""
    return type(authenticator.__name__, (AccessRules, authenticator), {})
