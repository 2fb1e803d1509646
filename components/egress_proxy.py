"""The way out for sites that list the domains that user servers may reach."""

from dataclasses import dataclass

import pulumi
import pulumi_docker as docker

from components.built_image import BuiltImage, BuiltImageArgs
from components.container import ServiceContainerArgs, service_container
from components.names import Names, network_labels
from components.networks import Networks
from images.egress_proxy.runtime import EGRESS_PROXY_PORT, HEALTH_NAME, RUNTIME_VARIABLE, EgressProxyRuntime
from settings.build import BuildSettings
from settings.network import NetworkSettings

_MEMORY = 256 * 2**20


@dataclass(frozen=True, kw_only=True)
class EgressProxyArgs:
    """Inputs of EgressProxy."""

    names: Names
    network: NetworkSettings
    build: BuildSettings
    networks: Networks


class EgressProxy(pulumi.ComponentResource):
    """squid, which user servers ask for pages outside, with a network of its own that leads there."""

    image: pulumi.Output[str]
    """Name and tag of the image."""
    container: docker.Container
    """squid's container."""

    def __init__(self, name: str, args: EgressProxyArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("jupyterhub:index:EgressProxy", name, None, opts)
        self.image = BuiltImage(
            f"{name}-image",
            BuiltImageArgs(
                names=args.names,
                folder="images/egress_proxy",
                build=args.build,
            ),
            pulumi.ResourceOptions(parent=self),
        ).reference
        outside = docker.Network(
            f"{name}-outside",
            name=args.names.of("egress"),
            driver="bridge",
            ipv6=False,
            labels=network_labels(args.names.labels("egress")),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.container = self._squid(name, args, outside)
        self.register_outputs({"image": self.image})

    def _squid(self, name: str, args: EgressProxyArgs, outside: docker.Network) -> docker.Container:
        runtime = EgressProxyRuntime(
            address=args.network.egress_proxy_address,
            users=args.network.user_range,
            allowed_domains=sorted(args.network.allowed_domains),
        )
        return service_container(
            name,
            ServiceContainerArgs(
                container_name=args.names.of("egress-proxy"),
                image=self.image,
                labels=args.names.labels("egress-proxy"),
                envs=[f"{RUNTIME_VARIABLE}={runtime.model_dump_json()}"],
                memory=_MEMORY,
                read_only=True,
                networks=[
                    docker.ContainerNetworksAdvancedArgs(name=outside.id),
                    docker.ContainerNetworksAdvancedArgs(name=args.networks.users, ipv4_address=str(runtime.address)),
                ],
                resolvers=[str(address) for address in args.network.resolvers],
                healthcheck=docker.ContainerHealthcheckArgs(
                    tests=["CMD", "python", "-S", "-c", _health_probe(str(runtime.address))],
                    interval="5s",
                    timeout="5s",
                    retries=3,
                    start_period="10s",
                ),
                stop_seconds=10,
            ),
            pulumi.ResourceOptions(parent=self),
        )


def _health_probe(address: str) -> str:
    return f"""
import socket
proxy = socket.create_connection(("{address}", {EGRESS_PROXY_PORT}), 4)
proxy.settimeout(4)
proxy.sendall(b"GET http://{HEALTH_NAME}/ HTTP/1.0\\r\\n\\r\\n")
raise SystemExit(b" 403 " not in proxy.recv(100))
"""
