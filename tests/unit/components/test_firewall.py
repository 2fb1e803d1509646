"""The firewall: tried out before anything depends on it, told what the settings say, and able to do no more."""

import json
from typing import Any

import pulumi
import pytest

from components.firewall import Firewall, FirewallArgs, firewall_runtime
from components.networks import Networks, NetworksArgs
from images.firewall.runtime import FirewallRuntime
from tests.unit.recording import Recording, State, record
from tests.unit.sites import NAMES, settings_of


def firewall(states: dict[str, State] | None = None, **network: object) -> Recording:
    settings = settings_of(network=network)

    def program() -> None:
        networks = Networks("networks", NetworksArgs(names=NAMES, network=settings.network))
        args = FirewallArgs(names=NAMES, network=settings.network, build=settings.build, networks=networks)
        Firewall("firewall", args)

    return record(program, states=states)


@pytest.mark.parametrize("name", ["firewall", "firewall-probe"])
def test_it_works_in_the_servers_network_with_what_iptables_needs_and_no_more(name: str) -> None:
    made = firewall()[name].inputs
    assert made["networkMode"] == "host"
    assert made["capabilities"] == {"adds": ["CAP_NET_ADMIN"], "drops": ["ALL"]}
    assert not made.get("ports")


def test_it_writes_nothing_but_its_heartbeat() -> None:
    made = firewall()["firewall"].inputs
    assert made["readOnly"] is True
    assert [(each["type"], each["source"], each["target"]) for each in made["mounts"]] == [
        ("volume", "jupyterhub-test-firewall", "/run/firewall")
    ]


@pytest.mark.parametrize("name", ["firewall", "firewall-probe"])
def test_it_is_told_what_the_settings_say(name: str) -> None:
    network: dict[str, Any] = {
        "egress_exceptions": {
            "names": {"to": "10.1.3.4", "port": 53, "protocol": "udp"},
            "lab": {"to": "10.1.2.0/24"},
        },
        "resolvers": ["10.0.0.53"],
    }
    (line,) = firewall(**network)[name].inputs["envs"]
    variable, _, value = line.partition("=")
    assert variable == "FIREWALL_RUNTIME"
    assert json.loads(value) == {
        "bridge": "jh-test-user",
        "subnet": "10.201.0.0/20",
        "user_range": "10.201.8.0/21",
        "hub": "10.201.0.10",
        "proxy": "10.201.0.20",
        "hub_port": 8081,
        "user_port": 8888,
        "egress": {
            "mode": "internet",
            "exceptions": [
                {"to": "10.1.2.0/24", "protocol": "tcp", "port": None},
                {"to": "10.1.3.4/32", "protocol": "udp", "port": 53},
            ],
            "resolvers": ["10.0.0.53"],
            "proxy": None,
            "proxy_port": None,
        },
    }
    assert FirewallRuntime.model_validate_json(value).fingerprint == (
        firewall_runtime(settings_of(network=network).network, NAMES).fingerprint
    )


@pytest.mark.parametrize("egress", ["open", "internet", "blocked"])
def test_each_way_out_is_the_settings_one(egress: str) -> None:
    told = firewall_runtime(settings_of(network={"egress": egress}).network, NAMES).egress
    assert (told.mode, told.proxy, told.proxy_port) == (egress, None, None)


def test_with_a_list_of_domains_the_way_out_is_the_egress_proxy() -> None:
    listed = settings_of(network={"egress": "allowlist", "allowed_domains": ["data.example.org"]}).network
    told = firewall_runtime(listed, NAMES).egress
    assert (told.mode, str(told.proxy), told.proxy_port) == ("allowlist", "10.201.0.30", 3128)


def test_rules_are_tried_out_when_the_bridge_is_there_and_before_anything_is_changed() -> None:
    made = firewall()
    assert "networks-users" in made["firewall-probe"].dependencies
    assert "firewall-probe" in made["firewall"].dependencies


def test_where_no_firewall_can_be_the_update_stops_with_the_reason() -> None:
    states: dict[str, State] = {"firewall-probe": {"exitCode": 1, "containerLogs": "It cannot work here.\n"}}
    with pytest.raises(pulumi.RunError, match=r"cannot be isolated on this server\.\nIt cannot work here\."):
        firewall(states)


def test_it_is_well_while_its_heartbeat_is() -> None:
    made = firewall()["firewall"].inputs
    assert made["healthcheck"]["tests"] == ["CMD", "python", "-m", "images.firewall", "check"]
    assert (made["entrypoints"], made["command"]) == (["python", "-m", "images.firewall"], ["run"])
