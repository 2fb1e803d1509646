"""From settings to what the hub is told, which its own model reads back."""

from typing import Any

import pytest

from components.firewall import firewall_runtime
from components.hub_runtime import hub_runtime
from images.hub.runtime import HubRuntime
from tests.unit.recording import CHECKOUT
from tests.unit.sites import NAMES, settings_of

IMAGE = "jhub.invalid/jupyterhub/notebook:0123456789abcdef"
PUBLISHED: dict[str, Any] = {"kind": "published", "reference": "quay.io/jupyter/scipy-notebook:hub-6.1.1"}


def told(**concerns: object) -> dict[str, Any]:
    return hub_runtime(settings_of(**concerns), NAMES, IMAGE).model_dump(mode="json")


@pytest.mark.parametrize(
    "concerns",
    [
        {},
        {"auth": {"kind": "dummy"}, "site": {"domain": "localhost", "bind_address": "127.0.0.1"}},
        {"notebooks": {"image": PUBLISHED}},
        {"notebooks": {"environment": {"GREETING": 'Grüße, "you" {username}\n'}}},
        {"access": {"allow_all": True, "admins": ["carol"]}},
        {"idle": {"server_timeout": "0s", "max_age": "7d"}},
    ],
    ids=["smallest", "dummy", "published image", "environment", "open", "idle"],
)
def test_the_hub_reads_back_what_it_is_told(concerns: dict[str, Any]) -> None:
    runtime = hub_runtime(settings_of(**concerns), NAMES, IMAGE)
    assert HubRuntime.model_validate_json(runtime.model_dump_json(indent=2)) == runtime


def test_it_is_told_where_everything_is() -> None:
    site = {"domain": "hub.example.org", "https_port": 8443, "title": "Physics"}
    runtime = told(site=site, network={"control_subnet": "10.9.4.0/28"})
    assert runtime["stack"] == "jupyterhub-test"
    assert runtime["hub_url"] == "http://hub:8081"
    assert runtime["site"] == {"public_url": "https://hub.example.org:8443/", "title": "Physics"}
    assert runtime["proxy"] == {"api_url": "http://10.9.4.3:8099", "api_username": "hub", "entry_point": "websecure"}


@pytest.mark.parametrize(
    "access",
    [
        {"admins": ["carol"], "allowed_users": ["bob", "alice"], "allow_existing": True},
        {"admins": ["dave", "carol"], "allow_all": True},
        {"admins": ["carol"], "allowed_users": ["alice"], "blocked_users": ["zoe", "mallory"]},
        {"admins": [], "allowed_users": ["alice"], "allowed_groups": ["b", "a"], "admin_groups": ["d", "c"]},
    ],
    ids=["some", "all", "by name", "by group"],
)
def test_it_is_told_who_may_come_in(access: dict[str, Any]) -> None:
    oidc = {"kind": "oidc", "issuer": "https://login.example.org", "client_id": "hub"}
    assert told(access=access, auth=oidc)["access"] == {
        "admins": sorted(access["admins"]),
        "admin_groups": sorted(access.get("admin_groups", [])),
        "allowed_users": sorted(access.get("allowed_users", [])),
        "allowed_groups": sorted(access.get("allowed_groups", [])),
        "allow_all": access.get("allow_all", False),
        "allow_existing": access.get("allow_existing", False),
        "blocked_users": sorted(access.get("blocked_users", [])),
    }


def test_it_is_told_what_a_users_server_is_and_may_use() -> None:
    runtime = told(
        notebooks={
            "default_url": "/tree",
            "limits": {"memory": "3G", "cpu": 1.5, "pids": 777},
            "environment": {"B": "2", "A": "1"},
        },
        storage={"home": {"mount_path": "/home/me"}},
        idle={"check_every": "2m", "kernel_timeout": "20m"},
    )
    assert runtime["user_server"] == {
        "image": IMAGE,
        "command": ["python", "-s", "-m", "single_user"],
        "network": "jupyterhub-test-users",
        "resolvers": [],
        "default_url": "/tree",
        "home_path": "/home/me",
        "memory_limit": 3 * 2**30,
        "cpu_limit": 1.5,
        "pids_limit": 777,
        "environment": {"A": "1", "B": "2"},
        "activity_interval": 120,
        "kernel_timeout": 1200,
    }


def test_a_published_image_is_told_what_our_own_has_in_a_file() -> None:
    command = told(notebooks={"image": PUBLISHED})["user_server"]["command"]
    assert command == ["python", "-c", (CHECKOUT / "images/notebook/single_user.py").read_text()]


def test_it_is_told_when_servers_stop() -> None:
    idle = {"server_timeout": "2h", "max_age": "7d", "check_every": "10m"}
    assert told(idle=idle)["idle_culler"] == {"server_timeout": 7200, "max_age": 604800, "check_every": 600}


def test_it_is_told_how_many_servers_may_start() -> None:
    hub = {"concurrent_spawn_limit": 7, "active_server_limit": 200, "start_timeout": "90s", "docker_threads": 3}
    assert told(hub=hub)["spawn"] == {
        "concurrent_spawn_limit": 7,
        "active_server_limit": 200,
        "start_timeout": 90,
        "docker_threads": 3,
    }


def test_equal_settings_give_equal_text() -> None:
    people = [f"user{number}" for number in range(50)]
    one = settings_of(access={"allowed_users": people, "admins": people[:20]})
    other = settings_of(access={"allowed_users": people[::-1], "admins": people[19::-1]})
    assert hub_runtime(one, NAMES, IMAGE).model_dump_json() == hub_runtime(other, NAMES, IMAGE).model_dump_json()


def test_the_environment_comes_in_one_order() -> None:
    variables = {f"V{number}": "x" for number in range(9, 0, -1)}
    assert list(told(notebooks={"environment": variables})["user_server"]["environment"]) == sorted(variables)


@pytest.mark.parametrize(
    ("network", "resolvers"),
    [
        ({}, []),
        ({"resolvers": ["10.0.1.53", "10.0.0.53"]}, ["10.0.1.53", "10.0.0.53"]),
        ({"egress": "blocked"}, ["127.0.0.1"]),
        ({"isolation": "docker", "egress": "blocked"}, ["127.0.0.1"]),
        ({"egress": "allowlist", "allowed_domains": ["data.example.org"], "resolvers": ["10.0.0.53"]}, ["127.0.0.1"]),
    ],
    ids=["the engine's", "the site's in their order", "none", "none beside docker's own means", "the proxy asks"],
)
def test_user_servers_ask_the_name_servers_of_the_settings(network: dict[str, Any], resolvers: list[str]) -> None:
    assert told(network=network)["user_server"]["resolvers"] == resolvers


def test_the_hub_waits_for_a_firewall_with_exactly_these_settings() -> None:
    plain, exceptional = (
        settings_of(network={"egress_exceptions": exceptions}).network
        for exceptions in ({}, {"licences": {"to": "10.1.2.3", "port": 443}})
    )
    fingerprints = [firewall_runtime(network, NAMES).fingerprint for network in (plain, exceptional)]
    assert told()["firewall_fingerprint"] == fingerprints[0]
    assert (
        told(network={"egress_exceptions": {"licences": {"to": "10.1.2.3", "port": 443}}})["firewall_fingerprint"]
        == (fingerprints[1])
    )
    assert fingerprints[0] != fingerprints[1]


@pytest.mark.parametrize(
    "network", [{"isolation": "docker", "egress": "blocked"}, {"isolation": "off", "egress": "open"}]
)
def test_without_a_firewall_the_hub_waits_for_none(network: dict[str, Any]) -> None:
    assert told(network=network)["firewall_fingerprint"] is None


def test_programs_in_user_servers_are_told_of_the_egress_proxy_and_a_site_may_say_otherwise() -> None:
    listed = {"egress": "allowlist", "allowed_domains": ["data.example.org"]}
    proxy = "http://10.201.0.30:3128"
    expected = {"http_proxy": proxy, "https_proxy": proxy, "no_proxy": "localhost,127.0.0.1,hub"}
    expected |= {name.upper(): value for name, value in expected.items()}
    assert told(network=listed)["user_server"]["environment"] == expected
    own = {"environment": {"no_proxy": "hub,intranet"}}
    assert told(network=listed, notebooks=own)["user_server"]["environment"]["no_proxy"] == "hub,intranet"
    assert told()["user_server"]["environment"] == {}
