"""JupyterHub on Docker: what is deployed, and how its parts hang together."""

import pulumi
import pulumi_docker as docker

from components.acme_certificates import AcmeCertificates, AcmeCertificatesArgs
from components.authenticator import callback_url
from components.certificates import Certificates, CertificatesArgs
from components.egress_proxy import EgressProxy, EgressProxyArgs
from components.firewall import Firewall, FirewallArgs
from components.hub import Hub, HubArgs
from components.names import Names
from components.networks import Networks, NetworksArgs
from components.notebook_image import NotebookImage, NotebookImageArgs
from components.reverse_proxy import ReverseProxy, ReverseProxyArgs
from components.secrets import Secrets, SecretsArgs
from components.socket_proxy import SocketProxy, SocketProxyArgs
from components.volumes import Volumes, VolumesArgs
from settings.load import load
from settings.network import Egress, Isolation
from settings.tls import AcmeTls

settings, operator = load(pulumi.Config())
names = Names(project=pulumi.get_project(), stack=pulumi.get_stack())
on_docker = pulumi.ResourceOptions(providers=[docker.Provider("docker", host=settings.docker.host)])

networks = Networks("networks", NetworksArgs(names=names, network=settings.network), on_docker)
firewall = (
    Firewall(
        "firewall",
        FirewallArgs(names=names, network=settings.network, build=settings.build, networks=networks),
        on_docker,
    )
    if settings.network.isolation is Isolation.FIREWALL
    else None
)
egress_proxy = (
    EgressProxy(
        "egress-proxy",
        EgressProxyArgs(names=names, network=settings.network, build=settings.build, networks=networks),
        on_docker,
    )
    if settings.network.egress is Egress.ALLOWLIST
    else None
)
volumes = Volumes("volumes", VolumesArgs(names=names), on_docker)
secrets = Secrets("secrets", SecretsArgs(rotation=settings.hub.secret_rotation))
certificates = Certificates(
    "certificates",
    CertificatesArgs(
        tls=settings.tls, organization=names.prefix, host_names=settings.host_names, files=operator.certificate
    ),
)
notebook_image = NotebookImage(
    "notebook", NotebookImageArgs(names=names, image=settings.notebooks.image, build=settings.build), on_docker
)
reverse_proxy = ReverseProxy(
    "proxy",
    ReverseProxyArgs(
        names=names,
        settings=settings,
        networks=networks,
        certificates=certificates,
        routes_volume=volumes.routes,
        acme_volume=volumes.acme,
        acme_ca=operator.acme_ca,
        api_password=secrets.proxy_api_password,
    ),
    on_docker,
)
socket_proxy = SocketProxy(
    "socket-proxy",
    SocketProxyArgs(
        names=names,
        settings=settings,
        notebook_image=notebook_image,
        docker_api_volume=volumes.docker_api,
    ),
    on_docker,
)
user_password = operator.user_password or secrets.user_password
admin_password = operator.admin_password or secrets.admin_password
hub = Hub(
    "hub",
    HubArgs(
        names=names,
        settings=settings,
        networks=networks,
        volumes=volumes,
        secrets=secrets,
        user_password=user_password,
        admin_password=admin_password,
        auth_secret=operator.auth_secret,
        auth_ca=operator.auth_ca,
        notebook_image=notebook_image,
        reverse_proxy=reverse_proxy,
        socket_proxy=socket_proxy,
        firewall=firewall,
        egress_proxy=egress_proxy,
    ),
    on_docker,
)
if isinstance(settings.tls, AcmeTls):
    AcmeCertificates(
        "acme-certificates",
        AcmeCertificatesArgs(
            names=names,
            settings=settings,
            tls=settings.tls,
            networks=networks,
            hub=hub,
            routes_volume=volumes.routes,
        ),
        on_docker,
    )

pulumi.export("url", settings.site.url)
pulumi.export("callback_url", callback_url(settings))
pulumi.export("ca_certificate_pem", certificates.ca_certificate_pem)
pulumi.export("certificate_expires", certificates.expires)
pulumi.export("user_password", user_password)
pulumi.export("admin_password", admin_password)
pulumi.export(
    "images",
    {
        "hub": hub.image,
        "notebook": notebook_image.reference,
        "reverse_proxy": reverse_proxy.image,
        "socket_proxy": socket_proxy.image,
        "firewall": firewall.image if firewall else None,
        "egress_proxy": egress_proxy.image if egress_proxy else None,
    },
)
pulumi.export("networks", {part: names.of(part) for part in ("users", "control", "services")})
pulumi.export("volumes", {"hub_data": volumes.hub_data, "routes": volumes.routes, "homes": names.of("home-<user>")})
