"""Microsoft Entra ID, asked anew about people who are logged in."""

from http import HTTPStatus
from typing import Any

from jupyterhub.handlers import BaseHandler
from jupyterhub.user import User
from oauthenticator.azuread import AzureAdOAuthenticator
from tornado.httpclient import HTTPClientError


class AzureAd(AzureAdOAuthenticator):
    """Upstream's log-in with Entra ID, whose word about people who are logged in counts.

    Upstream reads the ID token of their log-in once more, which says the same for ever: somebody who was taken out of a
    group, or whose account was closed, would stay. Only a new token says how it is now.
    """

    async def refresh_user(self, user: User, handler: BaseHandler | None = None, **_: object) -> bool | dict[str, Any]:
        """What Entra ID says of somebody now; false where it says that they are nobody.

        Raises:
            OSError, tornado.httpclient.HTTPClientError: it does not answer.
        """
        refresh_token = (await user.get_auth_state() or {}).get("refresh_token")
        if not refresh_token:
            return False
        try:
            token = await self.get_token_info(handler, self.build_refresh_token_request_params(refresh_token))
        except HTTPClientError as error:
            if error.code < HTTPStatus.INTERNAL_SERVER_ERROR:
                return False
            raise
        # A server that gives no new one means that the old one stays good (RFC 6749, section 6).
        person: dict[str, Any] = await self._token_to_auth_model({"refresh_token": refresh_token, **token})
        return person
