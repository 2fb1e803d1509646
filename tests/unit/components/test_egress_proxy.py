"""The egress proxy: told the settings' domains, with a network of its own that leads outside."""

import json

from components.egress_proxy import EgressProxy, EgressProxyArgs
from components.networks import Networks, NetworksArgs
from images.egress_proxy.runtime import EgressProxyRuntime
from tests.unit.recording import NETWORK, Recording, record
from tests.unit.sites import NAMES, settings_of


def egress_proxy(**network: object) -> Recording:
    settings = settings_of(
        network={"egress": "allowlist", "allowed_domains": ["data.example.org", ".python.org"], **network}
    )

    def program() -> None:
        networks = Networks("networks", NetworksArgs(names=NAMES, network=settings.network))
        args = EgressProxyArgs(names=NAMES, network=settings.network, build=settings.build, networks=networks)
        EgressProxy("egress-proxy", args)

    return record(program)


def test_it_is_told_the_domains_in_an_order_that_never_changes() -> None:
    (line,) = egress_proxy()["egress-proxy"].inputs["envs"]
    variable, _, value = line.partition("=")
    assert json.loads(value) == {
        "address": "10.201.0.30",
        "users": "10.201.8.0/21",
        "allowed_domains": [".python.org", "data.example.org"],
    }
    assert EgressProxyRuntime.from_environment({variable: value})


def test_it_stands_in_the_user_network_and_in_one_of_its_own_that_leads_outside() -> None:
    made = egress_proxy()
    assert [(end["name"], end.get("ipv4Address")) for end in made["egress-proxy"].inputs["networksAdvanced"]] == [
        ("id-of-egress-proxy-outside", None),
        ("id-of-networks-users", "10.201.0.30"),
    ]
    outside = next(each for each in made.of(NETWORK) if each.name == "egress-proxy-outside")
    assert (outside.inputs["name"], outside.inputs.get("internal", False)) == ("jupyterhub-test-egress", False)
    assert outside.labels == {"jupyterhub.stack": "jupyterhub-test", "jupyterhub.role": "egress"}


def test_it_writes_nothing_and_can_do_nothing() -> None:
    made = egress_proxy()["egress-proxy"].inputs
    assert made["readOnly"] is True
    assert made["capabilities"] == {"drops": ["ALL"]}
    assert not made.get("mounts")
    assert not made.get("ports")


def test_it_asks_the_name_servers_of_the_settings() -> None:
    assert egress_proxy(resolvers=["10.0.1.53", "10.0.0.53"])["egress-proxy"].inputs["dns"] == [
        "10.0.1.53",
        "10.0.0.53",
    ]
    assert "dns" not in egress_proxy()["egress-proxy"].inputs


def test_it_is_well_when_it_refuses_the_name_that_is_nobodys() -> None:
    tests = egress_proxy()["egress-proxy"].inputs["healthcheck"]["tests"]
    assert tests[:3] == ["CMD", "python", "-S"]
    assert "GET http://health.invalid/" in tests[-1]
    assert "10.201.0.30" in tests[-1]
