"""The container that has Traefik ask for certificates: when it runs, what it is told, what its failure says."""

import json
from collections.abc import Mapping
from typing import Any

import pulumi
import pytest

from components.traefik import certificate_request_route
from tests.unit.program.deployments import deploy
from tests.unit.recording import Registration, State
from tests.unit.sites import SMALLEST

_NAME = "acme-certificates-request"


def certificates(
    state: State | None = None, services: Mapping[str, object] | None = None, **tls: object
) -> Registration:
    acme = {"kind": "acme", "email": "operator@example.org", **tls}
    states = {_NAME: state} if state else None
    return deploy({**SMALLEST, "tls": acme, "services": services or {}}, states=states)[_NAME]


def test_it_reaches_the_proxy_and_its_routes_and_nothing_else() -> None:
    inputs = certificates().inputs
    assert inputs["networkMode"] == "id-of-networks-services"
    assert inputs["mounts"] == [
        {"type": "volume", "source": "jupyterhub-test-routes", "target": "/srv/jupyterhub/routes"}
    ]


def test_it_comes_after_the_hub_and_uses_its_image() -> None:
    made = deploy({**SMALLEST, "tls": {"kind": "acme", "email": "operator@example.org"}})
    assert "hub" in made[_NAME].dependencies
    assert made[_NAME].inputs["image"] == made["hub"].inputs["image"]


def test_it_is_told_every_name_of_the_site() -> None:
    services = {"wiki": {"host": "wiki.example.org", "target": "http://wiki:80"}}
    (upload,) = certificates(services=services).inputs["uploads"]
    assert json.loads(upload["content"]) == {
        "host_names": ["hub.example.org", "wiki.example.org"],
        "proxy_host": "proxy",
        "proxy_port": 8443,
        "path": "/.well-known/certificate-request",
        "route": certificate_request_route(["hub.example.org", "wiki.example.org"]),
    }


@pytest.mark.parametrize(
    "change",
    [
        {"staging": True},
        {"challenge": "http-01"},
        {"directory_url": "https://ca.example.org/dir"},
        {"services": {"wiki": {"host": "wiki.example.org", "target": "http://wiki:80"}}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_it_runs_again_when_another_certificate_is_wanted(change: dict[str, Any]) -> None:
    changed = certificates(**change)
    assert changed.inputs != certificates().inputs


@pytest.mark.parametrize(("challenge", "port"), [("tls-alpn-01", 443), ("http-01", 80)])
def test_a_failure_says_what_the_authority_needs_and_where_its_answer_is(challenge: str, port: int) -> None:
    failed: State = {"exitCode": 1, "containerLogs": "hub.example.org: no certificate\n"}
    with pytest.raises(pulumi.RunError) as failure:
        certificates(failed, challenge=challenge)
    said = str(failure.value)
    assert f"by port {port}; what it said: docker logs jupyterhub-test-proxy\nhub.example.org: no certificate\n" in said
