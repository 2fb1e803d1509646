"""From inside a user's server: what it reaches, in each way out that a site can choose, and what it can do itself."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.integration.deployment import Deployment
from tests.integration.isolation import world as places
from tests.integration.isolation.conftest import ADDRESSES, HOST_PORT, read, switch
from tests.integration.isolation.probe import reach
from tests.integration.isolation.world import OTHER_PORT, PORT, World
from tests.integration.peer import bridge_address
from tests.integration.person import Kernel, Person

NEVER: frozenset[str] = frozenset()
ALWAYS = frozenset({"internet", "blocked", "open"})
OPEN = frozenset({"open"})


@dataclass(frozen=True)
class Place:
    """Somewhere to reach for, which answers whoever gets there."""

    of: str
    """Whose address it is: a key of `addresses`, or the address itself."""
    port: int
    reached_in: frozenset[str]
    protocol: str = "tcp"


PLACES = {
    "the hub's API": Place("hub", 8081, ALWAYS),
    "another port of the hub": Place("hub", PORT, NEVER),
    "another port of the hub by UDP": Place("hub", PORT, NEVER, "udp"),
    "the hub's API on the control network": Place("hub on control", 8081, NEVER),
    "somebody else's server": Place("bob", 8888, NEVER),
    "another port of somebody else's server": Place("bob", PORT, NEVER),
    "somebody else's server by UDP": Place("bob", PORT, NEVER, "udp"),
    "the front door's container": Place("proxy", 8443, NEVER),
    "the front door's other port": Place("proxy", 8080, NEVER),
    "the front door on the control network": Place("proxy on control", 8443, NEVER),
    "the front door's API": Place("proxy on control", 8099, NEVER),
    "the front door on the services network": Place("proxy on services", 8443, NEVER),
    "the server at the user network's gateway": Place("gateway", HOST_PORT, NEVER),
    "the server there by UDP": Place("gateway", HOST_PORT, NEVER, "udp"),
    "the server at the control network's gateway": Place("gateway of control", HOST_PORT, NEVER),
    "the server at Docker's own bridge": Place("gateway of docker0", HOST_PORT, NEVER),
    "the server at its public address": Place(places.SERVER, HOST_PORT, NEVER),
    "the published front door": Place(places.SERVER, 18453, NEVER),
    "a container on Docker's own bridge": Place("neighbour", PORT, NEVER),
    "a container on the services network": Place("service", PORT, NEVER),
    "a public address": Place(places.PUBLIC, PORT, frozenset({"internet", "open"})),
    "a public address by UDP": Place(places.PUBLIC, PORT, frozenset({"internet", "open"}), "udp"),
    "a private address": Place(places.PRIVATE, PORT, OPEN),
    "a private address by UDP": Place(places.PRIVATE, PORT, OPEN, "udp"),
    "a private address of class B": Place(places.OTHER_PRIVATE[0], PORT, OPEN),
    "a private address of class C": Place(places.OTHER_PRIVATE[1], PORT, OPEN),
    "an address of a carrier's own": Place(places.CARRIER, PORT, OPEN),
    "a link-local address as of a cloud's metadata": Place(places.LINK_LOCAL, PORT, OPEN),
    "a private address that is an exception": Place(places.EXCEPTION, PORT, frozenset({"internet", "open"})),
    "another port of the exception": Place(places.EXCEPTION, OTHER_PORT, OPEN),
    "the exception by UDP": Place(places.EXCEPTION, PORT, OPEN, "udp"),
    "the name server": Place(places.RESOLVER, 53, frozenset({"internet", "open"}), "udp"),
    "the name server by TCP": Place(places.RESOLVER, 53, frozenset({"internet", "open"})),
    "another port of the name server": Place(places.RESOLVER, PORT, OPEN),
}


@pytest.fixture(scope="module", params=["internet", "blocked", "open"])
def egress(request: pytest.FixtureRequest, isolated: Deployment, host_listener: None) -> str:  # noqa: ARG001
    """The way out that the site has chosen."""
    mode: str = request.param
    switch(isolated, mode)
    return mode


@pytest.fixture(scope="module")
def alice(egress: str, isolated: Deployment) -> Iterator[Person]:  # noqa: ARG001 - in that mode
    yield from in_a_server(isolated, "alice")


@pytest.fixture(scope="module")
def bob(egress: str, isolated: Deployment) -> Iterator[Person]:  # noqa: ARG001 - in that mode
    yield from in_a_server(isolated, "bob")


def in_a_server(site: Deployment, name: str) -> Iterator[Person]:
    with Person(name, site.output("url"), site.output("ca_certificate_pem")) as person:
        person.log_in(site.output("user_password")).start_server()
        yield person
        person.stop_server()


@pytest.fixture(scope="module")
def kernel(alice: Person) -> Iterator[Kernel]:
    with alice.kernel() as kernel:
        kernel.run(read("probe.py").partition("if __name__")[0])
        yield kernel


@pytest.fixture(scope="module")
def neighbours(isolated: Deployment) -> Iterator[dict[str, str]]:
    """Containers of nobody's on the same engine, by the address that they have."""
    made: dict[str, Any] = {}
    for name, network in (("neighbour", "bridge"), ("service", f"{isolated.prefix}-services")):
        made[name] = isolated.engine.containers.run(
            isolated.output("images")["hub"],
            ["python", "-c", read("listener.py"), str(PORT)],
            name=f"{isolated.prefix}-test-{name}",
            labels={"jupyterhub.stack": isolated.prefix, "jupyterhub.role": "test"},
            network=network,
            detach=True,
        )
        made[name].reload()
    yield {name: addresses_of(container)[-1] for name, container in made.items()}
    for container in made.values():
        container.remove(force=True)


def addresses_of(container: Any) -> list[str]:  # noqa: ANN401 - docker-py's
    return [each["IPAddress"] for each in container.attrs["NetworkSettings"]["Networks"].values()]


@pytest.fixture(scope="module")
def addresses(isolated: Deployment, bob: Person, neighbours: dict[str, str]) -> dict[str, str]:
    """Where everybody is, after each has begun to listen."""
    with bob.kernel(keep=True) as kernel:
        kernel.run(read("listener.py").partition("if __name__")[0] + f"\nserve({PORT})")
    hub = isolated.container("hub")
    hub.exec_run(["python", "-c", read("listener.py"), str(PORT)], detach=True)
    networks = {
        (part, network): isolated.container(part).attrs["NetworkSettings"]["Networks"][f"{isolated.prefix}-{network}"]
        for part, network in (
            ("hub", "users"),
            ("hub", "control"),
            ("proxy", "users"),
            ("proxy", "control"),
            ("proxy", "services"),
            ("user-bob", "users"),
        )
    }
    return {
        **neighbours,
        "hub": networks["hub", "users"]["IPAddress"],
        "hub on control": networks["hub", "control"]["IPAddress"],
        "bob": networks["user-bob", "users"]["IPAddress"],
        "proxy": networks["proxy", "users"]["IPAddress"],
        "proxy on control": networks["proxy", "control"]["IPAddress"],
        "proxy on services": networks["proxy", "services"]["IPAddress"],
        "gateway": networks["hub", "users"]["Gateway"],
        "gateway of control": networks["hub", "control"]["Gateway"],
        "gateway of docker0": bridge_address(isolated.engine),
    }


@pytest.fixture(scope="module")
def reached(kernel: Kernel, addresses: dict[str, str]) -> dict[str, str]:
    """What came back from each place, to one cell that tried them all."""
    asked = {name: [place.protocol, addresses.get(place.of, place.of), place.port] for name, place in PLACES.items()}
    answers: dict[str, str] = json.loads(kernel.run(f"print(json.dumps(reach_all({asked!r})))"))
    return answers


@pytest.mark.parametrize("name", PLACES)
def test_a_place_is_reached_in_its_modes_alone(
    egress: str, reached: dict[str, str], addresses: dict[str, str], name: str
) -> None:
    place = PLACES[name]
    # The same probe gets there from the server itself, in whose way no rule of ours stands.
    assert reach(place.protocol, addresses.get(place.of, place.of), place.port) == "open", "something listens there"
    assert (reached[name] == "open") is (egress in place.reached_in), reached[name]


def test_names_of_the_stack_are_known_and_others_as_far_as_there_is_a_way_out(egress: str, kernel: Kernel) -> None:
    assert kernel.run("socket.gethostbyname('hub')") == "'10.214.0.10'"
    outside = "socket.gethostbyname('www.example.org')"
    if egress == "blocked":
        with pytest.raises(RuntimeError, match="gaierror"):
            kernel.run(outside)
    else:
        assert kernel.run(outside) == repr(places.PUBLIC)


def test_the_front_door_is_open_to_the_world_and_nothing_behind_it(
    egress: str, world: World, addresses: dict[str, str], alice: Person
) -> None:
    assert alice.server(), egress
    asked = {
        "the front door": ["tcp", places.SERVER, 18453],
        "the hub": ["tcp", addresses["hub"], 8081],
        "a user's server": ["tcp", addresses["bob"], 8888],
        "another port of it": ["tcp", addresses["bob"], PORT],
    }
    with world.knowing(ADDRESSES["subnet"]):
        found = json.loads(world.run("probe.py", json.dumps(asked)))
    assert {name for name, answer in found.items() if answer == "open"} == {"the front door"}


def test_there_is_no_ipv6(egress: str, kernel: Kernel) -> None:
    found = kernel.run("print(open('/proc/net/if_inet6').read())")
    assert [line for line in found.splitlines() if not line.endswith(" lo")] == [], egress


@pytest.mark.parametrize(
    "attempt",
    [
        "socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))",
        "socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)",
        "fcntl.ioctl(socket.socket(socket.AF_INET, socket.SOCK_DGRAM), 0x8916, ETH0 + OTHER_ADDRESS)",
        "fcntl.ioctl(socket.socket(socket.AF_INET, socket.SOCK_DGRAM), 0x8924, ETH0 + OTHER_MAC)",
        "unshare(0x40000000)",
        "unshare(0x10000000)",
        "os.setuid(0)",
        "os.chroot('/')",
        "os.mknod('/tmp/disk', 0o60600, os.makedev(8, 0))",
        "mount()",
    ],
    ids=["frames", "raw packets", "address", "mac", "network", "user namespace", "root", "chroot", "device", "mount"],
)
def test_it_can_take_no_privilege(egress: str, kernel: Kernel, attempt: str) -> None:
    assert egress
    kernel.run(_PRIVILEGES)
    with pytest.raises(RuntimeError, match="PermissionError"):
        kernel.run(attempt)


_PRIVILEGES = """
import ctypes, fcntl, os, socket, struct
libc = ctypes.CDLL(None, use_errno=True)
ETH0 = struct.pack("16s", b"eth0")
OTHER_ADDRESS = struct.pack("HH4s8x", socket.AF_INET, 0, socket.inet_aton("10.214.0.10"))
OTHER_MAC = struct.pack("H6s8x", 1, b"\\x02\\0\\0\\0\\0\\1")
def checked(result):
    if result != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
def unshare(flags):
    checked(libc.unshare(flags))
def mount():
    checked(libc.mount(b"none", b"/mnt", b"tmpfs", 0, None))
"""
