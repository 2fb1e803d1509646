"""The stack's networks."""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

import pulumi
import pulumi_docker as docker

from components.names import Names, network_labels
from settings.network import Isolation, NetworkSettings

# Part of the name of the user network's bridge, on which the firewall's rules lie.
USER_BRIDGE = "user"


@dataclass(frozen=True, kw_only=True)
class NetworksArgs:
    """Inputs of Networks."""

    names: Names
    network: NetworkSettings


class Networks(pulumi.ComponentResource):
    """Three bridges: users with hub and proxy, hub with proxy alone, and proxy with other services.

    The user network is protected: every input of a Docker network forces a replacement, and replacing this one means
    stopping everyone.
    """

    users: pulumi.Output[str]
    """Identifier of the network of user servers, hub and proxy."""
    control: pulumi.Output[str]
    """Identifier of the network of hub and proxy; both reach the outside through it."""
    services: pulumi.Output[str]
    """Identifier of the network that other services join to stand behind the front door."""

    def __init__(self, name: str, args: NetworksArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("jupyterhub:index:Networks", name, None, opts)
        network = args.network

        users = docker.Network(
            f"{name}-users",
            name=args.names.of("users"),
            driver="bridge",
            ipv6=False,
            internal=network.isolation is Isolation.DOCKER,
            options=_bridge_options(args.names.bridge(USER_BRIDGE), closed=network.isolation is Isolation.FIREWALL),
            # Both subnet and gateway: with only one, Docker adds the other and the network would be replaced.
            ipam_configs=[_addresses(network.subnet, network.gateway, network.user_range)],
            labels=network_labels(args.names.labels("users")),
            opts=pulumi.ResourceOptions(parent=self, protect=True),
        )
        control = docker.Network(
            f"{name}-control",
            name=args.names.of("control"),
            driver="bridge",
            ipv6=False,
            options=_bridge_options(args.names.bridge("ctrl"), closed=False),
            ipam_configs=[_addresses(network.control_subnet, network.control_gateway)],
            labels=network_labels(args.names.labels("control")),
            opts=pulumi.ResourceOptions(parent=self),
        )
        services = docker.Network(
            f"{name}-services",
            name=args.names.of("services"),
            driver="bridge",
            ipv6=False,
            labels=network_labels(args.names.labels("services")),
            opts=pulumi.ResourceOptions(parent=self),
        )

        self.users = users.id
        self.control = control.id
        self.services = services.id
        self.register_outputs({"users": self.users, "control": self.control, "services": self.services})


def _bridge_options(interface: str, *, closed: bool) -> Mapping[str, str]:
    """Options of a bridge; on a closed one nothing gets from one container to another, nor out, without our rules."""
    opened = str(not closed).lower()
    return {
        "com.docker.network.bridge.name": interface,
        "com.docker.network.bridge.enable_icc": opened,
        "com.docker.network.bridge.enable_ip_masquerade": opened,
    }


def _addresses(
    subnet: IPv4Network, gateway: IPv4Address, dynamic: IPv4Network | None = None
) -> docker.NetworkIpamConfigArgs:
    return docker.NetworkIpamConfigArgs(
        subnet=str(subnet), gateway=str(gateway), ip_range=str(dynamic) if dynamic else None
    )
