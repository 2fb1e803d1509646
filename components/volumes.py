"""The stack's volumes. Homes of users are made by the hub, one for each user."""

from dataclasses import dataclass

import pulumi
import pulumi_docker as docker

from components.names import Names, volume_labels


@dataclass(frozen=True, kw_only=True)
class VolumesArgs:
    """Inputs of Volumes."""

    names: Names


class Volumes(pulumi.ComponentResource):
    """The hub's data and certificates, which are protected, and what containers of the stack hand each other.

    Each is there whether or not this site uses it: Pulumi refuses to take away what is protected, so that a setting
    could be tried but never be taken back.
    """

    hub_data: pulumi.Output[str]
    """Name of the volume with the hub's database."""
    routes: pulumi.Output[str]
    """Name of the volume with the reverse proxy's routes and certificate."""
    docker_api: pulumi.Output[str]
    """Name of the volume with the socket on which the socket proxy serves the hub."""
    acme: pulumi.Output[str]
    """Name of the volume with the ACME account and certificates."""

    def __init__(self, name: str, args: VolumesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("jupyterhub:index:Volumes", name, None, opts)

        shared = pulumi.ResourceOptions(parent=self)
        kept = pulumi.ResourceOptions(
            parent=self,
            protect=True,
            # A volume whose labels differ would be replaced, that is deleted; one that exists already under this name
            # is adopted with the labels it has (notes of the provider: Volume, "Replace").
            ignore_changes=["labels", "driver_opts"],
        )

        def volume(part: str, opts: pulumi.ResourceOptions) -> pulumi.Output[str]:
            return docker.Volume(
                f"{name}-{part}",
                name=args.names.of(part),
                driver="local",
                labels=volume_labels(args.names.labels(part)),
                opts=opts,
            ).name

        self.hub_data = volume("hub-data", kept)
        # Authorities let nobody ask for the same certificate again and again.
        self.acme = volume("acme", kept)
        self.routes = volume("routes", shared)
        self.docker_api = volume("docker-api", shared)
        self.register_outputs(
            {"hub_data": self.hub_data, "routes": self.routes, "docker_api": self.docker_api, "acme": self.acme}
        )
