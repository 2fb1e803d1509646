"""Every container of a running stack: who it runs as, and what it could do."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.integration.deployment import Deployment
from tests.integration.person import Person

PARTS = ["hub", "proxy", "socket-proxy", "firewall", "user-alice"]
ROOT = {"firewall"}
READ_ONLY = {"proxy", "socket-proxy", "firewall"}
CAPABILITIES = {"socket-proxy": ["CAP_SETGID", "CAP_SETUID"], "firewall": ["CAP_NET_ADMIN"]}
SOCKET = "/var/run/docker.sock"


@pytest.fixture(scope="module")
def running(internet: Deployment, started: Callable[[str], Person]) -> Deployment:
    started("alice")
    return internet


def inspected(site: Deployment, part: str) -> dict[str, Any]:
    attributes: dict[str, Any] = site.container(part).attrs
    return attributes


@pytest.mark.parametrize("part", PARTS)
def test_it_runs_as_nobody_special(running: Deployment, part: str) -> None:
    top = running.container(part).top(ps_args="-eo pid,uid,args")
    # Not the engine's own init, which starts and reaps, nor the health check: both are as the container was made.
    users = {command: uid for _, uid, command in top["Processes"] if not re.search("docker-init| -c ", command)}
    assert users
    assert {uid == "0" for uid in users.values()} == {part in ROOT}


@pytest.mark.parametrize("part", PARTS)
def test_it_gains_no_privilege_and_has_no_capability_it_can_do_without(running: Deployment, part: str) -> None:
    host = inspected(running, part)["HostConfig"]
    assert host["CapDrop"] == ["ALL"]
    assert (host["CapAdd"] or []) == CAPABILITIES.get(part, [])
    assert [option.partition(":")[0] for option in host["SecurityOpt"]] == ["no-new-privileges"], "and seccomp stays"
    assert host["Privileged"] is False
    assert host["Devices"] in (None, [])


@pytest.mark.parametrize("part", PARTS)
def test_it_has_a_limit_of_memory_and_no_swap_beside_it(running: Deployment, part: str) -> None:
    host = inspected(running, part)["HostConfig"]
    assert 0 < host["Memory"] == host["MemorySwap"]


@pytest.mark.parametrize("part", PARTS)
def test_its_own_files_cannot_be_changed_where_it_needs_no_change(running: Deployment, part: str) -> None:
    assert inspected(running, part)["HostConfig"]["ReadonlyRootfs"] is (part in READ_ONLY)


@pytest.mark.parametrize("part", PARTS)
def test_it_shares_no_namespace_but_the_firewall_the_servers_network(running: Deployment, part: str) -> None:
    host = inspected(running, part)["HostConfig"]
    assert (host["NetworkMode"] == "host") is (part == "firewall")
    assert not host["PidMode"]
    assert host["IpcMode"] in {"private", ""}
    assert not host["UTSMode"]


def test_the_socket_proxy_alone_has_the_engines_socket_and_it_has_no_network(running: Deployment) -> None:
    label: dict[str, str | list[str] | bool] = {"label": f"jupyterhub.stack={running.prefix}"}
    having = [
        container.name
        for container in running.engine.containers.list(all=True, filters=label)
        if any(mount["Source"].endswith("docker.sock") for mount in container.attrs["Mounts"])
    ]
    assert having == [f"{running.prefix}-socket-proxy"]
    assert inspected(running, "socket-proxy")["HostConfig"]["NetworkMode"] == "none"


def test_the_front_door_alone_is_published(running: Deployment) -> None:
    label: dict[str, str | list[str] | bool] = {"label": f"jupyterhub.stack={running.prefix}"}
    published = [
        container.name
        for container in running.engine.containers.list(filters=label)
        if any(container.attrs["HostConfig"]["PortBindings"] or {})
    ]
    assert published == [f"{running.prefix}-proxy"]


@pytest.mark.parametrize("path", ["/api/rawdata", "/dashboard/", "/api/http/routers", "/metrics", "/ping"])
def test_traefiks_own_pages_are_not_the_worlds(
    running: Deployment, started: Callable[[str], Person], path: str
) -> None:
    alice = started("alice")
    assert running.output("url").startswith("https://")
    answer = alice.http.get(path, follow_redirects=False)
    assert answer.status_code in {302, 404}, "the hub's own answer to a page that is not there"
    assert "traefik" not in answer.text.lower()


def test_metrics_are_not_for_users(running: Deployment, started: Callable[[str], Person]) -> None:
    assert running.container("hub").status == "running"
    assert started("alice").http.get("/hub/metrics").status_code == 403
    assert started("alice").http.get("/hub/health").status_code == 200, "the same way, to a page that is for all"
