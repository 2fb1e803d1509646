"""The only container that can reach the Docker Engine."""

from dataclasses import dataclass

import pulumi
import pulumi_docker as docker

from components.built_image import BuiltImage, BuiltImageArgs
from components.container import REPLACED_OFTEN, ServiceContainerArgs, service_container
from components.hub_runtime import user_resolvers
from components.names import Names
from components.notebook_image import NotebookImage
from images.hub.runtime import HUB_USER, USER_SERVER_PORT
from images.socket_proxy.runtime import (
    ENGINE_SOCKET,
    RUNTIME_VARIABLE,
    SERVED_FOLDER,
    SERVED_SOCKET,
    SocketProxyRuntime,
)
from settings import Settings

_MEMORY = 128 * 2**20
_HEALTH_PROBE = f"""
import socket
proxy = socket.socket(socket.AF_UNIX)
proxy.settimeout(4)
proxy.connect("{SERVED_SOCKET}")
proxy.sendall(b"GET /_ping HTTP/1.1\\r\\nHost: proxy\\r\\nConnection: close\\r\\n\\r\\n")
raise SystemExit(b" 200 " not in proxy.recv(100))
"""


@dataclass(frozen=True, kw_only=True)
class SocketProxyArgs:
    """Inputs of SocketProxy."""

    names: Names
    settings: Settings
    notebook_image: NotebookImage
    docker_api_volume: pulumi.Input[str]


class SocketProxy(pulumi.ComponentResource):
    """A filter before the engine's socket: whoever takes over the hub can start user servers, and no more.

    It has no network, serves on a socket in a volume that the hub mounts, and gives up all privileges before it reads
    the first request.
    """

    image: pulumi.Output[str]
    """Name and tag of the image."""
    container: docker.Container
    """The proxy's container."""

    def __init__(self, name: str, args: SocketProxyArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("jupyterhub:index:SocketProxy", name, None, opts)
        self.image = BuiltImage(
            f"{name}-image",
            BuiltImageArgs(
                names=args.names,
                folder="images/socket_proxy",
                build=args.settings.build,
            ),
            pulumi.ResourceOptions(parent=self),
        ).reference
        self.container = service_container(
            name,
            ServiceContainerArgs(
                container_name=args.names.of("socket-proxy"),
                image=self.image,
                labels=args.names.labels("socket-proxy"),
                envs=args.notebook_image.reference.apply(
                    lambda image: [f"{RUNTIME_VARIABLE}={_runtime(args, image).model_dump_json()}"]
                ),
                memory=_MEMORY,
                network_mode="none",
                # To leave root for a user of the group that the engine's socket belongs to, whichever that is here.
                capabilities=["CAP_SETGID", "CAP_SETUID"],
                # An init that stays root could not pass a signal on to another user's process without CAP_KILL, and
                # there is nothing to reap.
                init=False,
                read_only=True,
                mounts=[
                    docker.ContainerMountArgs(
                        type="bind", source=args.settings.docker.socket_path, target=str(ENGINE_SOCKET)
                    ),
                    docker.ContainerMountArgs(type="volume", source=args.docker_api_volume, target=str(SERVED_FOLDER)),
                ],
                healthcheck=docker.ContainerHealthcheckArgs(
                    tests=["CMD", "python", "-S", "-c", _HEALTH_PROBE],
                    interval=REPLACED_OFTEN,
                    timeout="5s",
                    retries=3,
                    start_period="10s",
                ),
                stop_seconds=10,
            ),
            pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({"image": self.image})


def _runtime(args: SocketProxyArgs, notebook_image: str) -> SocketProxyRuntime:
    names, notebooks = args.names, args.settings.notebooks
    return SocketProxyRuntime(
        stack=names.prefix,
        images=[notebook_image],
        network=names.of("users"),
        container_prefix=names.of("user-"),
        volume_prefix=names.of("home-"),
        home_path=args.settings.storage.home.mount_path,
        port=USER_SERVER_PORT,
        memory_limit=notebooks.limits.memory,
        cpu_limit=notebooks.limits.cpu,
        pids_limit=notebooks.limits.pids,
        resolvers=user_resolvers(args.settings.network),
        client_group=HUB_USER,
    )
