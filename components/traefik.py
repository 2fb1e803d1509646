"""Traefik's own configuration: what it is started with, and the files it watches."""

import base64
import hashlib
import json
from collections.abc import Sequence

import pulumi
from pydantic import JsonValue

from images.hub.runtime import WAIT_FOR_HUB
from settings import Settings
from settings.proxy import ProxySettings
from settings.services import ServiceSettings
from settings.tls import AcmeChallenge, AcmeTls, OffTls

ROUTES_FOLDER = "/srv/routes"
# Account and certificates of the ACME authority.
ACME_FOLDER = "/srv/acme"
# Nothing of the hub's begins so (RFC 8615).
CERTIFICATE_REQUEST_PATH = "/.well-known/certificate-request"
# Above 1024, so that Traefik needs no capability to listen; the site's own ports are published onto them.
HTTP_PORT = 8080
HTTPS_PORT = 8443
API_PORT = 8099
API_USERNAME = "hub"
ENTRY_POINT = "websecure"
_RESOLVER = "acme"
# While the hub is replaced nobody accepts connections at its address. Traefik tries again, with a form as well, and
# waits half a second at first and twice that at last: about 15 s in all. A new hub listens within 5 (measured).
_RETRY = {"attempts": 20, "initialInterval": "500ms"}
# Traefik ranks rules by their length. A service's must win against every rule of the hub, and a host with a path of
# a user's server is longer than most.
_SERVICE_PRIORITY = 1_000_000


def static_arguments(settings: Settings, api_address: str) -> list[str]:
    """Arguments that Traefik is started with; its API and health check listen on `api_address` only."""
    return [
        "--global.checkNewVersion=false",
        "--global.sendAnonymousUsage=false",
        "--log.level=INFO",
        f"--entryPoints.{ENTRY_POINT}.address=:{HTTPS_PORT}",
        *_encryption_arguments(settings),
        # A header spelled X_Forwarded_User would otherwise reach a service as X-Forwarded-User.
        f"--entryPoints.{ENTRY_POINT}.http.aliasHeadersStrategy=delete",
        # The default of 60 s covers a request's body: a large upload over a slow line would end in the middle.
        f"--entryPoints.{ENTRY_POINT}.transport.respondingTimeouts.readTimeout=0s",
        # Until then a Traefik that ends takes nobody new and waits for open connections; a kernel's never end. With the
        # default of 10 s the site was away for 12 (measured).
        f"--entryPoints.{ENTRY_POINT}.transport.lifeCycle.graceTimeOut=2s",
        *_api_entry_point(api_address),
        # The hub looks here whether Traefik has read a route; the dashboard is off.
        "--api=true",
        "--api.dashboard=false",
        f"--providers.file.directory={ROUTES_FOLDER}",
        "--providers.file.watch=true",
        # The default of 2 s is added to every start of a user's server.
        "--providers.providersThrottleDuration=0s",
    ]


def _encryption_arguments(settings: Settings) -> list[str]:
    tls = settings.tls
    if isinstance(tls, OffTls):
        trusted = ",".join(_trusted_proxies(settings, tls))
        return [
            f"--entryPoints.{ENTRY_POINT}.forwardedHeaders.trustedIPs={trusted}",
            f"--entryPoints.{ENTRY_POINT}.http.middlewares=load-balancer-only@file,security-headers@file",
        ]
    return [
        f"--entryPoints.web.address=:{HTTP_PORT}",
        f"--entryPoints.web.http.redirections.entryPoint.to=:{settings.site.https_port}",
        "--entryPoints.web.http.redirections.entryPoint.scheme=https",
        "--entryPoints.web.http.aliasHeadersStrategy=delete",
        f"--entryPoints.{ENTRY_POINT}.http.tls=true",
        f"--entryPoints.{ENTRY_POINT}.http.middlewares=security-headers@file",
        *(_acme_arguments(tls) if isinstance(tls, AcmeTls) else []),
    ]


def _acme_arguments(tls: AcmeTls) -> list[str]:
    resolver = f"--certificatesResolvers.{_RESOLVER}.acme"
    # Of each authority its own: a certificate for trials would be taken for good after them.
    authority = hashlib.sha256(tls.directory.encode()).hexdigest()[:12]
    # A challenge that ends before the route that began it is gone begins another; some end in milliseconds (measured).
    challenges = {
        AcmeChallenge.HTTP_01: [f"{resolver}.httpChallenge.entryPoint=web", f"{resolver}.httpChallenge.delay=5s"],
        AcmeChallenge.TLS_ALPN_01: [f"{resolver}.tlsChallenge=true", f"{resolver}.tlsChallenge.delay=5s"],
    }
    return [
        f"{resolver}.email={tls.email}",
        f"{resolver}.storage={ACME_FOLDER}/{authority}.json",
        f"{resolver}.caServer={tls.directory}",
        *challenges[tls.challenge],
    ]


def certificate_request_route(host_names: Sequence[str]) -> dict[str, JsonValue]:
    """The watched file that makes Traefik ask its authority for the certificates that it has not got."""
    router: dict[str, JsonValue] = {
        "rule": f"Path(`{CERTIFICATE_REQUEST_PATH}`)",
        "entryPoints": [ENTRY_POINT],
        "service": "noop@internal",
        "priority": _SERVICE_PRIORITY + 1,
        "tls": {"certResolver": _RESOLVER, "domains": [{"main": host} for host in host_names]},
    }
    return {"http": {"routers": {"certificate-request": router}}}


def _trusted_proxies(settings: Settings, tls: OffTls) -> list[str]:
    """Networks that the load balancer's requests come from.

    On this machine itself they come from Docker's own proxy, and so from the gateway of the network.
    """
    local = [f"{settings.network.control_gateway}/32"] if settings.site.is_loopback else []
    return sorted([*local, *(str(network) for network in tls.trusted_proxies)])


def healthcheck_arguments(api_address: str) -> list[str]:
    """Arguments of `traefik` that ask a running Traefik whether it is well."""
    return ["healthcheck", *_api_entry_point(api_address)]


def _api_entry_point(address: str) -> list[str]:
    return [
        f"--entryPoints.auth_api.address={address}:{API_PORT}",
        "--ping=true",
        "--ping.entryPoint=auth_api",
    ]


def static_routes_file(settings: Settings) -> str:
    """The watched file with everything that needs no secret: security headers, the API's router, other services."""
    routers: dict[str, object] = {
        "api": {
            "rule": "PathPrefix(`/api`)",
            "entryPoints": ["auth_api"],
            "service": "api@internal",
            "middlewares": ["api-password"],
        }
    }
    middlewares: dict[str, object] = {
        "security-headers": {"headers": _security_headers(settings.proxy)},
        WAIT_FOR_HUB: {"retry": _RETRY},
    }
    if isinstance(settings.tls, OffTls):
        allowed = _trusted_proxies(settings, settings.tls)
        middlewares["load-balancer-only"] = {"ipAllowList": {"sourceRange": allowed}}
    backends: dict[str, object] = {}
    for name, service in sorted(settings.services.items()):
        routers[f"service-{name}"] = _service_router(name, service)
        backends[f"service-{name}"] = {"loadBalancer": {"servers": [{"url": service.target}]}}
        if service.strip_path:
            middlewares[f"strip-{name}"] = {"stripPrefix": {"prefixes": [service.path]}}
    http = {"routers": routers, "middlewares": middlewares}
    # Traefik refuses a file with an empty mapping.
    tls = {"options": {"default": _tls_options(settings)}}
    return _yaml({"http": {**http, "services": backends} if backends else http, "tls": tls})


def _tls_options(settings: Settings) -> dict[str, object]:
    options: dict[str, object] = {"minVersion": "VersionTLS12"}
    # A browser on the Docker host takes each network interface that comes or goes with a user's server for a change of
    # the network, on which Chromium ends every request of an HTTP/2 connection, but none of HTTP/1.1 (measured).
    if not settings.site.is_loopback:
        return options
    challenge = ["acme-tls/1"] if isinstance(settings.tls, AcmeTls) else []
    return {**options, "alpnProtocols": ["http/1.1", *challenge]}


def _security_headers(proxy: ProxySettings) -> dict[str, object]:
    headers: dict[str, object] = {
        "contentTypeNosniff": True,
        "referrerPolicy": "same-origin",
        "customResponseHeaders": {"Server": "", "X-Powered-By": ""},
    }
    return {**headers, "stsSeconds": proxy.hsts} if proxy.hsts else headers


def _service_router(name: str, service: ServiceSettings) -> dict[str, object]:
    path = service.path
    # PathPrefix alone would also take /grafana-other.
    rule = f"Host(`{service.host}`)" if service.host else f"Path(`{path}`) || PathPrefix(`{path}/`)"
    router: dict[str, object] = {
        "rule": rule,
        "entryPoints": [ENTRY_POINT],
        "service": f"service-{name}",
        "priority": _SERVICE_PRIORITY,
    }
    return {**router, "middlewares": [f"strip-{name}"]} if service.strip_path else router


def credentials_file(
    certificate_pem: pulumi.Output[str] | None,
    private_key_pem: pulumi.Output[str] | None,
    api_password: pulumi.Output[str],
) -> pulumi.Output[str]:
    """The watched file with the password of the API and, where the stack has them, the certificate and its key."""

    def content(values: list[str | None]) -> str:
        certificate, key, password = values
        api = {"http": {"middlewares": {"api-password": {"basicAuth": {"users": [_htpasswd(str(password))]}}}}}
        if certificate is None:
            return _yaml(api)
        # In the file itself: Traefik watches this file, not files that it names.
        pair = {"certFile": certificate, "keyFile": key}
        return _yaml({"tls": {"certificates": [pair], "stores": {"default": {"defaultCertificate": pair}}}, **api})

    return pulumi.Output.secret(pulumi.Output.all(certificate_pem, private_key_pem, api_password).apply(content))


def _htpasswd(password: str) -> str:
    # SHA-1 is enough for a password of 256 random bits, and a bcrypt hash would cost Traefik 0.2 s of CPU at each of
    # the two to four calls with which the hub looks for a new route (measured).
    digest = base64.b64encode(hashlib.sha1(password.encode(), usedforsecurity=False).digest()).decode()
    return f"{API_USERNAME}:{{SHA}}{digest}"


def _yaml(content: object) -> str:
    """JSON, which is YAML as well."""
    return json.dumps(content, indent=2) + "\n"
