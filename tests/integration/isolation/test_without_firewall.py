"""The ways to isolate user servers that need no rules of ours: by Docker alone, or not at all.

The last file of its folder: it leaves the site as it is.
"""

import json
import subprocess

import pytest

from tests.integration.deployment import Deployment
from tests.integration.isolation import world as places
from tests.integration.isolation.conftest import ADDRESSES, SETTINGS, read
from tests.integration.isolation.probe import reach
from tests.integration.isolation.world import PORT
from tests.integration.person import Person

NETWORK = {
    "docker": {**ADDRESSES, "isolation": "docker", "egress": "blocked"},
    "off": {**ADDRESSES, "isolation": "off", "egress": "open"},
}
REACHED = {"docker": {"hub", "bob"}, "off": {"hub", "bob", "front door", "private", "public"}}


@pytest.fixture(scope="module", params=["docker", "off"])
def isolation(request: pytest.FixtureRequest, isolated: Deployment) -> str:
    """The site after the change that the operator's guide describes."""
    mode: str = request.param
    isolated.hubctl("down")
    rules = subprocess.run(["iptables-save"], check=True, capture_output=True, text=True).stdout
    assert "jh-fenced-user-" not in rules, "what takes a stack down takes its rules with it"
    urns = isolated.pulumi("stack", "--show-urns").stdout.split()
    isolated.pulumi("state", "unprotect", "--yes", next(urn for urn in urns if urn.endswith("::networks-users")))
    isolated.configure(**SETTINGS, network=NETWORK[mode])
    isolated.up()
    return mode


def test_servers_start_and_reach_what_is_said(isolation: str, isolated: Deployment) -> None:
    assert not [each for each in isolated.engine.containers.list() if each.name == f"{isolated.prefix}-firewall"]
    people = [Person(name, isolated.output("url"), isolated.output("ca_certificate_pem")) for name in ("alice", "bob")]
    for person in people:
        person.log_in(isolated.output("user_password")).start_server()
    network = isolated.container("user-bob").attrs["NetworkSettings"]["Networks"][f"{isolated.prefix}-users"]
    asked: dict[str, list[object]] = {
        "hub": ["tcp", "hub", 8081],
        "bob": ["tcp", network["IPAddress"], 8888],
        "front door": ["tcp", "10.214.0.20", 8443],
        "private": ["tcp", places.PRIVATE, PORT],
        "public": ["tcp", places.PUBLIC, PORT],
    }
    for protocol, host, port in asked.values():
        assert host == "hub" or reach(str(protocol), str(host), int(str(port))) == "open", "something listens there"
    with people[0].kernel() as kernel:
        kernel.run(read("probe.py").partition("if __name__")[0])
        answers = json.loads(kernel.run(f"print(json.dumps(reach_all({asked!r})))"))
    reached = {name for name, answer in answers.items() if answer == "open"}
    assert reached - {"front door"} == REACHED[isolation] - {"front door"}
    assert isolated.preview() == []
    for person in people:
        person.stop_server()
        person.http.close()
