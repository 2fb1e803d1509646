"""The networks: fixed names, and the addresses of the settings."""

from typing import Any

import pytest

from components.networks import Networks, NetworksArgs
from tests.unit.recording import NETWORK, Recording, record
from tests.unit.sites import NAMES, settings_of


def networks(**network: object) -> Recording:
    def program() -> None:
        Networks("networks", NetworksArgs(names=NAMES, network=settings_of(network=network).network))

    return record(program)


def test_there_are_three_with_fixed_names_and_labels() -> None:
    made = networks().of(NETWORK)
    assert {each.inputs["name"]: each.labels for each in made} == {
        f"jupyterhub-test-{part}": {"jupyterhub.stack": "jupyterhub-test", "jupyterhub.role": part}
        for part in ("users", "control", "services")
    }


def test_all_belong_to_the_component() -> None:
    assert {each.parent for each in networks().of(NETWORK)} == {"networks"}


@pytest.mark.parametrize(
    ("part", "addresses"),
    [
        ("users", {"subnet": "10.9.0.0/22", "gateway": "10.9.0.1", "ipRange": "10.9.2.0/23"}),
        ("control", {"subnet": "10.9.4.0/28", "gateway": "10.9.4.1"}),
    ],
    ids=["users", "control"],
)
def test_addresses_are_those_of_the_settings(part: str, addresses: dict[str, str]) -> None:
    made = networks(subnet="10.9.0.0/22", control_subnet="10.9.4.0/28")
    assert made[f"networks-{part}"].inputs["ipamConfigs"] == [addresses]


def test_docker_chooses_the_addresses_of_the_services_network() -> None:
    assert "ipamConfigs" not in networks()["networks-services"].inputs


def test_none_has_ipv6_and_all_are_bridges() -> None:
    assert {(each.inputs["driver"], each.inputs["ipv6"]) for each in networks().of(NETWORK)} == {("bridge", False)}


@pytest.mark.parametrize(("part", "interface"), [("users", "jh-test-user"), ("control", "jh-test-ctrl")])
def test_an_interface_can_be_named_in_a_firewall(part: str, interface: str) -> None:
    options: dict[str, Any] = networks()[f"networks-{part}"].inputs["options"]
    assert options["com.docker.network.bridge.name"] == interface


@pytest.mark.parametrize(
    ("isolation", "egress", "opened", "internal"),
    [("firewall", "internet", "false", False), ("docker", "blocked", "true", True), ("off", "open", "true", False)],
)
def test_without_the_firewalls_rules_nothing_crosses_the_user_network(
    isolation: str, egress: str, opened: str, internal: bool
) -> None:
    made = networks(isolation=isolation, egress=egress)["networks-users"].inputs
    assert made["options"]["com.docker.network.bridge.enable_icc"] == opened
    assert made["options"]["com.docker.network.bridge.enable_ip_masquerade"] == opened
    assert made["internal"] is internal


def test_hub_and_proxy_reach_each_other_and_the_outside_through_the_control_network() -> None:
    for isolation, egress in (("firewall", "blocked"), ("docker", "blocked"), ("off", "open")):
        options = networks(isolation=isolation, egress=egress)["networks-control"].inputs["options"]
        assert options["com.docker.network.bridge.enable_icc"] == "true"
        assert options["com.docker.network.bridge.enable_ip_masquerade"] == "true"


def test_the_user_network_alone_is_protected() -> None:
    assert [each.name for each in networks() if each.protect] == ["networks-users"]


def test_containers_join_by_identifier_so_that_a_new_network_replaces_them() -> None:
    assert networks().outputs["networks"] == {
        part: f"id-of-networks-{part}" for part in ("users", "control", "services")
    }
