"""What the program hands the hub: settings in a file that previews show, secrets in the environment.

Imported by the program and by the hub; needs nothing but pydantic and the standard library.
"""

import os
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, JsonValue

# Where the program uploads the settings, and what the image's folders are for.
RUNTIME_FILE = PurePosixPath("/etc/jupyterhub/runtime.json")
# The authority of the log-in server, where the operator named one.
AUTH_CA_FILE = PurePosixPath("/etc/jupyterhub/auth-ca.pem")
# What the container that has Traefik ask for certificates is told.
CERTIFICATE_REQUEST_FILE = PurePosixPath("/etc/jupyterhub/certificate-request.json")
DATA_FOLDER = PurePosixPath("/srv/jupyterhub/data")
ROUTES_FOLDER = PurePosixPath("/srv/jupyterhub/routes")
HUB_PORT = 8081
USER_SERVER_PORT = 8888
# The socket that the hub reaches Docker through, and the user that may use it (images/hub/Dockerfile).
DOCKER_SOCKET = PurePosixPath("/run/docker-api/docker.sock")
HUB_USER = 10000
# What the program calls the part of Traefik's configuration that has requests wait for a hub that is being replaced.
WAIT_FOR_HUB = "wait-for-hub"
# Where the firewall says that its rules are in force.
HEARTBEAT_FILE = PurePosixPath("/run/firewall/heartbeat.json")
# Options of the cookie that keeps other sites from acting in a user's name, of hub and user servers alike.
XSRF_COOKIE = {"secure": True, "samesite": "Lax"}


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SiteRuntime(_Model):
    """How the hub looks from outside."""

    public_url: str
    title: str


class ProxyRuntime(_Model):
    """How the hub checks that Traefik has a route."""

    api_url: str
    api_username: str
    entry_point: str


class AuthRuntime(_Model):
    """How people log in."""

    kind: str
    authenticator_class: str
    """Module and name of the authenticator."""
    options: dict[str, JsonValue]
    """Its options, by the names that JupyterHub has for them."""
    secret_options: dict[str, str]
    """Those that are secrets: the field of `HubSecrets` for each."""


class AccessRuntime(_Model):
    """Who may use the hub."""

    admins: list[str]
    admin_groups: list[str]
    allowed_users: list[str]
    allowed_groups: list[str]
    allow_all: bool
    allow_existing: bool
    blocked_users: list[str]


class UserServerRuntime(_Model):
    """What the hub starts for a user. Sizes in bytes, times in seconds."""

    image: str
    command: list[str]
    network: str
    resolvers: list[str]
    """Name servers; without any, the engine's own."""
    default_url: str
    home_path: str
    memory_limit: int
    cpu_limit: float
    pids_limit: int
    environment: dict[str, str]
    activity_interval: int
    kernel_timeout: int


class IdleCullerRuntime(_Model):
    """When servers are stopped, in seconds; 0 for never."""

    server_timeout: int
    max_age: int
    check_every: int


class SpawnRuntime(_Model):
    """How many servers may start and run, and how the hub calls Docker."""

    concurrent_spawn_limit: int
    active_server_limit: int
    start_timeout: int
    docker_threads: int


class HubRuntime(_Model):
    """Everything the hub is told, except secrets."""

    stack: str
    """Name of the deployment: the start of every name, and the value of every `jupyterhub.stack` label."""
    hub_url: str
    """Address at which proxy and user servers reach the hub."""
    site: SiteRuntime
    proxy: ProxyRuntime
    auth: AuthRuntime
    access: AccessRuntime
    user_server: UserServerRuntime
    firewall_fingerprint: str | None
    """What the firewall's heartbeat must bear before a server is started; none where there is no firewall."""
    idle_culler: IdleCullerRuntime
    spawn: SpawnRuntime


class CertificateRequest(_Model):
    """The certificates that Traefik is to get, and how to have it ask for them."""

    host_names: list[str]
    proxy_host: str
    proxy_port: int
    path: str
    """What only `route` answers, so that one sees whether Traefik has read it."""
    route: dict[str, JsonValue]
    """The file that makes Traefik ask."""


class Hidden(str):
    """A text that is left out where whatever holds it is printed, such as the hub's whole configuration."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "<hidden>"


Secret = Annotated[str, AfterValidator(Hidden)]


class HubSecrets(_Model):
    """What the hub must keep to itself. Field names, in capitals, are the names of environment variables."""

    # An error would otherwise show what was given.
    model_config = ConfigDict(hide_input_in_errors=True)

    jpy_cookie_secret: Secret
    """Hexadecimal; signs log-in cookies. JupyterHub reads it itself under this name."""
    jupyterhub_crypt_key: Secret
    """Hexadecimal keys joined by `;`, the newest first. JupyterHub reads it itself under this name."""
    hub_proxy_api_password: Secret
    hub_user_password: Secret = ""
    hub_admin_password: Secret = ""
    hub_auth_secret: Secret = ""
    """What the log-in server gave the hub."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "HubSecrets":
        """The secrets of this process.

        Raises:
            pydantic.ValidationError: one is missing.
        """
        names = {name: name.upper() for name in cls.model_fields}
        return cls.model_validate({name: environment[key] for name, key in names.items() if key in environment})
