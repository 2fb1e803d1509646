"""Accounts that the hub keeps itself."""

from typing import Any

import bcrypt
from nativeauthenticator import NativeAuthenticator
from nativeauthenticator.handlers import ToggleAuthorizationHandler
from nativeauthenticator.orm import UserInfo
from tornado.web import HTTPError
from traitlets import Unicode

_FORBIDDEN = 403


class ApprovalHandler(ToggleAuthorizationHandler):
    """Approves an account, or takes that back, for a click on the hub's own page alone."""

    async def get(self, slug: str) -> None:
        """Upstream acts upon a link, which an admin could be led to follow from anywhere."""
        if self.request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
            raise HTTPError(_FORBIDDEN, "Approve accounts on the hub's own page, /hub/authorize.")
        await super().get(slug)


class Native(NativeAuthenticator):
    """Upstream's accounts, of which nobody gets one by being first.

    Upstream approves at once whoever signs up with the name of an admin, or of somebody who is allowed.
    """

    admin_password = Unicode("", help="Password of admins who have no account yet.").tag(config=True)

    def get_authed_users(self) -> set[str]:
        """Names that are approved: by an admin, and in no other way."""
        return {info.username for info in UserInfo.all_users(self.db) if info.is_authorized}

    def add_user(self, user: Any) -> Any:  # noqa: ANN401 - as the base class has it
        """Take up somebody whom the hub knows; an admin's account is made before anybody else can take the name."""
        if user.name in self.admin_users and not self.user_exists(user.name):
            password = bcrypt.hashpw(self.admin_password.encode(), bcrypt.gensalt())
            self.db.add(UserInfo(username=user.name, password=password, is_authorized=True))
            self.db.commit()
        return super().add_user(user)

    def get_handlers(self, app: Any) -> list[tuple[str, type]]:  # noqa: ANN401 - as the base class has it
        """Pages for signing up, approving and changing passwords."""
        return [
            (path, ApprovalHandler if page is ToggleAuthorizationHandler else page)
            for path, page in super().get_handlers(app)
        ]
