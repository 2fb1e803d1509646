"""CAS, the Central Authentication Service (apereo.github.io/cas, protocol 3.0)."""

import json
import secrets
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

from jupyterhub.auth import Authenticator
from jupyterhub.handlers import BaseHandler, LogoutHandler
from jupyterhub.utils import url_path_join
from tornado.httpclient import AsyncHTTPClient
from tornado.web import HTTPError
from traitlets import Dict, Unicode

from images.hub.login_server import LoginServerError

_NAMESPACE = "{http://www.yale.edu/tp/cas}"
_COOKIE = "cas-state"
_FORBIDDEN = 403


class CasLoginHandler(BaseHandler):
    """Sends people to the CAS server."""

    async def get(self) -> None:
        """Go to the server's log-in page, with a word that only this browser can bring back."""
        state = secrets.token_urlsafe(32)
        left = json.dumps({"state": state, "next": self.get_argument("next", "")})
        self._set_cookie(_COOKIE, left, expires_days=1, samesite="Lax")
        service = self.authenticator.service_url(state)
        self.redirect(f"{self.authenticator.cas_url}/login?{urlencode({'service': service})}")


class CasCallbackHandler(BaseHandler):
    """Where the CAS server sends people back to."""

    async def get(self) -> None:
        """Log in whom the server vouches for.

        Raises:
            HTTPError: 403 where this browser did not ask for it, or the server does not vouch, or no rule lets them in.
        """
        left = json.loads(self.get_secure_cookie(_COOKIE) or "{}")
        self.clear_cookie(_COOKIE)
        state = self.get_argument("state", "")
        # CAS has no state of its own: without it somebody could log another's browser in as themselves.
        if not state or not secrets.compare_digest(state.encode(), str(left.get("state", "")).encode()):
            raise HTTPError(_FORBIDDEN, "This log-in was not begun in this browser. Begin anew at the log-in page.")
        user = await self.login_user({"ticket": self.get_argument("ticket", ""), "state": state})
        if user is None:
            raise HTTPError(_FORBIDDEN, "Sorry, you are not let in here.")
        # The hub's own check of where to go next reads it from here; neither ticket nor state goes on from here.
        self.request.arguments = {"next": [str(left.get("next", "")).encode()]}
        self.redirect(self.get_next_url(user))


class CasLogoutHandler(LogoutHandler):
    """Logs out of the hub and of the CAS server, whose log-in would else let anybody at this browser in again."""

    async def render_logout_page(self) -> None:
        """Go to the server's log-out page."""
        self.redirect(f"{self.authenticator.cas_url}/logout")


class Cas(Authenticator):
    """Log-in by a CAS server, on JupyterHub's own way to log people in, so that every allow rule holds.

    The one on the package index bypasses them and breaks at log-out (jhub-cas-authenticator 1.0.2 on JupyterHub 6).
    """

    cas_url = Unicode(help="Address of the server.").tag(config=True)
    callback_url = Unicode(help="Address of the hub that the server sends people back to.").tag(config=True)
    username_attribute = Unicode("", help="Attribute that holds the user name.").tag(config=True)
    groups_attribute = Unicode("", help="Attribute that holds the groups.").tag(config=True)
    http_request_kwargs = Dict(help="Options of the hub's requests to the server.").tag(config=True)
    login_service = Unicode("CAS", help="Name of the server on the log-in button.").tag(config=True)

    def login_url(self, base_url: str) -> str:
        """Where the log-in button leads."""
        url: str = url_path_join(base_url, "cas_login")
        return url

    def get_handlers(self, _: Any) -> list[tuple[str, type[BaseHandler]]]:  # noqa: ANN401 - as the base class has it
        """Pages of the log-in."""
        return [
            ("/cas_login", CasLoginHandler),
            ("/cas_callback", CasCallbackHandler),
            ("/logout", CasLogoutHandler),
        ]

    def service_url(self, state: str) -> str:
        """What the ticket is for."""
        return f"{self.callback_url}?{urlencode({'state': state})}"

    async def authenticate(self, _: BaseHandler, data: dict[str, str]) -> dict[str, Any] | None:
        """Whom the server says this ticket is of; nobody where it does not know it (any more).

        Raises:
            OSError, tornado.httpclient.HTTPClientError: the server does not answer.
            LoginServerError: it answers something else than CAS.
        """
        if not data["ticket"]:
            return None
        query = urlencode({"service": self.service_url(data["state"]), "ticket": data["ticket"]})
        address = f"{self.cas_url}/p3/serviceValidate"
        answer = await AsyncHTTPClient().fetch(f"{address}?{query}", **self.http_request_kwargs)
        try:
            document = ElementTree.fromstring(answer.body)  # noqa: S314 - of the server that decides who logs in
        except ElementTree.ParseError:
            raise LoginServerError(f"{address} answers no XML; is auth.cas_url right?") from None
        success = document.find(f"{_NAMESPACE}authenticationSuccess")
        if success is None:
            failure = document.find(f"{_NAMESPACE}authenticationFailure")
            self.log.warning("The CAS server refuses a ticket: %s", "" if failure is None else failure.get("code"))
            return None
        return self._person(success)

    def _person(self, success: ElementTree.Element) -> dict[str, Any]:
        attributes: dict[str, list[str]] = {}
        for element in success.findall(f"{_NAMESPACE}attributes/*"):
            attributes.setdefault(element.tag.removeprefix(_NAMESPACE), []).append((element.text or "").strip())
        name = (success.findtext(f"{_NAMESPACE}user") or "").strip()
        if self.username_attribute:
            values = attributes.get(self.username_attribute, [])
            if len(values) != 1:
                raise LoginServerError(
                    f"it tells {len(values)} values of {self.username_attribute}, which auth.username_attribute names; "
                    f"it tells {', '.join(sorted(attributes)) or 'no attributes'}"
                )
            name = values[0]
        person: dict[str, Any] = {"name": name}
        if self.manage_groups:
            person["groups"] = sorted(set(attributes.get(self.groups_attribute, [])))
        return person
