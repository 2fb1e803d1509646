"""Traefik's own configuration: what it is started with, and the files it watches."""

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any

import pulumi
import pytest

from components.traefik import (
    certificate_request_route,
    credentials_file,
    healthcheck_arguments,
    static_arguments,
    static_routes_file,
)
from images.hub.runtime import WAIT_FOR_HUB
from tests.unit.recording import Value, record
from tests.unit.sites import settings_of

API = "10.201.16.3"


def started_with(**site: object) -> dict[str, str]:
    arguments = static_arguments(settings_of(site={"domain": "hub.example.org", **site}), API)
    assert all(argument.startswith("--") for argument in arguments)
    pairs = [argument.removeprefix("--").partition("=") for argument in arguments]
    assert len({key for key, _, _ in pairs}) == len(pairs), "nothing is said twice"
    return {key: value for key, _, value in pairs}


def watched(
    services: Mapping[str, object] | None = None, hsts: str = "365d", **site: object
) -> dict[str, dict[str, dict[str, Any]]]:
    settings = settings_of(site={"domain": "hub.example.org", **site}, services=services or {}, proxy={"hsts": hsts})
    content: dict[str, dict[str, dict[str, Any]]] = json.loads(static_routes_file(settings))
    return content


def test_it_listens_for_http_https_and_the_hub_alone() -> None:
    addresses = {key: value for key, value in started_with().items() if key.endswith(".address")}
    assert addresses == {
        "entryPoints.web.address": ":8080",
        "entryPoints.websecure.address": ":8443",
        "entryPoints.auth_api.address": f"{API}:8099",
    }


def acme(**tls: object) -> dict[str, str]:
    settings = settings_of(tls={"kind": "acme", "email": "operator@example.org", **tls})
    pairs = [argument.removeprefix("--").partition("=") for argument in static_arguments(settings, API)]
    return {key: value for key, _, value in pairs}


@pytest.mark.parametrize(
    ("challenge", "argument", "value"),
    [("tls-alpn-01", "tlsChallenge", "true"), ("http-01", "httpChallenge.entryPoint", "web")],
)
def test_an_authority_is_asked_by_the_challenge_of_the_settings(challenge: str, argument: str, value: str) -> None:
    arguments = acme(challenge=challenge)
    resolver = "certificatesResolvers.acme.acme."
    assert arguments[f"{resolver}{argument}"] == value
    assert {key.split(".")[3] for key in arguments if "Challenge" in key} == {argument.split(".", maxsplit=1)[0]}
    assert arguments[f"{resolver}email"] == "operator@example.org"


def test_certificates_of_another_authority_are_not_taken_for_this_ones() -> None:
    stores = {
        acme(**tls)["certificatesResolvers.acme.acme.storage"]
        for tls in ({}, {"staging": True}, {"directory_url": "https://ca.example.org/dir"})
    }
    assert len(stores) == 3
    assert all(store.startswith("/srv/acme/") for store in stores)
    assert acme()["certificatesResolvers.acme.acme.storage"] in stores, "and the same one's are found again"


def test_no_route_of_its_own_makes_traefik_ask_the_authority() -> None:
    assert not any("certResolver" in key for key in acme())
    settings = settings_of(tls={"kind": "acme", "email": "operator@example.org"})
    assert "certResolver" not in static_routes_file(settings)


def test_the_route_that_makes_it_ask_is_answered_by_traefik_itself() -> None:
    route: Any = certificate_request_route(["a.example.org", "b.example.org"])
    (router,) = route["http"]["routers"].values()
    assert router["service"] == "noop@internal"
    assert router["tls"] == {"certResolver": "acme", "domains": [{"main": "a.example.org"}, {"main": "b.example.org"}]}


@pytest.mark.parametrize("port", [443, 8443, 18443])
def test_plain_http_only_leads_to_the_published_https_port(port: int) -> None:
    arguments = started_with(https_port=port)
    prefix = "entryPoints.web.http.redirections.entryPoint"
    assert (arguments[f"{prefix}.to"], arguments[f"{prefix}.scheme"]) == (f":{port}", "https")


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("entryPoints.websecure.http.tls", "true"),
        ("entryPoints.websecure.http.middlewares", "security-headers@file"),
        ("entryPoints.web.http.aliasHeadersStrategy", "delete"),
        ("entryPoints.websecure.http.aliasHeadersStrategy", "delete"),
        ("entryPoints.websecure.transport.respondingTimeouts.readTimeout", "0s"),
        ("entryPoints.websecure.transport.lifeCycle.graceTimeOut", "2s"),
        ("api", "true"),
        ("api.dashboard", "false"),
        ("providers.file.directory", "/srv/routes"),
        ("providers.file.watch", "true"),
        ("providers.providersThrottleDuration", "0s"),
        ("ping", "true"),
        ("ping.entryPoint", "auth_api"),
        ("global.checkNewVersion", "false"),
        ("global.sendAnonymousUsage", "false"),
    ],
)
def test_it_is_started_with(argument: str, value: str) -> None:
    assert started_with()[argument] == value


def test_nothing_opens_the_api_without_a_password_or_debug_routes() -> None:
    assert not {"api.insecure", "api.debug"} & started_with().keys()


def test_routes_come_from_files_alone() -> None:
    assert {key.split(".")[1] for key in started_with() if key.startswith("providers.")} == {
        "file",
        "providersThrottleDuration",
    }


def test_the_health_check_asks_where_traefik_listens() -> None:
    command, *arguments = healthcheck_arguments(API)
    assert command == "healthcheck"
    assert arguments
    assert {argument.removeprefix("--").partition("=")[::2] for argument in arguments} <= set(started_with().items())


def test_the_api_needs_its_password_and_is_served_to_the_hub_alone() -> None:
    assert watched()["http"]["routers"]["api"] == {
        "rule": "PathPrefix(`/api`)",
        "entryPoints": ["auth_api"],
        "service": "api@internal",
        "middlewares": ["api-password"],
    }


def test_without_services_there_is_no_empty_mapping_which_traefik_refuses() -> None:
    content = watched()
    assert "services" not in content["http"]
    assert all(content["http"].values())


@pytest.mark.parametrize(("hsts", "seconds"), [("365d", 365 * 86400), ("1h", 3600)])
def test_browsers_are_told_to_stay_with_https(hsts: str, seconds: int) -> None:
    assert watched(hsts=hsts)["http"]["middlewares"]["security-headers"]["headers"]["stsSeconds"] == seconds


def test_browsers_are_told_nothing_of_https_when_the_site_says_so() -> None:
    assert "stsSeconds" not in watched(hsts="0s")["http"]["middlewares"]["security-headers"]["headers"]


def test_every_answer_has_security_headers_and_names_no_software() -> None:
    headers = watched()["http"]["middlewares"]["security-headers"]["headers"]
    assert headers["contentTypeNosniff"] is True
    assert headers["referrerPolicy"] == "same-origin"
    assert headers["customResponseHeaders"] == {"Server": "", "X-Powered-By": ""}


def test_tls_below_1_2_is_refused() -> None:
    assert watched()["tls"]["options"]["default"]["minVersion"] == "VersionTLS12"


@pytest.mark.parametrize(
    ("address", "protocols"), [("127.0.0.1", ["http/1.1"]), ("0.0.0.0", None)], ids=["this machine", "the world"]
)
def test_http_2_is_for_visitors_from_elsewhere(address: str, protocols: list[str] | None) -> None:
    assert watched(bind_address=address)["tls"]["options"]["default"].get("alpnProtocols") == protocols


BY_HOST = {"grafana": {"host": "grafana.example.org", "target": "http://grafana:3000"}}
BY_PATH = {"grafana": {"path": "/grafana", "target": "http://grafana:3000"}}
STRIPPED = {"grafana": {"path": "/grafana", "target": "http://grafana:3000", "strip_path": True}}


@pytest.mark.parametrize(
    ("services", "rule"),
    [(BY_HOST, "Host(`grafana.example.org`)"), (BY_PATH, "Path(`/grafana`) || PathPrefix(`/grafana/`)")],
    ids=["host", "path"],
)
def test_a_service_is_found_by(services: dict[str, object], rule: str) -> None:
    http = watched(services)["http"]
    router = http["routers"]["service-grafana"]
    assert (router["rule"], router["service"]) == (rule, "service-grafana")
    assert http["services"] == {"service-grafana": {"loadBalancer": {"servers": [{"url": "http://grafana:3000"}]}}}


@pytest.mark.parametrize("services", [BY_HOST, BY_PATH, STRIPPED], ids=["host", "path", "stripped"])
def test_a_service_is_served_over_https_alone_and_before_every_route_of_the_hub(services: dict[str, object]) -> None:
    router = watched(services)["http"]["routers"]["service-grafana"]
    assert router["entryPoints"] == ["websecure"]
    # Traefik ranks by the length of a rule: a host of 253 letters with a path of a user's server is the longest.
    assert router["priority"] > 10_000


def test_a_path_is_taken_off_only_when_asked_for() -> None:
    stripped, whole = watched(STRIPPED)["http"], watched(BY_PATH)["http"]
    assert stripped["middlewares"]["strip-grafana"] == {"stripPrefix": {"prefixes": ["/grafana"]}}
    assert stripped["routers"]["service-grafana"]["middlewares"] == ["strip-grafana"]
    assert "strip-grafana" not in whole["middlewares"]
    assert "middlewares" not in whole["routers"]["service-grafana"]


def test_requests_wait_longer_for_a_hub_than_it_takes_to_replace_it() -> None:
    retry = watched()["http"]["middlewares"][WAIT_FOR_HUB]["retry"]
    # Traefik waits the initial interval at first, and comes close to twice that.
    assert retry["attempts"] * float(retry["initialInterval"].removesuffix("ms")) / 1000 >= 10


def test_every_middleware_that_is_used_is_there() -> None:
    http = watched({**STRIPPED, "docs": {"host": "docs.example.org", "target": "http://docs"}})["http"]
    used = {name for router in http["routers"].values() for name in router.get("middlewares", [])}
    assert used - {"api-password"} <= http["middlewares"].keys(), "api-password is in the file with the secrets"
    assert {router["service"] for router in http["routers"].values()} - {"api@internal"} == http["services"].keys()


def test_equal_services_give_equal_text_in_whatever_order() -> None:
    one = {"a": {"path": "/a", "target": "http://a"}, "b": {"path": "/b", "target": "http://b"}}
    assert json.dumps(watched(one)) == json.dumps(watched(dict(reversed(one.items()))))


def credentials(password: str = "the password") -> Value:
    def program() -> dict[str, object]:
        return {
            "file": credentials_file(
                pulumi.Output.from_input("certificate\nchain\n"),
                pulumi.Output.secret("key\n"),
                pulumi.Output.secret(password),
            )
        }

    return record(program).exports["file"]


def test_the_credentials_are_secret() -> None:
    assert credentials().secret


def test_they_are_secret_even_if_nothing_in_them_is_marked() -> None:
    def program() -> dict[str, object]:
        return {"file": credentials_file(*(pulumi.Output.from_input(text) for text in ("certificate", "key", "word")))}

    assert record(program).exports["file"].secret


def test_every_host_name_gets_the_certificate() -> None:
    pair = {"certFile": "certificate\nchain\n", "keyFile": "key\n"}
    assert json.loads(credentials().plain)["tls"] == {
        "certificates": [pair],
        "stores": {"default": {"defaultCertificate": pair}},
    }


def test_the_api_takes_the_hubs_password_and_no_other() -> None:
    (user,) = json.loads(credentials().plain)["http"]["middlewares"]["api-password"]["basicAuth"]["users"]
    digest = base64.b64encode(hashlib.sha1(b"the password").digest()).decode()
    assert user == f"hub:{{SHA}}{digest}"
    assert "the password" not in credentials().plain
    assert credentials("another").plain != credentials().plain
