"""The hub, configured as in its container but never started: real objects made from the program's settings."""

import asyncio
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from jupyterhub.app import JupyterHub
from jupyterhub.auth import Authenticator
from traitlets.config import Configurable

from components.hub_runtime import hub_runtime
from components.names import Names
from images.hub.proxy import TraefikRoutes
from images.hub.runtime import HubRuntime
from images.hub.spawner import UserServerSpawner
from settings.problems import validate_settings

CHECKOUT = Path(__file__).resolve().parents[3]
STACK = "jupyterhub-test"
NOTEBOOK_IMAGE = "jhub.invalid/jupyterhub/notebook:0123456789abcdef"

SETTINGS: Mapping[str, object] = {
    "site": {"domain": "hub.example.org", "bind_address": "127.0.0.1"},
    "tls": {"kind": "self_signed"},
    "auth": {"kind": "shared_password"},
    "access": {"allowed_users": ["alice", "bob"], "admins": ["carol"]},
    # Without a firewall whose heartbeat every start would wait for.
    "network": {"isolation": "off", "egress": "open"},
}
SECRETS: Mapping[str, str] = {
    "JPY_COOKIE_SECRET": "a1" * 32,
    "JUPYTERHUB_CRYPT_KEY": "b2" * 32,
    "HUB_PROXY_API_PASSWORD": "the-password-of-traefik",
    "HUB_USER_PASSWORD": "for-everybody",
    "HUB_ADMIN_PASSWORD": "for-admins-and-of-forty-characters-in-all",
}

# Sites that differ in what the hub is told.
SITES: dict[str, dict[str, object]] = {
    "smallest": {},
    "dummy": {"auth": {"kind": "dummy"}, "access": {"allow_all": True}},
    "open": {"access": {"allow_all": True, "admins": ["carol"]}},
    "published image": {
        "notebooks": {"image": {"kind": "published", "reference": "quay.io/jupyter/scipy-notebook:hub-6.1.1"}}
    },
    "large": {
        "notebooks": {"limits": {"memory": "4G", "cpu": 2, "pids": 1024}, "environment": {"COURSE": "{username}"}},
        "idle": {"server_timeout": "2h", "max_age": "7d"},
        "hub": {"active_server_limit": 200, "concurrent_spawn_limit": 16, "docker_threads": 32},
    },
    "never idle": {"idle": {"server_timeout": "0s", "max_age": "0s", "kernel_timeout": "0s"}},
}


def runtime_of(**concerns: object) -> HubRuntime:
    """What the program tells the hub of a site with these settings."""
    settings = validate_settings({**SETTINGS, **concerns})
    return hub_runtime(settings, Names(project="jupyterhub", stack="test"), NOTEBOOK_IMAGE)


def put_config_file(folder: Path, site_files: Mapping[str, str]) -> Path:
    """Copy the hub's configuration file into a folder, with a site's own files beside it."""
    own = folder / "jupyterhub_config.d"
    own.mkdir(exist_ok=True)
    for name, content in site_files.items():
        (own / name).write_text(content)
    return Path(shutil.copy(CHECKOUT / "images/hub/jupyterhub_config.py", folder))


class ConfiguredHub:
    """A hub that has read its configuration, and what it would make of it."""

    def __init__(self, config_file: Path) -> None:
        self.app = JupyterHub()
        self.app.load_config_file(str(config_file))

    @property
    def authenticator(self) -> Authenticator:
        """What decides at the log-in."""
        return self.app.authenticator_class(parent=self.app)

    def spawner(self, user: str = "alice", server_name: str = "") -> UserServerSpawner:
        """What starts a server of this user."""
        hub = SimpleNamespace(public_host="", base_url="/hub/", api_url=f"{self.app.hub_connect_url}/hub/api")
        person = SimpleNamespace(name=user, id=1, url=f"/user/{user}/", settings={})
        orm_spawner = SimpleNamespace(name=server_name, display_name=server_name, server=None, user_options={})
        spawner: UserServerSpawner = self.app.spawner_class(
            parent=self.app, user=person, orm_spawner=orm_spawner, hub=hub, api_token="of-this-server"
        )
        return spawner

    def proxy(self) -> TraefikRoutes:
        """What writes routes, without its look for a Traefik that runs."""

        async def make() -> TraefikRoutes:
            proxy: TraefikRoutes = self.app.proxy_class(parent=self.app)
            proxy._start_future.cancel()
            proxy._start_future = None
            return proxy

        return asyncio.run(make())

    def unknown_options(self) -> list[str]:
        """Options of the configuration that nothing of this hub has."""
        objects: Iterable[type[Configurable]] = [
            type(self.app),
            self.app.authenticator_class,
            self.app.spawner_class,
            self.app.proxy_class,
        ]
        classes: dict[str, list[type[Configurable]]] = {}
        for made in objects:
            for base in made.__mro__:
                classes.setdefault(base.__name__, []).append(base)
        found: list[str] = []
        for section, options in self.app.config.items():
            known: set[str] = set()
            for option_class in classes.get(section, []):
                known.update(getattr(option_class, "class_trait_names", _none)(config=True))
            found += [f"{section}.{option}" for option in options if option not in known]
        return found


def _none(**_: Any) -> list[str]:  # noqa: ANN401 - whatever it is asked
    return []
