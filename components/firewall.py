"""The rules that keep user servers from each other, from this server, and from where they have no business."""

from dataclasses import dataclass

import pulumi
import pulumi_docker as docker

from components.built_image import BuiltImage, BuiltImageArgs
from components.container import (
    OneShotContainerArgs,
    ServiceContainerArgs,
    one_shot_container,
    require_success,
    service_container,
)
from components.names import Names, volume_labels
from components.networks import USER_BRIDGE, Networks
from images.egress_proxy.runtime import EGRESS_PROXY_PORT
from images.firewall.runtime import (
    HEARTBEAT_FILE,
    RUNTIME_VARIABLE,
    EgressRuntime,
    ExceptionRuntime,
    FirewallRuntime,
)
from images.hub.runtime import HUB_PORT, USER_SERVER_PORT
from settings.build import BuildSettings
from settings.network import Egress, NetworkSettings

_MEMORY = 64 * 2**20
# What iptables and conntrack cannot do without. (Beside it iptables-legacy would take NET_RAW: for all frames of all of
# this server's interfaces, where the other is for their settings. An engine that still uses it is told so.)
_CAPABILITIES = ["CAP_NET_ADMIN"]


@dataclass(frozen=True, kw_only=True)
class FirewallArgs:
    """Inputs of Firewall."""

    names: Names
    network: NetworkSettings
    build: BuildSettings
    networks: Networks


class Firewall(pulumi.ComponentResource):
    """Rules on the user network's bridge, kept in force by a container in the server's own network.

    Docker alone, as the network is made, lets nothing through; the rules open what is needed. They stay when the
    container ends. Its heartbeat says that they are in force, and without it the hub starts no server.
    """

    image: pulumi.Output[str]
    """Name and tag of the image."""
    container: docker.Container
    """The container that keeps the rules in force."""
    heartbeat_volume: pulumi.Output[str]
    """Name of the volume with the heartbeat."""

    def __init__(self, name: str, args: FirewallArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("jupyterhub:index:Firewall", name, None, opts)
        self.image = BuiltImage(
            f"{name}-image",
            BuiltImageArgs(
                names=args.names,
                folder="images/firewall",
                build=args.build,
            ),
            pulumi.ResourceOptions(parent=self),
        ).reference
        self.heartbeat_volume = docker.Volume(
            f"{name}-heartbeat",
            name=args.names.of("firewall"),
            driver="local",
            labels=volume_labels(args.names.labels("firewall")),
            opts=pulumi.ResourceOptions(parent=self),
        ).name
        environment = [f"{RUNTIME_VARIABLE}={firewall_runtime(args.network, args.names).model_dump_json()}"]
        probe = one_shot_container(
            f"{name}-probe",
            OneShotContainerArgs(
                image=self.image,
                labels=args.names.labels("check"),
                entrypoints=["python", "-m", "images.firewall"],
                command=["probe"],
                envs=environment,
                network_mode="host",
                capabilities=_CAPABILITIES,
            ),
            # With the network's bridge comes the kernel's filter for what crosses it.
            pulumi.ResourceOptions(parent=self, depends_on=[args.networks]),
        )
        probed = require_success(probe, "User servers cannot be isolated on this server.")
        self.container = self._keeper(name, args, environment, probed)
        self.register_outputs({"image": self.image, "heartbeat_volume": self.heartbeat_volume})

    def _keeper(
        self,
        name: str,
        args: FirewallArgs,
        environment: list[str],
        probed: pulumi.Output[docker.Container],
    ) -> docker.Container:
        return service_container(
            name,
            ServiceContainerArgs(
                container_name=args.names.of("firewall"),
                image=self.image,
                labels=args.names.labels("firewall"),
                entrypoints=["python", "-m", "images.firewall"],
                command=["run"],
                envs=environment,
                memory=_MEMORY,
                network_mode="host",
                capabilities=_CAPABILITIES,
                read_only=True,
                mounts=[
                    docker.ContainerMountArgs(
                        type="volume", source=self.heartbeat_volume, target=str(HEARTBEAT_FILE.parent)
                    )
                ],
                healthcheck=docker.ContainerHealthcheckArgs(
                    tests=["CMD", "python", "-m", "images.firewall", "check"],
                    interval="5s",
                    timeout="5s",
                    retries=3,
                    start_period="10s",
                ),
                stop_seconds=10,
            ),
            pulumi.ResourceOptions(parent=self, depends_on=[probed]),
        )


def firewall_runtime(network: NetworkSettings, names: Names) -> FirewallRuntime:
    """What the firewall of this site is told."""
    listed = network.egress is Egress.ALLOWLIST
    return FirewallRuntime(
        bridge=names.bridge(USER_BRIDGE),
        subnet=network.subnet,
        user_range=network.user_range,
        hub=network.hub_address,
        proxy=network.proxy_address,
        hub_port=HUB_PORT,
        user_port=USER_SERVER_PORT,
        egress=EgressRuntime(
            mode=network.egress.value,
            exceptions=tuple(
                ExceptionRuntime(to=each.to, protocol=each.protocol, port=each.port)
                for _, each in sorted(network.egress_exceptions.items())
            ),
            resolvers=network.resolvers,
            proxy=network.egress_proxy_address if listed else None,
            proxy_port=EGRESS_PROXY_PORT if listed else None,
        ),
    )
