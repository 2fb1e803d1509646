"""The certificates that Traefik gets by itself."""

from dataclasses import dataclass

import pulumi
import pulumi_docker as docker

from components.container import OneShotContainerArgs, one_shot_container, require_success
from components.hub import Hub
from components.names import Names
from components.networks import Networks
from components.traefik import CERTIFICATE_REQUEST_PATH, HTTPS_PORT, certificate_request_route
from images.hub.runtime import CERTIFICATE_REQUEST_FILE, ROUTES_FOLDER, CertificateRequest
from settings import Settings
from settings.tls import AcmeTls


@dataclass(frozen=True, kw_only=True)
class AcmeCertificatesArgs:
    """Inputs of AcmeCertificates."""

    names: Names
    settings: Settings
    tls: AcmeTls
    networks: Networks
    hub: Hub
    """What comes before, and whose image has the command for it."""
    routes_volume: pulumi.Input[str]


class AcmeCertificates(pulumi.ComponentResource):
    """A container that has Traefik ask the authority once, and waits for what comes of it.

    To come after everything else: the site runs without, and an authority that refuses ends the update with its
    reason. It runs again when the host names or the authority change, or when it has failed.
    """

    def __init__(self, name: str, args: AcmeCertificatesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("jupyterhub:index:AcmeCertificates", name, None, opts)
        request = one_shot_container(
            f"{name}-request",
            OneShotContainerArgs(
                image=args.hub.image,
                labels=args.names.labels("certificate-request"),
                entrypoints=["python", "-m", "images.hub.certificate_request"],
                command=[],
                # The directory and the way are for the container to be another one when they change.
                envs=[f"ACME_DIRECTORY={args.tls.directory}", f"ACME_CHALLENGE={args.tls.challenge}"],
                uploads=[
                    docker.ContainerUploadArgs(
                        file=str(CERTIFICATE_REQUEST_FILE), content=_request(args.settings).model_dump_json(indent=2)
                    )
                ],
                mounts=[docker.ContainerMountArgs(type="volume", source=args.routes_volume, target=str(ROUTES_FOLDER))],
                network_mode=args.networks.services,
            ),
            pulumi.ResourceOptions(parent=self, depends_on=[args.hub.container]),
        )
        _, port = args.tls.challenge.port
        issued = require_success(
            request,
            "The authority gave no certificate; the site runs, with one that browsers warn of. It has to reach this "
            f"server under each name by port {port}; what it said: docker logs {args.names.of('proxy')}",
        )
        self.register_outputs({"issued": issued.id})


def _request(settings: Settings) -> CertificateRequest:
    return CertificateRequest(
        host_names=list(settings.host_names),
        proxy_host="proxy",
        proxy_port=HTTPS_PORT,
        path=CERTIFICATE_REQUEST_PATH,
        route=certificate_request_route(settings.host_names),
    )
