"""A machine with Docker's bridges, containers, neighbours and an internet, all of it network namespaces.

Nothing here touches the network of the machine that runs the tests. The host's namespace is that of a container without
a network, so that others can join it.
"""

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from docker.models.containers import Container

from tests.integration.images.image import LABELS, Image

HERE = Path(__file__).parent
PREFIX = "fwt-"
DOCKER_RULES = (HERE / "docker.rules").read_text()
BRIDGE, OTHER_BRIDGE = "jh-fwt-user", "jh-fwb-user"
SUBNET = "10.213.64.0/20"
PORTS = [22, 53, 80, 443, 3128, 5432, 8001, 8081, 8443, 8888]

# Of a container: the bridge and its address there, by IPv4 and IPv6.
CONTAINERS = {
    "u1": (BRIDGE, "10.213.72.1", "fd00:64::1:1"),
    "u2": (BRIDGE, "10.213.72.2", "fd00:64::1:2"),
    "hub": (BRIDGE, "10.213.64.10", "fd00:64::10"),
    "proxy": (BRIDGE, "10.213.64.20", "fd00:64::20"),
    "egress": (BRIDGE, "10.213.64.30", "fd00:64::30"),
    "foreigner": (OTHER_BRIDGE, "10.213.88.1", "fd00:80::1:1"),
    "other": ("br-other", "172.30.0.2", "fd00:30::2"),
}
# Of a bridge: the host's address there, and how long the network's part of an address is.
BRIDGES = {
    BRIDGE: ("10.213.64.1", 20, "fd00:64::"),
    OTHER_BRIDGE: ("10.213.80.1", 20, "fd00:80::"),
    "br-other": ("172.30.0.1", 24, "fd00:30::"),
}
# The rest of the world, as far as it can be reached through one router.
OUTSIDE = ["203.0.113.1", "10.99.0.1", "10.99.0.53", "10.77.0.1", "169.254.169.254", "100.64.0.1", "172.31.0.1"]
NAMES = ["host", "outside", "lan", *CONTAINERS]

Flow = tuple[str, str, str, int]
"""From whom, by which protocol, to which address and port."""


@dataclass
class World:
    """Everybody, each with an agent that answers and tries."""

    image: Image
    """The firewall's, of which the host has what its own machine may lack."""
    container: Container | None = None
    """Keeps the host's namespace."""
    agents: dict[str, "subprocess.Popen[str]"] = field(default_factory=dict)

    def __enter__(self) -> Self:
        try:
            self._begin()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._end()

    def host(self, *command: str, given: str | None = None, check: bool = True) -> str:
        """What a command prints on the host."""
        done = subprocess.run(
            _inside("host", command), input=given, check=False, capture_output=True, text=True, timeout=30
        )
        assert done.returncode == 0 or not check, f"{' '.join(command)}: {done.stderr}"
        return done.stdout

    def reset(self, rules: str | None = None, backend: str = "nft") -> None:
        """The host as Docker leaves it, without any connection."""
        if self.host("cat", "/proc/net/ip_tables_names", check=False):
            # What iptables-legacy has begun to use a namespace keeps for ever.
            self._end()
            self._begin()
        self.host("sysctl", "-qw", "net.bridge.bridge-nf-call-iptables=1", "net.bridge.bridge-nf-call-ip6tables=1")
        self._flush()
        self.host(f"iptables-{backend}-restore", given=DOCKER_RULES if rules is None else rules)
        self._in_container("conntrack", "-F")

    def listing(self) -> str:
        """Every rule of the host, without counters and comments."""
        tables = [
            self.host(f"{family}-nft-save", "-t", table)
            for family in ("iptables", "ip6tables")
            for table in ("filter", "nat")
        ]
        lines = [line for table in tables for line in table.splitlines() if not line.startswith("#")]
        return "\n".join(line.split(" [")[0] for line in lines)

    def open_flows(self, flows: Mapping[str, Flow]) -> set[str]:
        """Which of these get an answer, all tried at once."""
        for name, agent in self.agents.items():
            _send(agent, {"do": "try", "flows": [flow[1:] for flow in flows.values() if flow[0] == name]})
        found: set[str] = set()
        for name, agent in self.agents.items():
            mine = [key for key, flow in flows.items() if flow[0] == name]
            found |= {key for key, is_open in zip(mine, _receive(agent), strict=True) if is_open}
        return found

    def hold(self, name: str, host: str, port: int) -> None:
        """Let somebody open a connection and keep it."""
        _send(self.agents[name], {"do": "hold", "host": host, "port": port})
        assert _receive(self.agents[name]) is True

    def still_answers(self, name: str, host: str) -> bool:
        """Whether what is sent over the held connection comes back."""
        _send(self.agents[name], {"do": "use", "host": host})
        return bool(_receive(self.agents[name]))

    def _begin(self) -> None:
        self._build()
        for name in NAMES:
            self.agents[name] = subprocess.Popen(
                _inside(name, [sys.executable, str(HERE / "agent.py"), *map(str, PORTS)]),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        for agent in self.agents.values():
            assert agent.stdout is not None
            assert agent.stdout.readline() == "ready\n"

    def _end(self) -> None:
        for agent in self.agents.values():
            agent.kill()
            agent.communicate()
        self.agents.clear()
        self._remove()

    def _in_container(self, *command: str) -> str:
        """What a command of the image prints on the host."""
        assert self.container is not None
        status, output = self.container.exec_run(list(command))
        assert isinstance(output, bytes)
        assert status == 0, output.decode()
        return output.decode()

    def _flush(self) -> None:
        for family in ("iptables", "ip6tables"):
            for table in ("filter", "nat"):
                chains = {"filter": ("INPUT", "FORWARD", "OUTPUT"), "nat": ("PREROUTING", "POSTROUTING", "OUTPUT")}
                lines = [f":{chain} ACCEPT [0:0]" for chain in chains[table]]
                self.host(f"{family}-nft-restore", given="\n".join([f"*{table}", *lines, "COMMIT", ""]))

    def _build(self) -> None:
        self._remove()
        self._build_host()
        for name in NAMES:
            if name != "host":
                _ip("netns", "add", PREFIX + name)
            _ip("-n", PREFIX + name, "link", "set", "lo", "up")
        for bridge, (address, length, address6) in BRIDGES.items():
            _add("host", bridge, "type", "bridge", "forward_delay", "0")
            _address("host", bridge, f"{address}/{length}", f"{address6}f/64")
        for name, (bridge, address, address6) in CONTAINERS.items():
            gateway, length, _ = BRIDGES[bridge]
            self._plug(name, "host", bridge)
            _address(name, "eth0", f"{address}/{length}", f"{address6}/64")
            _ip("-n", PREFIX + name, "route", "add", "default", "via", gateway)
        _add("outside", "street", "type", "bridge", "forward_delay", "0")
        _address("outside", "street", "192.168.77.1/24")
        for name, address in (("host", "192.168.77.2/24"), ("lan", "192.168.77.3/24")):
            self._plug(name, "outside", "street")
            _address(name, "eth0", address)
            _ip("-n", PREFIX + name, "route", "add", "default", "via", "192.168.77.1")
        for address in OUTSIDE:
            _ip("-n", PREFIX + "outside", "addr", "add", f"{address}/32", "dev", "lo")
        # A neighbour who knows the way to containers.
        _ip("-n", PREFIX + "lan", "route", "add", SUBNET, "via", "192.168.77.2")
        self.host("sysctl", "-qw", "net.ipv4.ip_forward=1")

    def _build_host(self) -> None:
        self.container = self.image.engine.containers.run(
            self.image.reference,
            ["sleep", "infinity"],
            name=PREFIX + "host",
            labels=LABELS,
            network_mode="none",
            init=True,
            cap_drop=["ALL"],
            cap_add=["NET_ADMIN"],
            detach=True,
        )
        self.container.reload()
        _ip("netns", "attach", PREFIX + "host", str(self.container.attrs["State"]["Pid"]))
        # An engine on another machine would have named a process of ours, perhaps one in our own network.
        namespace = ["readlink", "/proc/self/ns/net"]
        assert self.host(*namespace) == self._in_container(*namespace), "the engine runs on this machine"
        # Docker switches it off where it gives no address.
        self.host("sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=0", "net.ipv6.conf.default.disable_ipv6=0")

    def _remove(self) -> None:
        """Leave nothing of a world, nor of one whose tests were killed."""
        for container in self.image.engine.containers.list(all=True, filters={"name": f"^/?{PREFIX}"}):
            container.remove(force=True)
        names = [line.split()[0] for line in _ip("netns", "list").splitlines()]
        for name in names:
            if name.startswith(PREFIX):
                _ip("netns", "del", name)

    def _plug(self, name: str, there: str, bridge: str) -> None:
        peer = f"veth-{name}"
        _ip("-n", PREFIX + there, "link", "add", peer, "type", "veth", "peer", "eth0", "netns", PREFIX + name)
        _ip("-n", PREFIX + there, "link", "set", peer, "master", bridge, "up")
        _ip("-n", PREFIX + name, "link", "set", "eth0", "up")


def _inside(name: str, command: Iterable[str]) -> list[str]:
    return ["ip", "netns", "exec", PREFIX + name, *command]


def _ip(*words: str) -> str:
    done = subprocess.run(["ip", *words], check=False, capture_output=True, text=True)
    assert done.returncode == 0, f"ip {' '.join(words)}: {done.stderr}"
    return done.stdout


def _add(name: str, *words: str) -> None:
    _ip("-n", PREFIX + name, "link", "add", *words)
    _ip("-n", PREFIX + name, "link", "set", words[0], "up")


def _address(name: str, interface: str, *addresses: str) -> None:
    for address in addresses:
        quickly = ["nodad"] if ":" in address else []
        _ip("-n", PREFIX + name, "addr", "add", address, "dev", interface, *quickly)


def _send(agent: "subprocess.Popen[str]", request: dict[str, Any]) -> None:
    assert agent.stdin is not None
    agent.stdin.write(json.dumps(request) + "\n")
    agent.stdin.flush()


def _receive(agent: "subprocess.Popen[str]") -> Any:  # noqa: ANN401 - whatever was asked for
    assert agent.stdout is not None
    return json.loads(agent.stdout.readline())
