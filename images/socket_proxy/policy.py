"""What this site allows of the requests that have the right shape, and whose containers the hub may see."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from images.socket_proxy.docker_api import ContainerCreate, HostConfig, VolumeCreate
from images.socket_proxy.runtime import SocketProxyRuntime

# What follows a prefix in the names that DockerSpawner makes of user and server names: `ü` is `-c3-bc`.
_SUFFIX = re.compile(r"[a-z0-9_.-]+")
_LONGEST_NAME = 255  # a volume is a folder of its name
_IDENTIFIER = re.compile(r"[0-9a-f]{64}")
_CPU_PERIOD = 100_000  # microseconds: the kernel's own default, and DockerSpawner's
_LEAST_CPU_QUOTA = 1000  # microseconds: the kernel takes no less
_STACK_LABEL, _ROLE_LABEL = "jupyterhub.stack", "jupyterhub.role"
_USER_SERVER = "user-server"
_CONTAINER_LABELS = {_STACK_LABEL, _ROLE_LABEL, "jupyterhub.user", "jupyterhub.image", "jupyterhub.settings"}
_VOLUME_LABELS = {_STACK_LABEL, "jupyterhub.user"}


class Policy:
    """The rules of one site. Each check yields one sentence for each thing that is not allowed."""

    def __init__(self, runtime: SocketProxyRuntime) -> None:
        self._runtime = runtime

    def allows_image(self, reference: str) -> bool:
        """Whether user servers may be made of this image."""
        return reference in self._runtime.images

    def may_own_container(self, name: str) -> bool:
        """Whether a name or identifier can be that of a user's server of this stack.

        Identifiers only in full: of a beginning, the engine also says whether several containers have it.
        """
        return _IDENTIFIER.fullmatch(name) is not None or _has_prefix(name, self._runtime.container_prefix)

    def owns_container(self, inspected: Mapping[str, Any]) -> bool:
        """Whether what the engine says of a container shows that it is a user's server of this stack."""
        labels = inspected["Config"].get("Labels") or {}
        return (
            labels.get(_STACK_LABEL) == self._runtime.stack
            and labels.get(_ROLE_LABEL) == _USER_SERVER
            and _has_prefix(str(inspected["Name"]).removeprefix("/"), self._runtime.container_prefix)
        )

    def owns_volume(self, inspected: Mapping[str, Any]) -> bool:
        """Whether what the engine says of a volume with a user's name does not show that it is somebody else's."""
        # One that was put back from a backup by hand may have no labels.
        owner = (inspected.get("Labels") or {}).get(_STACK_LABEL)
        return owner is None or owner == self._runtime.stack

    def problems_of_container(self, name: str, container: ContainerCreate) -> Iterator[str]:
        """What is not allowed of a new container."""
        runtime = self._runtime
        if not _has_prefix(name, runtime.container_prefix):
            yield f"the container's name does not start with {runtime.container_prefix}"
        if not self.allows_image(container.image):
            yield "Image is none of this site's"
        expected = {_STACK_LABEL: runtime.stack, _ROLE_LABEL: _USER_SERVER}
        if not expected.items() <= container.labels.items() or not container.labels.keys() <= _CONTAINER_LABELS:
            yield "Labels are not those of a user's server of this stack"
        if container.volumes.keys() != {runtime.home_path}:
            yield f"Volumes is not {runtime.home_path} alone"
        if container.exposed_ports.keys() != {f"{runtime.port}/tcp"}:
            yield f"ExposedPorts is not {runtime.port}/tcp alone"
        yield from self._problems_of_host_config(container.host_config)

    def home_of(self, container: ContainerCreate) -> str:
        """Name of the volume that a container, otherwise allowed, asks for."""
        return container.host_config.binds[0].partition(":")[0]

    def problems_of_volume(self, volume: VolumeCreate) -> Iterator[str]:
        """What is not allowed of a new volume."""
        if not _has_prefix(volume.name, self._runtime.volume_prefix):
            yield f"Name does not start with {self._runtime.volume_prefix}"
        if volume.labels.get(_STACK_LABEL) != self._runtime.stack or not volume.labels.keys() <= _VOLUME_LABELS:
            yield "Labels are not those of a user's volume of this stack"

    def _problems_of_host_config(self, host: HostConfig) -> Iterator[str]:
        runtime = self._runtime
        if host.network_mode != runtime.network:
            yield f"HostConfig.NetworkMode is not {runtime.network}"
        volume, _, target = host.binds[0].partition(":")
        if not _has_prefix(volume, runtime.volume_prefix) or target != f"{runtime.home_path}:rw":
            yield f"HostConfig.Binds is not a volume {runtime.volume_prefix}… on {runtime.home_path}, for writing"
        if host.dns != runtime.resolvers:
            yield f"HostConfig.Dns is not {runtime.resolvers}"
        if not 0 < host.memory <= runtime.memory_limit:
            yield f"HostConfig.Memory is not between 1 and {runtime.memory_limit}"
        # Less is refused by the engine, -1 is no limit, and 0 is twice the memory.
        if not 0 < host.memory_swap <= runtime.memory_limit:
            yield f"HostConfig.MemorySwap is not between 1 and {runtime.memory_limit}"
        if not 0 < host.pids_limit <= runtime.pids_limit:
            yield f"HostConfig.PidsLimit is not between 1 and {runtime.pids_limit}"
        most = max(_LEAST_CPU_QUOTA, int(runtime.cpu_limit * _CPU_PERIOD))
        if host.cpu_period != _CPU_PERIOD or not _LEAST_CPU_QUOTA <= host.cpu_quota <= most:
            yield f"HostConfig.CpuQuota is not between {_LEAST_CPU_QUOTA} and {most}, of a CpuPeriod of {_CPU_PERIOD}"


def _has_prefix(name: str, prefix: str) -> bool:
    return (
        name.startswith(prefix)
        and len(name) <= _LONGEST_NAME
        and _SUFFIX.fullmatch(name.removeprefix(prefix)) is not None
    )
