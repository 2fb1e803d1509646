"""What becomes of isolation when a part of it fails, is wiped, or starts anew."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.integration.deployment import CHECKOUT, Deployment
from tests.integration.isolation import world as places
from tests.integration.isolation.conftest import read
from tests.integration.isolation.probe import reach
from tests.integration.isolation.world import PORT
from tests.integration.person import Kernel, Person, wait_until

BRIDGE = "jh-fenced-user"
# A user's server reaches one of these, and none of the others.
ALLOWED = ["hub", "public"]
FORBIDDEN = ["bob", "front door", "server", "private"]


@pytest.fixture
def alice(internet: Deployment, started: Callable[[str], Person]) -> Person:  # noqa: ARG001
    return started("alice")


@pytest.fixture
def kernel(alice: Person) -> Iterator[Kernel]:
    with probing_kernel(alice) as kernel:
        yield kernel


@contextmanager
def probing_kernel(person: Person) -> Iterator[Kernel]:
    """A new kernel of this person that knows how to reach for places."""
    with person.kernel() as kernel:
        kernel.run(read("probe.py").partition("if __name__")[0])
        yield kernel


@pytest.fixture
def asked(internet: Deployment, started: Callable[[str], Person]) -> dict[str, list[object]]:
    """Places to reach for, from a user's server; all of them answer."""
    started("bob")
    network = internet.container("user-bob").attrs["NetworkSettings"]["Networks"][f"{internet.prefix}-users"]
    found: dict[str, list[object]] = {
        "hub": ["tcp", "10.214.0.10", 8081],
        "bob": ["tcp", network["IPAddress"], 8888],
        "front door": ["tcp", "10.214.0.20", 8443],
        "server": ["tcp", places.SERVER, 18453],
        "public": ["tcp", places.PUBLIC, PORT],
        "private": ["tcp", places.PRIVATE, PORT],
    }
    assert {reach(*place) for place in found.values()} == {"open"}  # type: ignore[arg-type]
    return found


def reached(kernel: Kernel, asked: dict[str, list[object]]) -> list[str]:
    return [name for name, answer in eval(kernel.run(f"reach_all({asked!r})")).items() if answer == "open"]


def iptables(*arguments: str) -> None:
    subprocess.run(["iptables", "-w", *arguments], check=True, capture_output=True)


def rules() -> str:
    saved = subprocess.run(["iptables-save"], check=True, capture_output=True, text=True).stdout
    return "\n".join(line.partition(" [")[0] for line in saved.splitlines() if BRIDGE in line)


def firewall_is_well(site: Deployment) -> bool:
    return str(site.container("firewall").attrs["State"]["Health"]["Status"]) == "healthy"


@pytest.mark.parametrize(
    "damage",
    [
        ["-F", f"{BRIDGE}-FWD"],
        ["-F", f"{BRIDGE}-IN"],
        ["-I", f"{BRIDGE}-FWD", "-j", "ACCEPT"],
        ["-D", "INPUT", "-i", BRIDGE, "-j", f"{BRIDGE}-IN"],
        ["-I", "INPUT", "-i", BRIDGE, "-j", "ACCEPT"],
        ["-I", "FORWARD", "-i", BRIDGE, "-j", "ACCEPT"],
        ["-t", "nat", "-F", f"{BRIDGE}-NAT"],
    ],
    ids=" ".join,
)
def test_a_rule_that_is_changed_is_put_back_within_seconds(
    kernel: Kernel, asked: dict[str, list[object]], damage: list[str]
) -> None:
    before = rules()
    foreign = damage[:1] == ["-I"] and damage[1] in {"INPUT", "FORWARD"}
    iptables(*damage)
    try:
        assert rules() != before
        wait_until(lambda: _ours(rules()) == _ours(before), "the repair", seconds=4)
        assert reached(kernel, asked) == ALLOWED
    finally:
        if foreign:
            iptables("-D", *damage[1:])


def _ours(text: str) -> list[str]:
    """Rules that are the firewall's, and, of each hook, whether one of somebody else's stands before them."""
    lines = text.splitlines()
    ours = [line for line in lines if f"{BRIDGE}-" in line]
    first = [
        hook
        for hook in ("INPUT", "FORWARD")
        if next((line for line in lines if line.startswith(f"-A {hook} ")), "").endswith(("-FWD", "-IN"))
    ]
    return [*ours, *first]


def test_without_the_firewall_servers_go_on_guarded_and_none_is_started(
    internet: Deployment,
    alice: Person,
    kernel: Kernel,
    asked: dict[str, list[object]],
    started: Callable[[str], Person],
) -> None:
    firewall = internet.container("firewall")
    firewall.stop()
    try:
        assert reached(kernel, asked) == ALLOWED, "the rules stay"
        time.sleep(11)  # so long is the last heartbeat believed
        carol = Person("carol", alice.url, internet.output("ca_certificate_pem"))
        with carol.log_in(internet.output("user_password")):
            carol.hub_api("POST", "/users/carol/server")
            told = carol.http.get("/hub/api/users/carol/server/progress", headers={"Referer": carol.url}).text
        assert "the protection of its network is not in force" in told
        assert "the firewall last reported" in internet.container("hub").logs(tail=80).decode()
        assert not internet.engine.containers.list(all=True, filters={"name": f"{internet.prefix}-user-carol"})
        assert not internet.engine.volumes.list(filters={"name": f"{internet.prefix}-home-carol"})
    finally:
        firewall.start()
    assert started("carol").server()["ready"]


def test_without_a_single_rule_of_ours_docker_lets_nothing_through(
    internet: Deployment, kernel: Kernel, asked: dict[str, list[object]]
) -> None:
    firewall = internet.container("firewall")
    firewall.stop()
    try:
        # Hub and proxy cannot reach the kernel without rules: it is asked before, and answers when they are back.
        request = kernel.send(f"import time; time.sleep(3); reach_all({asked!r})")
        kernel.wait_until_busy()
        internet.engine.containers.run(
            internet.output("images")["firewall"],
            ["python", "-m", "images.firewall", "remove", "--bridge", BRIDGE],
            network_mode="host",
            cap_drop=["ALL"],
            cap_add=["NET_ADMIN"],
            remove=True,
        )
        assert not [line for line in rules().splitlines() if f"{BRIDGE}-" in line]
        time.sleep(6)
    finally:
        firewall.start()
    answers = eval(kernel.result(request, seconds=90))
    # The server itself is what Docker alone leaves open; so the hub starts nobody's server then (above).
    closed = [name for name in asked if name != "server"]
    assert {name: answers[name] for name in closed} == dict.fromkeys(closed, "silent")


@pytest.fixture
def machine_of_ours(internet: Deployment) -> None:
    """Skip what would hurt whatever else runs on this machine, unless that is nobody's: CI's."""
    others = [
        container.name
        for container in internet.engine.containers.list()
        if container.labels.get("jupyterhub.stack") != internet.prefix
    ]
    if others and not os.environ.get("CI"):
        pytest.skip(f"all containers of this engine would be stopped, also {', '.join(map(str, others))}")


@pytest.mark.usefixtures("machine_of_ours")
def test_after_a_flush_of_every_rule_isolation_is_back_within_seconds(
    alice: Person, asked: dict[str, list[object]]
) -> None:
    saved = subprocess.run(["iptables-save"], check=True, capture_output=True).stdout
    before = _ours(rules())
    try:
        for table in ("filter", "nat"):
            iptables("-t", table, "-F")
        wait_until(lambda: _ours(rules()) == before, "the repair", seconds=5)
        # Docker's own rules are gone until it starts again; nothing forbidden has opened. Every connection is a new
        # one: with no rule that asks for it, Linux tracks none and translates no addresses, so what came in through
        # a published port meets docker-proxy in the middle of a connection, which resets it (seen with tcpdump).
        alice.reconnect()
        with probing_kernel(alice) as kernel:
            assert not set(reached(kernel, asked)) & set(FORBIDDEN)
    finally:
        subprocess.run(["iptables-restore"], input=saved, check=True, capture_output=True)
    with probing_kernel(alice) as kernel:
        assert reached(kernel, asked) == ALLOWED


@pytest.mark.usefixtures("machine_of_ours")
def test_after_a_restart_of_the_engine_all_is_as_it_was(
    internet: Deployment, alice: Person, started: Callable[[str], Person], asked: dict[str, list[object]]
) -> None:
    before = _ours(rules())
    restart_engine()
    wait_until(lambda: _is_up(internet), "hub, proxy, socket proxy and firewall", seconds=90)
    assert _ours(rules()) == before
    wait_until(lambda: not alice.server() and not started("bob").server(), "the hub to find servers gone", seconds=60)
    for person in (alice, started("bob")):
        person.start_server()
    network = internet.container("user-bob").attrs["NetworkSettings"]["Networks"][f"{internet.prefix}-users"]
    with probing_kernel(alice) as kernel:
        assert reached(kernel, {**asked, "bob": ["tcp", network["IPAddress"], 8888]}) == ALLOWED
    assert internet.preview() == []


def _is_up(site: Deployment) -> bool:
    states = [site.container(part).attrs["State"] for part in ("hub", "proxy", "socket-proxy", "firewall")]
    return all(state["Running"] and state["Health"]["Status"] == "healthy" for state in states)


def restart_engine() -> None:
    """Stop the engine with all its containers, and start it as the bootstrap does."""
    if Path("/run/systemd/system").is_dir():
        subprocess.run(["systemctl", "restart", "docker"], check=True)
        return
    process = Path("/var/run/docker.pid")
    os.kill(int(process.read_text()), signal.SIGTERM)
    wait_until(lambda: not process.exists(), "the engine's end", seconds=60)
    start = ["python3", "-m", "bootstrap", "run", "--", "docker", "version"]
    subprocess.run(start, cwd=CHECKOUT, check=True, capture_output=True)
