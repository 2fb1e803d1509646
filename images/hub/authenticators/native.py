"""Accounts that the hub keeps itself."""

from collections.abc import Mapping
from typing import Any

import bcrypt
from jupyterhub.handlers.login import LoginHandler
from nativeauthenticator import NativeAuthenticator
from nativeauthenticator.handlers import DiscardHandler, LocalBase, ToggleAuthorizationHandler
from nativeauthenticator.handlers import LoginHandler as BrokenLoginHandler
from nativeauthenticator.orm import UserInfo
from tornado.web import HTTPError
from traitlets import Unicode

_BAD_REQUEST = 400
_FORBIDDEN = 403
# bcrypt 5 raises ValueError for more.
_LONGEST_PASSWORD = 72


class Form(LocalBase):
    """A page of upstream's, whose forms carry the word against forged requests, which they ask for and never got."""

    def render_template(self, name: str, **values: Any) -> Any:  # noqa: ANN401 - as the base class has it
        """Text of the page."""
        return super().render_template(name, xsrf=self.xsrf_token.decode("ascii"), **values)

    async def post(self, *names: str) -> None:
        """Take what was filled in.

        Raises:
            HTTPError: 400 for a password that cannot be kept.
        """
        fields = self.request.body_arguments.items()
        if any(len(value) > _LONGEST_PASSWORD for name, values in fields if "password" in name for value in values):
            raise HTTPError(
                _BAD_REQUEST, f"A password has at most {_LONGEST_PASSWORD} bytes; a letter with an accent takes two."
            )
        await super().post(*names)


class Deed(LocalBase):
    """A page that approves or discards an account as soon as it is called.

    Upstream does so for any link, which an admin could be led to follow from anywhere.
    """

    async def get(self, name: str) -> None:
        """Do it for a click on the hub's own page alone."""
        if self.request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
            raise HTTPError(_FORBIDDEN, "Approve accounts on the hub's own page, /hub/authorize.")
        await super().get(name)


class Native(NativeAuthenticator):
    """Upstream's accounts, of which nobody gets one by being first.

    Upstream approves at once whoever signs up with the name of an admin, or of somebody who is allowed. Its log-in page
    fails on JupyterHub 6 (1.3.0), whose own is used instead.
    """

    admin_password = Unicode("", help="Password of admins who have no account yet.").tag(config=True)

    def get_authed_users(self) -> set[str]:
        """Names that are approved: by an admin, and in no other way."""
        return {info.username for info in UserInfo.all_users(self.db) if info.is_authorized}

    async def authenticate(self, handler: object, data: Mapping[str, str]) -> str | None:
        """Who logs in with this name and password.

        Raises:
            HTTPError: 403 for the right password of somebody whom no admin has approved.
        """
        if len(data["password"].encode()) > _LONGEST_PASSWORD:
            return None
        name: str | None = await super().authenticate(handler, data)
        account = self.get_user(data["username"])
        if name is None and account and not account.is_authorized and account.is_valid_password(data["password"]):
            raise HTTPError(_FORBIDDEN, "No admin has approved this account yet.")
        return name

    async def refresh_user(self, user: Any, handler: Any = None, **options: Any) -> Any:  # noqa: ANN401 - likewise
        """Whether somebody's account is still there, and approved."""
        account = self.get_user(user.name)
        if account is None or not account.is_authorized:
            return False
        return await super().refresh_user(user, handler, **options)

    def add_user(self, user: Any) -> Any:  # noqa: ANN401 - as the base class has it
        """Take up somebody whom the hub knows; an admin's account is made before anybody else can take the name."""
        if user.name in self.admin_users:
            self._give_account(user.name)
        return super().add_user(user)

    def _give_account(self, admin: str) -> None:
        account = self.get_user(admin)
        if account and account.is_authorized:
            return
        if account:
            # Somebody signed up with the name before its owner became an admin.
            self.log.warning("%s is an admin: the account that nobody approved makes room for their own", admin)
            self.db.delete(account)
        password = bcrypt.hashpw(self.admin_password.encode(), bcrypt.gensalt())
        self.db.add(UserInfo(username=admin, password=password, is_authorized=True))
        self.db.commit()

    def get_handlers(self, app: Any) -> list[tuple[str, type]]:  # noqa: ANN401 - as the base class has it
        """Pages for signing up, approving and changing passwords."""
        return [(path, _mended(page)) for path, page in super().get_handlers(app)]


def _mended(page: type) -> type:
    if page is BrokenLoginHandler:
        return LoginHandler  # type: ignore[no-any-return]
    rule = Deed if page in (ToggleAuthorizationHandler, DiscardHandler) else Form
    return type(page.__name__, (rule, page), {})
