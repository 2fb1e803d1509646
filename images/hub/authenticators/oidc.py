"""OpenID Connect, with the server's addresses from its own document."""

import json
from typing import Any

from jupyterhub.handlers import BaseHandler
from oauthenticator.generic import GenericOAuthenticator
from oauthenticator.oauth2 import OAuthLoginHandler
from tornado.httpclient import HTTPRequest
from tornado.ioloop import IOLoop
from traitlets import Unicode

from images.hub.login_server import LoginServerError, failures_as_pages

# Options of the hub, and where the server's document has them.
_ADDRESSES = {
    "authorize_url": "authorization_endpoint",
    "token_url": "token_endpoint",
    "userdata_url": "userinfo_endpoint",
}


class DiscoveringLoginHandler(OAuthLoginHandler):
    """Sends people to the server, once it is known where that is."""

    async def get(self) -> None:
        """Go to the server's log-in page."""
        with failures_as_pages(self.log):
            await self.authenticator.discover()
        super().get()


class Oidc(GenericOAuthenticator):
    """OpenID Connect; of its addresses, those that no option says are the server's own (OpenID Connect Discovery 1.0).

    A hub must come up while its log-in server is away, so what it fails to find out at its start it asks for again at
    the next log-in.
    """

    issuer = Unicode("", help="Address of the server, as its document has it; none for a server without one.").tag(
        config=True
    )
    login_handler = DiscoveringLoginHandler

    async def discover(self) -> None:
        """Find out the server's addresses, unless they are known.

        Raises:
            OSError, tornado.httpclient.HTTPClientError: it does not answer.
            LoginServerError: its document is not one, or another server's.
        """
        if not self.issuer or self.userdata_url:
            return
        address = f"{self.issuer}/.well-known/openid-configuration"
        request = HTTPRequest(address, **self.http_request_kwargs)
        answer = await self.fetch(request, "discovering the log-in server", parse_json=False)
        try:
            document = json.loads(answer.body)
            found = {option: str(document[name]) for option, name in _ADDRESSES.items()}
            issuer = str(document["issuer"])
        except (ValueError, TypeError, KeyError) as error:
            raise LoginServerError(f"{address} is no OpenID configuration: {error!r}") from None
        # Else whoever can change the document decides for whom it speaks (section 4.3).
        if issuer.rstrip("/") != self.issuer:
            raise LoginServerError(f"{address} is of {issuer}; write that as auth.issuer")
        if plain := [url for url in found.values() if not url.startswith("https://")]:
            raise LoginServerError(f"{address} names {plain[0]}, which is not https")
        for option, url in found.items():
            setattr(self, option, url)
        self.log.info("The log-in server is %s", self.issuer)

    def get_handlers(self, app: Any) -> list[tuple[str, type[BaseHandler]]]:  # noqa: ANN401 - as the base class has it
        """Pages of the log-in; asked for once, when the hub starts."""
        IOLoop.current().add_callback(self._discover_at_start)
        handlers: list[tuple[str, type[BaseHandler]]] = super().get_handlers(app)
        return handlers

    async def authenticate(self, handler: BaseHandler, data: Any = None, **options: Any) -> Any:  # noqa: ANN401
        """Who comes back from the server."""
        await self.discover()
        return await super().authenticate(handler, data, **options)

    async def refresh_user(self, user: Any, handler: Any = None, **options: Any) -> Any:  # noqa: ANN401
        """Ask the server again."""
        await self.discover()
        return await super().refresh_user(user, handler, **options)

    def user_info_to_username(self, user_info: dict[str, Any]) -> str:
        """The name that the server's answer gives somebody.

        Raises:
            LoginServerError: it gives none; upstream's error would put the whole answer into the log.
        """
        claim = self.username_claim
        name = claim(user_info) if callable(claim) else user_info.get(claim)
        if not isinstance(name, str) or not name:
            told = ", ".join(sorted(user_info))
            raise LoginServerError(
                f"it tells no {claim}, which auth.username_claim names, as a text; it tells {told or 'nothing'}"
            )
        return name

    async def get_user_groups(self, auth_state: dict[str, Any]) -> set[str]:
        """The groups that the server's answer gives somebody; of a single word upstream would make its letters."""
        key = self.auth_state_groups_key
        value: Any = auth_state
        for step in [] if callable(key) else key.split("."):
            value = value.get(step) if isinstance(value, dict) else None
        if isinstance(value, str):
            return {value} if value else set()
        groups: set[str] = await super().get_user_groups(auth_state)
        return groups

    async def _discover_at_start(self) -> None:
        try:
            await self.discover()
        except Exception as error:
            self.log.warning("The log-in server is not found, and looked for again at the next log-in: %s", error)
