"""The hub, configured as in its container but never started: real objects made from the program's settings."""

import asyncio
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from jupyterhub.app import JupyterHub
from jupyterhub.auth import Authenticator
from sqlalchemy import create_engine
from sqlalchemy.orm import Session
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
    "HUB_AUTH_SECRET": "what-the-log-in-server-gave-the-hub",
}

_CLIENT = {"client_id": "jupyterhub"}
_GROUPS = {"allowed_groups": ["physics"], "admin_groups": ["staff"]}
LOG_INS: dict[str, dict[str, object]] = {
    "native": {"auth": {"kind": "native"}},
    "native, open": {"auth": {"kind": "native", "open_signup": True}},
    "oidc": {"auth": {"kind": "oidc", "issuer": "https://login.example.org", **_CLIENT}, "access": _GROUPS},
    "oidc by addresses": {
        "auth": {
            "kind": "oidc",
            "authorize_url": "https://login.example.org/authorize",
            "token_url": "https://login.example.org/token",
            "userdata_url": "https://login.example.org/me",
            "groups_claim": "realm.roles",
            "login_service": "Campus",
            "auto_login": True,
            **_CLIENT,
        }
    },
    "gitlab": {"auth": {"kind": "gitlab", "gitlab_url": "https://gitlab.example.org", **_CLIENT}, "access": _GROUPS},
    "gitlab by projects": {"auth": {"kind": "gitlab", "allowed_project_ids": [7, 3], **_CLIENT}, "access": {}},
    "github": {"auth": {"kind": "github", **_CLIENT}, "access": _GROUPS},
    "google": {
        "auth": {"kind": "google", "hosted_domain": ["example.org"], **_CLIENT},
        "access": {"allow_all": True},
    },
    "azuread": {
        "auth": {"kind": "azuread", "tenant_id": "01234567-89ab-cdef-0123-456789abcdef", **_CLIENT},
        "access": _GROUPS,
    },
    "ldap by pattern": {
        "auth": {
            "kind": "ldap",
            "server_address": "ldap.example.org",
            "bind_dn_template": ["uid={username},ou=people,dc=example,dc=org"],
        }
    },
    "ldap by search": {
        "auth": {
            "kind": "ldap",
            "server_address": "ldap.example.org",
            "tls_strategy": "on_connect",
            "user_search_base": "ou=people,dc=example,dc=org",
            "lookup_dn_search_user": "cn=hub,dc=example,dc=org",
            "group_search_base": "ou=groups,dc=example,dc=org",
        },
        "access": _GROUPS,
    },
    "cas": {
        "auth": {"kind": "cas", "cas_url": "https://cas.example.org/cas", "groups_attribute": "memberOf"},
        "access": _GROUPS,
    },
    "custom": {
        "auth": {
            "kind": "custom",
            "authenticator_class": "oauthenticator.auth0.Auth0OAuthenticator",
            "options": {"auth0_domain": "example.org", "client_id": "hub"},
            "secret_option": "client_secret",
        }
    },
}
# Sites that differ in what the hub is told.
SITES: dict[str, dict[str, object]] = {
    **LOG_INS,
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
        database = Session(create_engine("sqlite:///:memory:"))
        return self.app.authenticator_class(parent=self.app, _deprecated_db_session=database)

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
