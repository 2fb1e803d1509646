"""The front door: Traefik."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_docker as docker

from components.built_image import BuiltImage, BuiltImageArgs
from components.certificates import Certificates
from components.container import (
    OneShotContainerArgs,
    ServiceContainerArgs,
    one_shot_container,
    require_success,
    service_container,
)
from components.names import Names
from components.networks import Networks
from components.traefik import (
    ACME_FOLDER,
    HTTP_PORT,
    HTTPS_PORT,
    ROUTES_FOLDER,
    credentials_file,
    healthcheck_arguments,
    static_arguments,
    static_routes_file,
)
from settings import Settings
from settings.tls import AcmeTls, OffTls

_FOLDER = "images/reverse_proxy"
# Nobody special, in the group that may read the files that `up` puts into the routes volume: Docker uploads as root.
_USER = "10001:0"
# Start Traefik with the arguments that follow, wait until it says that it is well, and end it again.
_TRY_OUT = """
traefik "$@" & pid=$!
for _ in $(seq 100); do
    traefik healthcheck "$@" >/dev/null 2>&1 && kill $pid && exit 0
    kill -0 $pid 2>/dev/null || exit 1
    sleep 0.1
done
exit 1
"""


@dataclass(frozen=True, kw_only=True)
class ReverseProxyArgs:
    """Inputs of ReverseProxy."""

    names: Names
    settings: Settings
    networks: Networks
    certificates: Certificates
    routes_volume: pulumi.Input[str]
    acme_volume: pulumi.Input[str]
    """Where Traefik keeps the certificates that it gets by itself."""
    acme_ca: str | None = None
    """Certificate of the authority that the ACME directory's own is from."""
    api_password: pulumi.Output[str] = field(repr=False)


class ReverseProxy(pulumi.ComponentResource):
    """Traefik, the only container that publishes ports. It has no Docker socket.

    It reads its routes from a volume: those of users, which the hub writes; other services, the certificate and the
    API's password, which containers that run once put there. So a renewed certificate or a new service takes effect
    without a restart, and routes outlive a hub that is being replaced.
    """

    image: pulumi.Output[str]
    """Name and tag of the image."""
    container: docker.Container
    """Traefik's container."""

    def __init__(self, name: str, args: ReverseProxyArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("jupyterhub:index:ReverseProxy", name, None, opts)
        self.image = self._image(name, args)
        check = one_shot_container(
            f"{name}-check",
            OneShotContainerArgs(
                image=self.image,
                labels=args.names.labels("check"),
                entrypoints=["/bin/sh", "-c", _TRY_OUT, "traefik"],
                command=static_arguments(args.settings, "127.0.0.1"),
            ),
            pulumi.ResourceOptions(parent=self),
        )
        static_routes = self._routes_file(
            f"{name}-static-routes", args, "static.yml", static_routes_file(args.settings)
        )
        credentials = self._routes_file(
            f"{name}-credentials",
            args,
            "credentials.yml",
            credentials_file(args.certificates.certificate_pem, args.certificates.private_key_pem, args.api_password),
        )
        checked = require_success(check, "Traefik does not start with these settings; the running one was left alone.")
        prepared: list[pulumi.Input[pulumi.Resource]] = [checked, static_routes, credentials]
        if isinstance(args.settings.tls, AcmeTls):
            prepared.append(self._acme_folder(f"{name}-acme-folder", args))
        self.container = self._traefik(name, args, prepared)
        self.register_outputs({"image": self.image})

    def _image(self, name: str, args: ReverseProxyArgs) -> pulumi.Output[str]:
        settings = args.settings
        if settings.proxy.image is not None:
            return docker.RemoteImage(
                f"{name}-image",
                name=settings.proxy.image,
                keep_locally=True,
                opts=pulumi.ResourceOptions(parent=self, delete_before_replace=False),
            ).name
        return BuiltImage(
            f"{name}-image",
            BuiltImageArgs(names=args.names, folder=_FOLDER, build=settings.build),
            pulumi.ResourceOptions(parent=self),
        ).reference

    def _routes_file(
        self, name: str, args: ReverseProxyArgs, file: str, content: pulumi.Input[str]
    ) -> docker.Container:
        """A file in the routes volume; those that only Traefik's group may read hold secrets."""
        upload = docker.ContainerUploadArgs(file=f"{ROUTES_FOLDER}/{file}", content=content, permissions="0640")
        mount = _mount(args.routes_volume, ROUTES_FOLDER, read_only=False)
        return self._open_volume(name, args.names.labels("routes-file"), mount, [upload])

    def _acme_folder(self, name: str, args: ReverseProxyArgs) -> docker.Container:
        """The volume for certificates, with the authority that Traefik is to trust."""
        authority = docker.ContainerUploadArgs(file=f"{ACME_FOLDER}/ca.pem", content=args.acme_ca or "")
        mount = _mount(args.acme_volume, ACME_FOLDER, read_only=False)
        uploads = [authority] if args.acme_ca else None
        return self._open_volume(name, args.names.labels("acme-folder"), mount, uploads)

    def _open_volume(
        self,
        name: str,
        labels: dict[str, str],
        mount: docker.ContainerMountArgs,
        uploads: Sequence[docker.ContainerUploadArgs] | None,
    ) -> docker.Container:
        """A container that files are uploaded into, and that mounts the volume they are for, opens it to all and ends.

        The sticky bit keeps the files from whoever else writes there: to the routes volume, the hub does.
        """
        return one_shot_container(
            name,
            OneShotContainerArgs(
                image=self.image,
                labels=labels,
                entrypoints=["/bin/chmod"],
                command=["1777", str(mount.target)],
                user="0",
                mounts=[mount],
                uploads=uploads,
            ),
            pulumi.ResourceOptions(parent=self),
        )

    def _traefik(
        self, name: str, args: ReverseProxyArgs, depends_on: list[pulumi.Input[pulumi.Resource]]
    ) -> docker.Container:
        network = args.settings.network
        mounts = [_mount(args.routes_volume, ROUTES_FOLDER, read_only=True)]
        if isinstance(args.settings.tls, AcmeTls):
            mounts.append(_mount(args.acme_volume, ACME_FOLDER, read_only=False))
        return service_container(
            name,
            ServiceContainerArgs(
                container_name=args.names.of("proxy"),
                image=self.image,
                labels=args.names.labels("proxy"),
                entrypoints=["traefik"],
                command=static_arguments(args.settings, str(network.proxy_control_address)),
                memory=args.settings.proxy.memory,
                user=_USER,
                read_only=True,
                # Of go-acme/lego: trusted instead of the usual authorities.
                envs=[f"LEGO_CA_CERTIFICATES={ACME_FOLDER}/ca.pem"] if args.acme_ca else None,
                mounts=mounts,
                ports=_published_ports(args.settings),
                networks=[
                    docker.ContainerNetworksAdvancedArgs(
                        name=args.networks.control, ipv4_address=str(network.proxy_control_address)
                    ),
                    docker.ContainerNetworksAdvancedArgs(
                        name=args.networks.users, ipv4_address=str(network.proxy_address)
                    ),
                    docker.ContainerNetworksAdvancedArgs(name=args.networks.services, aliases=["proxy"]),
                ],
                healthcheck=docker.ContainerHealthcheckArgs(
                    tests=["CMD", "traefik", *healthcheck_arguments(str(network.proxy_control_address))],
                    interval="5s",
                    timeout="5s",
                    retries=3,
                    start_period="5s",
                ),
                stop_seconds=10,
            ),
            pulumi.ResourceOptions(parent=self, depends_on=depends_on),
        )


def _mount(volume: pulumi.Input[str], folder: str, *, read_only: bool) -> docker.ContainerMountArgs:
    return docker.ContainerMountArgs(type="volume", source=volume, target=folder, read_only=read_only)


def _published_ports(settings: Settings) -> list[docker.ContainerPortArgs]:
    site = settings.site
    # Behind a load balancer there is one port, and http on it.
    off = isinstance(settings.tls, OffTls)
    ports = {HTTPS_PORT: site.http_port} if off else {HTTP_PORT: site.http_port, HTTPS_PORT: site.https_port}
    return [
        docker.ContainerPortArgs(internal=internal, external=external, ip=str(site.bind_address))
        for internal, external in ports.items()
    ]
