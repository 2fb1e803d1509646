"""User servers: DockerSpawner with a labelled home volume, limits, and steps that the user can watch."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar

from dockerspawner import DockerSpawner
from jupyterhub.spawner import SpawnException
from traitlets import Dict, Unicode
from traitlets.config import Config

from images.hub.firewall_heartbeat import firewall_problem
from images.hub.runtime import DOCKER_SOCKET, USER_SERVER_PORT, XSRF_COOKIE, HubRuntime, UserServerRuntime

_FIREWALL_PAUSES = 15
_FIREWALL_PAUSE_SECONDS = 1
_LISTENS_PAUSE_SECONDS = 0.05
# Of all that wait together: to look takes time from those that start, on a machine where thirty do at once.
_LOOKS_A_SECOND = 60
_LISTENS_TIMEOUT_SECONDS = 2
_LOOKS_AT_THE_CONTAINER = 40  # pauses from one look to the next
_UNPROTECTED = (
    "Your server was not started: the protection of its network is not in force. Please tell the operator of this hub; "
    "running servers are not affected."
)
_ENDED = (
    "Your server ended before it was ready. Its own settings in your home folder can be why: please tell the operator "
    "of this hub."
)
_LOG_LIMITS = {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "3"}}


class UserServerSpawner(DockerSpawner):
    """Starts a user's server in a container that carries the stack's labels, with the user's home volume."""

    stack = Unicode(help="Deployment that containers and volumes belong to.", config=True)
    firewall_fingerprint = Unicode(
        help="What the firewall's heartbeat must bear before a server is started; empty where there is no firewall.",
        config=True,
    )
    version_labels = Dict(help="Labels that say what the server was started from.", config=True)

    _step = (0, "Waiting for a place")
    _waiting: ClassVar[int] = 0

    @property
    def owner_labels(self) -> dict[str, str]:
        """Labels of everything that belongs to this user."""
        return {"jupyterhub.stack": self.stack, "jupyterhub.user": self.user.name}

    async def start(self) -> tuple[str, int]:
        """Start the server, and return once it listens.

        The hub looks for itself, but waits longer after each time that it looked: up to three of a start's five
        seconds went by between the server's first answer and the hub's next look (measured). What listens answers as
        soon as it can, so that the hub's first look succeeds.
        """
        address, port = await super().start()
        UserServerSpawner._waiting += 1
        try:
            await self._wait_until_it_listens(address, port)
        finally:
            UserServerSpawner._waiting -= 1
        return address, port

    async def _wait_until_it_listens(self, address: str, port: int) -> None:
        looks = 0
        while not await _listens(address, port):  # the hub ends it after `start_timeout`
            looks += 1
            if looks % _LOOKS_AT_THE_CONTAINER == 0 and await self.poll() is not None:
                self.log.error("The container of %s's server ended before it listened.", self.user.name)
                raise _refusal(_ENDED, "ended", 500)
            await asyncio.sleep(max(_LISTENS_PAUSE_SECONDS, UserServerSpawner._waiting / _LOOKS_A_SECOND))

    async def create_object(self) -> dict[str, Any]:
        """Create the container, after a home volume that says whose it is.

        Raises:
            SpawnException: the firewall's rules are not known to be in force.
        """
        self._step = (10, "Waiting for the network's protection")
        await self._require_firewall()
        self._step = (20, "Looking for your files")
        # Docker would make the volume by itself, but without labels; to create it again changes nothing.
        for volume in self.volume_binds:
            await self.docker("create_volume", volume, driver="local", labels=self.owner_labels)
        self._step = (40, "Creating your server's container")
        container: dict[str, Any] = await super().create_object()
        return container

    async def _require_firewall(self) -> None:
        # What a user's own files start would run before the hub found out that it cannot reach the server.
        if not self.firewall_fingerprint:
            return
        problem = firewall_problem(self.firewall_fingerprint)
        for _ in range(_FIREWALL_PAUSES):  # an update replaces the firewall before the hub
            if problem is None:
                return
            await asyncio.sleep(_FIREWALL_PAUSE_SECONDS)
            problem = firewall_problem(self.firewall_fingerprint)
        self.log.error("No server is started: %s. See the log of %s-firewall.", problem, self.stack)
        raise _refusal(_UNPROTECTED, "firewall", 503)

    async def start_object(self) -> None:
        """Start the container."""
        self._step = (60, "Starting the container")
        await super().start_object()
        self._step = (80, "Waiting for JupyterLab to answer")

    async def progress(self) -> AsyncIterator[dict[str, Any]]:
        """Tell the waiting user each step as it begins."""
        told = None
        while True:
            if self._step != told:
                told = self._step
                yield {"progress": told[0], "message": told[1]}
            await asyncio.sleep(0.2)


async def _listens(address: str, port: int) -> bool:
    try:
        async with asyncio.timeout(_LISTENS_TIMEOUT_SECONDS):
            _, writer = await asyncio.open_connection(address, port)
    except OSError:
        return False
    writer.close()
    return True


def _refusal(message: str, reason: str, status_code: int) -> SpawnException:
    error = SpawnException(message, reason=reason, status_code=status_code)
    error.jupyterhub_message = message  # as it is, without a status code before it
    return error


def create_options(spawner: UserServerSpawner) -> dict[str, Any]:
    """What the container is created with besides DockerSpawner's own options."""
    labels = {**spawner.owner_labels, **spawner.version_labels, "jupyterhub.role": "user-server"}
    return {
        # DockerSpawner formats every string it is given: braces in a user's name must not be read.
        "labels": {key: value.replace("{", "{{").replace("}", "}}") for key, value in labels.items()},
        # docker-stacks images start two Python processes every three seconds to look at themselves: 6 % of a core
        # for every idle server.
        "healthcheck": {"test": ["NONE"]},
    }


def apply_spawner(runtime: HubRuntime, c: Config) -> None:
    """Set how user servers are made."""
    # By default every Docker call of the hub waits in one thread, and one server slow to stop holds up everybody
    # (github.com/jupyterhub/dockerspawner/issues/279). The pool is no option but an attribute of the class.
    UserServerSpawner._executor = ThreadPoolExecutor(runtime.spawn.docker_threads)
    c.JupyterHub.spawner_class = UserServerSpawner
    _apply_server(runtime, c)
    _apply_container(runtime, c)


# Each option is set on the class that upstream's documentation names for it: set on ours, which is more specific, it
# would win over what a site's own file says for c.Spawner or c.DockerSpawner.


def _apply_server(runtime: HubRuntime, c: Config) -> None:
    server = runtime.user_server
    c.Spawner.cmd = server.command
    c.Spawner.args = [
        f"--ServerApp.tornado_settings={{'xsrf_cookie_kwargs': {XSRF_COOKIE}}}",
        *_kernel_arguments(server),
    ]
    c.Spawner.port = USER_SERVER_PORT
    c.Spawner.default_url = server.default_url
    c.Spawner.notebook_dir = server.home_path
    c.Spawner.environment = {**server.environment, "JUPYTERHUB_ACTIVITY_INTERVAL": str(server.activity_interval)}
    c.Spawner.mem_limit = server.memory_limit
    c.Spawner.cpu_limit = server.cpu_limit
    c.Spawner.start_timeout = runtime.spawn.start_timeout
    c.Spawner.http_timeout = runtime.spawn.start_timeout


def _apply_container(runtime: HubRuntime, c: Config) -> None:
    server = runtime.user_server
    c.UserServerSpawner.stack = runtime.stack
    c.UserServerSpawner.firewall_fingerprint = runtime.firewall_fingerprint or ""
    c.UserServerSpawner.version_labels = version_labels(server)
    c.DockerSpawner.client_kwargs = {"base_url": f"unix://{DOCKER_SOCKET}"}
    c.DockerSpawner.prefix = f"{runtime.stack}-user"
    c.DockerSpawner.image = server.image
    c.DockerSpawner.network_name = server.network
    c.DockerSpawner.volumes = {f"{runtime.stack}-home-{{username}}": server.home_path}
    # The program has the image in place; the hub never waits for a registry.
    c.DockerSpawner.pull_policy = "never"
    # A new container at every start: a new image or limit is used, and only the volume stays.
    c.DockerSpawner.remove = True
    c.DockerSpawner.extra_create_kwargs = create_options
    c.DockerSpawner.extra_host_config = {
        "memswap_limit": server.memory_limit,
        "pids_limit": server.pids_limit,
        "security_opt": ["no-new-privileges"],
        "cap_drop": ["ALL"],
        "init": True,
        "log_config": _LOG_LIMITS,
        **({"dns": server.resolvers} if server.resolvers else {}),
    }


def version_labels(server: UserServerRuntime) -> dict[str, str]:
    """What a server is started from: its image, and a hash of everything else it is given."""
    settings = server.model_dump_json(exclude={"image"})
    return {
        "jupyterhub.image": server.image,
        "jupyterhub.settings": hashlib.sha256(settings.encode()).hexdigest()[:16],
    }


def _kernel_arguments(server: UserServerRuntime) -> list[str]:
    if not server.kernel_timeout:
        return []
    return [
        f"--MappingKernelManager.cull_idle_timeout={server.kernel_timeout}",
        f"--MappingKernelManager.cull_interval={max(1, min(300, server.kernel_timeout // 2))}",
        # A page left open in a browser somewhere is no use of a kernel; one that computes is never stopped.
        "--MappingKernelManager.cull_connected=True",
    ]
