"""The hub's routes: written to a file that Traefik watches, and looked up in Traefik's API."""

import os
import re
import tomllib
from pathlib import Path
from typing import Any, TextIO
from urllib.parse import unquote

import toml  # type: ignore[import-untyped]  # its author ships no types
from jupyterhub.utils import exponential_backoff
from jupyterhub_traefik_proxy.fileprovider import TraefikFileProviderProxy
from jupyterhub_traefik_proxy.traefik_utils import TraefikConfigFileHandler
from traitlets import Bunch, default, observe
from traitlets.config import Config

from images.hub.runtime import ROUTES_FOLDER, WAIT_FOR_HUB, HubRuntime, HubSecrets

# Percent-encoded reserved characters (RFC 3986, 2.2) and the percent sign itself.
_RESERVED = re.compile("%(?:3A|2F|3F|23|5B|5D|40|21|24|26|27|28|29|2A|2B|2C|3B|3D|25)", re.IGNORECASE)
# What cannot stand for itself in a quoted string: quotes, backslashes, and all that is not printable ASCII.
_SPECIAL = re.compile(r"[^ !#-\[\]-~]")


class TraefikRoutes(TraefikFileProviderProxy):
    """The file provider, with rules that hold for every user name.

    Upstream's rules quote a name in backticks, which a name may hold: who could choose theirs freely could route
    other people's requests to themselves. And they decode a name wholly, where Traefik keeps reserved characters of a
    request encoded, so that a server of `o'neil` or `a+b@example.org` is never found.
    """

    @default("dynamic_config_handler")
    def _default_handler(self) -> "RoutesFile":
        return RoutesFile(self.dynamic_config_file)

    @observe("dynamic_config_file")
    def _set_dynamic_config_file(self, change: Bunch) -> None:
        self.dynamic_config_handler = RoutesFile(change.new)

    async def _wait_for_route(self, routespec: str) -> None:
        """Wait until Traefik has read a route, which it has within milliseconds; upstream first looks after 100."""
        await exponential_backoff(
            lambda: self._check_for_traefik_service(routespec, "router"),
            f"Traefik did not take the route {routespec}",
            start_wait=0.01,
            scale_factor=1.5,
            max_wait=0.5,
            timeout=self.check_route_timeout,
        )

    def _dynamic_config_for_route(
        self, routespec: str, target: str, data: dict[str, Any]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        traefik, jupyterhub = super()._dynamic_config_for_route(routespec, target, data)
        for router in traefik["http"]["routers"].values():
            router["rule"] = path_rule(routespec)
            if routespec == "/":
                router["middlewares"] = [WAIT_FOR_HUB]
        return traefik, jupyterhub


class RoutesFile(TraefikConfigFileHandler):
    r"""The TOML file that Traefik watches, whatever text is in it.

    Upstream's writer breaks on some: whoever logged in under the name `\x7f` left a file that neither Traefik nor a
    new hub could read, and so ended the start of everybody's server.
    """

    def __init__(self, file_path: str) -> None:
        super().__init__(file_path)
        self._dump = self._write

    def _write(self, data: dict[str, Any], file: TextIO) -> None:
        # Made as a temporary file it would be the hub's alone, and Traefik is another user.
        os.fchmod(file.fileno(), 0o644)
        encoder = toml.TomlEncoder()
        encoder.dump_funcs[str] = quoted
        toml.dump(data, file, encoder=encoder)

    def load(self) -> dict[str, Any]:
        """What the file holds."""
        return tomllib.loads(Path(self.file_path).read_text())


def path_rule(path: str) -> str:
    """Traefik's rule for a percent-encoded path that ends with `/`, and everything below it."""
    # Traefik compares a request's path with unreserved characters decoded and reserved ones as the browser sent
    # them, encoded or not (doc.traefik.io/traefik/security/request-path). A percent sign is never sent by itself, and
    # decoded it would make the rule of `o%27neil` take the requests of `o'neil`.
    kept = _RESERVED.sub(lambda match: "%25" + match[0][1:].upper(), path)
    spellings = dict.fromkeys([unquote(kept), unquote(path.replace("%25", "%2525"))])
    rules = [f"PathPrefix({quoted(spelling)})" for spelling in spellings]
    rules += [f"Path({quoted(spelling.rstrip('/'))})" for spelling in spellings if spelling != "/"]
    return " || ".join(rules)


def quoted(text: str) -> str:
    """A string of Go, in which Traefik's rules are written, and of TOML alike."""
    return '"' + _SPECIAL.sub(lambda match: f"\\U{ord(match[0]):08X}", text) + '"'


def apply_proxy(runtime: HubRuntime, secrets: HubSecrets, c: Config) -> None:
    """Let the hub route through the Traefik that the program runs."""
    c.JupyterHub.proxy_class = TraefikRoutes
    proxy = c.TraefikRoutes
    proxy.should_start = False
    # The program writes the API's router, so that a new password does not meet an old one in this file.
    proxy.enable_setup_dynamic_config = False
    proxy.dynamic_config_file = f"{ROUTES_FOLDER}/hub.toml"
    proxy.traefik_api_url = runtime.proxy.api_url
    proxy.traefik_api_username = runtime.proxy.api_username
    proxy.traefik_api_password = secrets.hub_proxy_api_password
    proxy.traefik_entrypoint = runtime.proxy.entry_point
