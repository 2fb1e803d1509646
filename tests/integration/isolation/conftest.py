"""A site of its own, published to a world outside of the server, and neighbours on the same engine."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.deployment import Deployment, copy_checkout
from tests.integration.isolation import world as places
from tests.integration.isolation.world import HERE, PORT, World
from tests.integration.person import Person

HOST_PORT = 17777
SETTINGS: dict[str, Any] = {
    "site": {"domain": places.SERVER, "https_port": 18453, "http_port": 18090, "bind_address": places.SERVER},
    "tls": {"kind": "self_signed"},
    "auth": {"kind": "shared_password"},
    "access": {"allow_all": True, "admins": ["admin"]},
    "notebooks": {"limits": {"memory": "768M", "pids": 256}},
}
ADDRESSES = {"subnet": "10.214.0.0/22", "control_subnet": "10.214.16.0/28"}
NETWORK: dict[str, dict[str, Any]] = {
    "internet": {
        **ADDRESSES,
        "resolvers": [places.RESOLVER],
        "egress_exceptions": {"licences": {"to": places.EXCEPTION, "port": PORT}},
    },
    "blocked": {**ADDRESSES, "egress": "blocked"},
    "allowlist": {
        **ADDRESSES,
        "egress": "allowlist",
        "allowed_domains": ["listed.example.org", ".below.example.org"],
        "resolvers": [places.RESOLVER],
    },
    "open": {**ADDRESSES, "egress": "open", "resolvers": [places.RESOLVER]},
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is a proof of isolation."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.isolation)


@pytest.fixture(scope="session")
def world() -> Iterator[World]:
    """What lies outside."""
    if os.geteuid() != 0 or not shutil.which("ip"):
        reason = "a network namespace for the world outside takes root and iproute2"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with World() as world:
        yield world


@pytest.fixture(scope="session")
def isolated(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:  # noqa: ARG001
    """A deployed stack with the firewall, in the mode that it was left in by whoever used it last."""
    folder = copy_checkout(tmp_path_factory.mktemp("isolated"))
    deployment = Deployment(folder, tmp_path_factory.mktemp("isolated-backend"), "fenced")
    deployment.remove_everything()
    deployment.configure(**SETTINGS, network=NETWORK["internet"])
    try:
        deployment.up()
        yield deployment
    finally:
        deployment.hubctl("purge", "--yes", check=False)
        left_behind = deployment.left_behind()
        deployment.remove_everything()
    assert left_behind == [], "purge leaves nothing"
    rules = subprocess.run(["iptables-save"], check=True, capture_output=True, text=True).stdout
    assert "jh-fenced-user-" not in rules, "purge leaves no rule"


@pytest.fixture(scope="module")
def internet(isolated: Deployment) -> Deployment:
    """The site in the mode that is the default."""
    return switch(isolated, "internet")


def switch(deployment: Deployment, egress: str) -> Deployment:
    """Bring the site into a mode."""
    deployment.configure(**SETTINGS, network=NETWORK[egress])
    deployment.up()
    return deployment


@pytest.fixture(scope="session")
def host_listener() -> Iterator[None]:
    """Something of the server's own that listens on every address."""
    listener = subprocess.Popen(
        [sys.executable, str(HERE / "listener.py"), str(HOST_PORT)], stdout=subprocess.PIPE, text=True
    )
    assert listener.stdout is not None
    assert listener.stdout.readline() == "ready\n"
    yield
    listener.kill()
    listener.communicate()


@pytest.fixture(scope="module")
def started(isolated: Deployment) -> Iterator[Callable[[str], Person]]:
    """Start a person's server; all are stopped at the end of the file."""
    people: dict[str, Person] = {}

    def start(name: str) -> Person:
        if name not in people:
            people[name] = Person(name, isolated.output("url"), isolated.output("ca_certificate_pem"))
            people[name].log_in(isolated.output("user_password")).start_server()
        return people[name]

    yield start
    for person in people.values():
        person.stop_server()
        person.http.close()


def read(script: str) -> str:
    """Text of a script of this folder."""
    return Path(HERE / script).read_text()
