"""From settings to what the hub is told."""

from pathlib import Path

from components.authenticator import access_runtime, auth_runtime
from components.firewall import firewall_runtime
from components.names import Names
from components.traefik import API_PORT, API_USERNAME, ENTRY_POINT
from images.egress_proxy.runtime import EGRESS_PROXY_PORT
from images.hub.runtime import (
    HUB_PORT,
    HubRuntime,
    IdleCullerRuntime,
    ProxyRuntime,
    SiteRuntime,
    SpawnRuntime,
    UserServerRuntime,
)
from settings import Settings
from settings.network import Egress, Isolation, NetworkSettings
from settings.notebooks import BuiltNotebookImage

# What starts a server in our own image: without packages that users installed at home, so that none of them can keep
# their server from starting.
_BUILT_COMMAND = ["python", "-s", "-m", "single_user"]
# A published image has not got the file, but an interpreter that reads it from its command line.
_START_SCRIPT = Path("images/notebook/single_user.py")


def hub_runtime(settings: Settings, names: Names, notebook_image: str) -> HubRuntime:
    """What the hub of this site is told; every list is sorted, so that equal settings give equal text."""
    return HubRuntime(
        stack=names.prefix,
        hub_url=f"http://hub:{HUB_PORT}",
        site=SiteRuntime(public_url=settings.site.url, title=settings.site.title),
        proxy=ProxyRuntime(
            api_url=f"http://{settings.network.proxy_control_address}:{API_PORT}",
            api_username=API_USERNAME,
            entry_point=ENTRY_POINT,
        ),
        auth=auth_runtime(settings),
        access=access_runtime(settings),
        user_server=_user_server(settings, names, notebook_image),
        firewall_fingerprint=_firewall_fingerprint(settings.network, names),
        idle_culler=IdleCullerRuntime(
            server_timeout=settings.idle.server_timeout,
            max_age=settings.idle.max_age,
            check_every=settings.idle.check_every,
        ),
        spawn=SpawnRuntime(
            concurrent_spawn_limit=settings.hub.concurrent_spawn_limit,
            active_server_limit=settings.hub.active_server_limit,
            start_timeout=settings.hub.start_timeout,
            docker_threads=settings.hub.docker_threads,
        ),
    )


def user_resolvers(network: NetworkSettings) -> list[str]:
    """Name servers that user servers are given in place of the engine's own."""
    if network.egress in (Egress.BLOCKED, Egress.ALLOWLIST):
        # Nobody answers there. The engine itself would ask outside for a container, where its own resolver is on a
        # loopback address, and no rule for the container could stop it. The names of the stack are the engine's.
        return ["127.0.0.1"]
    return [str(address) for address in network.resolvers]


def _proxy_variables(network: NetworkSettings) -> dict[str, str]:
    """What tells programs in user servers to ask the egress proxy; some look for one spelling, some for the other."""
    if network.egress is not Egress.ALLOWLIST:
        return {}
    proxy = f"http://{network.egress_proxy_address}:{EGRESS_PROXY_PORT}"
    values = {"http_proxy": proxy, "https_proxy": proxy, "no_proxy": "localhost,127.0.0.1,hub"}
    return {**values, **{name.upper(): value for name, value in values.items()}}


def _firewall_fingerprint(network: NetworkSettings, names: Names) -> str | None:
    if network.isolation is not Isolation.FIREWALL:
        return None
    return firewall_runtime(network, names).fingerprint


def _user_server(settings: Settings, names: Names, notebook_image: str) -> UserServerRuntime:
    notebooks = settings.notebooks
    built = isinstance(notebooks.image, BuiltNotebookImage)
    return UserServerRuntime(
        image=notebook_image,
        command=_BUILT_COMMAND if built else ["python", "-c", _START_SCRIPT.read_text()],
        network=names.of("users"),
        resolvers=user_resolvers(settings.network),
        default_url=notebooks.default_url,
        home_path=settings.storage.home.mount_path,
        memory_limit=notebooks.limits.memory,
        cpu_limit=notebooks.limits.cpu,
        pids_limit=notebooks.limits.pids,
        environment=dict(sorted({**_proxy_variables(settings.network), **notebooks.environment}.items())),
        activity_interval=settings.idle.check_every,
        kernel_timeout=settings.idle.kernel_timeout,
    )
