"""The hub."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

import pulumi
import pulumi_docker as docker

from components.built_image import BuiltImage, BuiltImageArgs
from components.container import (
    REPLACED_OFTEN,
    OneShotContainerArgs,
    ServiceContainerArgs,
    one_shot_container,
    require_success,
    service_container,
)
from components.egress_proxy import EgressProxy
from components.firewall import Firewall
from components.hub_runtime import hub_runtime
from components.names import Names
from components.networks import Networks
from components.notebook_image import NotebookImage
from components.reverse_proxy import ReverseProxy
from components.secrets import Secrets
from components.socket_proxy import SocketProxy
from components.volumes import Volumes
from images.hub.runtime import (
    AUTH_CA_FILE,
    DATA_FOLDER,
    DOCKER_SOCKET,
    HEARTBEAT_FILE,
    HUB_PORT,
    ROUTES_FOLDER,
    RUNTIME_FILE,
    HubSecrets,
)
from settings import Settings
from settings.auth import OidcAuth

_FOLDER = "images/hub"


@dataclass(frozen=True, kw_only=True)
class HubArgs:
    """Inputs of Hub."""

    names: Names
    settings: Settings
    networks: Networks
    volumes: Volumes
    secrets: Secrets
    user_password: pulumi.Output[str] = field(repr=False)
    admin_password: pulumi.Output[str] = field(repr=False)
    auth_secret: pulumi.Output[str] | None = field(default=None, repr=False)
    """What the log-in server gave the hub."""
    auth_ca: str | None = None
    """Certificate of the log-in server's authority, where it is not one that everybody trusts."""
    notebook_image: NotebookImage
    reverse_proxy: ReverseProxy
    socket_proxy: SocketProxy
    firewall: Firewall | None
    """None where the site isolates user servers by other means, or not at all."""
    egress_proxy: EgressProxy | None
    """None where the site has no list of domains."""


class Hub(pulumi.ComponentResource):
    """JupyterHub with DockerSpawner, in a container that can be replaced while user servers run.

    Before a running hub is replaced, the new image is started once with the new settings, and the update stops there
    if the hub would not come up.
    """

    image: pulumi.Output[str]
    """Name and tag of the hub's image."""
    container: docker.Container
    """The hub's container."""

    def __init__(self, name: str, args: HubArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("jupyterhub:index:Hub", name, None, opts)
        build = args.settings.build
        self.image = BuiltImage(
            f"{name}-image",
            BuiltImageArgs(
                names=args.names,
                folder=_FOLDER,
                build=build,
                base_image=args.settings.hub.base_image,
            ),
            pulumi.ResourceOptions(parent=self),
        ).reference
        # Settings in a file, which previews show; secrets in the environment, which they hide.
        uploads = _uploads(args)
        check = one_shot_container(
            f"{name}-check",
            OneShotContainerArgs(
                image=self.image,
                labels=args.names.labels("check"),
                entrypoints=["python", "-m", "images.hub.check"],
                command=[],
                uploads=uploads,
                envs=_stand_in_secrets(),
                # The one kind whose settings can only be tried by asking the server.
                network_mode=args.networks.services if _discovers(args.settings) else "none",
            ),
            pulumi.ResourceOptions(parent=self),
        )
        checked = require_success(check, "The hub does not start with these settings; the running one was left alone.")
        self.container = self._hub(
            name,
            args,
            uploads,
            [
                checked,
                args.notebook_image.check,
                args.reverse_proxy.container,
                args.socket_proxy.container,
                *([args.firewall.container] if args.firewall else []),
                *([args.egress_proxy.container] if args.egress_proxy else []),
            ],
        )
        self.register_outputs({"image": self.image})

    def _hub(
        self,
        name: str,
        args: HubArgs,
        uploads: Sequence[docker.ContainerUploadArgs],
        depends_on: list[pulumi.Input[pulumi.Resource]],
    ) -> docker.Container:
        settings, network = args.settings, args.settings.network
        return service_container(
            name,
            ServiceContainerArgs(
                container_name=args.names.of("hub"),
                image=self.image,
                labels=args.names.labels("hub"),
                memory=settings.hub.memory,
                uploads=uploads,
                envs=_environment(args),
                mounts=_mounts(args),
                networks=[
                    docker.ContainerNetworksAdvancedArgs(
                        name=args.networks.control, ipv4_address=str(network.hub_control_address), aliases=["hub"]
                    ),
                    docker.ContainerNetworksAdvancedArgs(
                        name=args.networks.users, ipv4_address=str(network.hub_address), aliases=["hub"]
                    ),
                ],
                healthcheck=docker.ContainerHealthcheckArgs(
                    tests=["CMD", "python", "-S", "-c", _HEALTH_PROBE],
                    interval=REPLACED_OFTEN,
                    timeout="5s",
                    retries=3,
                    start_period="1m0s",
                ),
                # Its services stop before it does.
                stop_seconds=60,
            ),
            pulumi.ResourceOptions(parent=self, depends_on=depends_on),
        )


def _uploads(args: HubArgs) -> list[docker.ContainerUploadArgs]:
    runtime = docker.ContainerUploadArgs(
        file=str(RUNTIME_FILE),
        content=args.notebook_image.reference.apply(
            lambda image: hub_runtime(args.settings, args.names, image).model_dump_json(indent=2)
        ),
    )
    if args.auth_ca is None:
        return [runtime]
    return [runtime, docker.ContainerUploadArgs(file=str(AUTH_CA_FILE), content=args.auth_ca)]


def _discovers(settings: Settings) -> bool:
    return isinstance(settings.auth, OidcAuth) and settings.auth.issuer is not None


def _mounts(args: HubArgs) -> list[docker.ContainerMountArgs]:
    def mount(volume: pulumi.Input[str], folder: PurePosixPath, *, read_only: bool) -> docker.ContainerMountArgs:
        return docker.ContainerMountArgs(type="volume", source=volume, target=str(folder), read_only=read_only)

    mounts = [
        mount(args.volumes.hub_data, DATA_FOLDER, read_only=False),
        mount(args.volumes.routes, ROUTES_FOLDER, read_only=False),
        mount(args.volumes.docker_api, DOCKER_SOCKET.parent, read_only=True),
    ]
    if args.firewall:
        mounts.append(mount(args.firewall.heartbeat_volume, HEARTBEAT_FILE.parent, read_only=True))
    return mounts


def _stand_in_secrets() -> list[str]:
    """Secrets for the check, of the right shape and all different, which protect nothing."""
    return [f"{field.upper()}={str(digit) * 64}" for digit, field in enumerate(HubSecrets.model_fields)]


# Without urllib, which takes most of such a process's time.
_HEALTH_PROBE = f"""
import socket
hub = socket.create_connection(("127.0.0.1", {HUB_PORT}), 4)
hub.sendall(b"GET /hub/health HTTP/1.0\\r\\n\\r\\n")
raise SystemExit(b" 200 " not in hub.recv(100))
"""


def _environment(args: HubArgs) -> pulumi.Output[list[str]]:
    secrets = {
        "jpy_cookie_secret": args.secrets.cookie_secret,
        "jupyterhub_crypt_key": args.secrets.crypt_key,
        "hub_proxy_api_password": args.secrets.proxy_api_password,
        "hub_user_password": args.user_password,
        "hub_admin_password": args.admin_password,
        **({"hub_auth_secret": args.auth_secret} if args.auth_secret is not None else {}),
    }

    def lines(values: dict[str, str]) -> list[str]:
        return [
            f"{key.upper()}={value}"
            for key, value in HubSecrets.model_validate(values).model_dump(exclude_unset=True).items()
        ]

    return pulumi.Output.secret(pulumi.Output.all(**secrets).apply(lines))
