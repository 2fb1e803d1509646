"""A machine with Docker's bridges, containers, neighbours and an internet, all of it network namespaces.

Nothing here touches the network of the machine that runs the tests.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from images.firewall.health import heartbeat_problem
from images.firewall.runtime import RUNTIME_VARIABLE, FirewallRuntime

CHECKOUT = Path(__file__).resolve().parents[3]
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

    agents: dict[str, "subprocess.Popen[str]"] = field(default_factory=dict)

    def __enter__(self) -> Self:
        try:
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
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for agent in self.agents.values():
            agent.kill()
            agent.communicate()
        remove_namespaces()

    def host(self, *command: str, given: str | None = None, check: bool = True) -> str:
        """What a command prints on the host."""
        done = subprocess.run(
            _inside("host", command), input=given, check=False, capture_output=True, text=True, timeout=30
        )
        assert done.returncode == 0 or not check, f"{' '.join(command)}: {done.stderr}"
        return done.stdout

    def reset(self, rules: str | None = None, backend: str = "nft") -> None:
        """The host as Docker leaves it, without any connection."""
        self.host("sysctl", "-qw", "net.bridge.bridge-nf-call-iptables=1", "net.bridge.bridge-nf-call-ip6tables=1")
        self._flush("nft")
        if self.host("cat", "/proc/net/ip_tables_names", check=False):
            self._flush("legacy")
        self.host(f"iptables-{backend}-restore", given=DOCKER_RULES if rules is None else rules)
        self.host("conntrack", "-F")

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

    def _flush(self, backend: str) -> None:
        for family in ("iptables", "ip6tables"):
            for table in ("filter", "nat"):
                chains = {"filter": ("INPUT", "FORWARD", "OUTPUT"), "nat": ("PREROUTING", "POSTROUTING", "OUTPUT")}
                lines = [f":{chain} ACCEPT [0:0]" for chain in chains[table]]
                self.host(f"{family}-{backend}-restore", given="\n".join([f"*{table}", *lines, "COMMIT", ""]))

    def _build(self) -> None:
        remove_namespaces()
        for name in NAMES:
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

    def _plug(self, name: str, there: str, bridge: str) -> None:
        peer = f"veth-{name}"
        _ip("-n", PREFIX + there, "link", "add", peer, "type", "veth", "peer", "eth0", "netns", PREFIX + name)
        _ip("-n", PREFIX + there, "link", "set", peer, "master", bridge, "up")
        _ip("-n", PREFIX + name, "link", "set", "eth0", "up")


@dataclass
class Firewall:
    """The firewall's program, on the host of a world."""

    runtime: FirewallRuntime
    folder: Path
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def heartbeat(self) -> Path:
        return self.folder / "heartbeat.json"

    @property
    def log(self) -> str:
        """Everything said since it started."""
        return (self.folder / "log").read_text()

    def start(self) -> Self:
        """Start it, and wait until it says that all is in force."""
        self.heartbeat.unlink(missing_ok=True)
        self.launch()
        wait_until(lambda: self.beats_since(0), 5, lambda: self.log)
        return self

    def launch(self) -> None:
        with (self.folder / "log").open("wb") as log:
            command = _inside("host", [*self._command("run"), "--heartbeat", str(self.heartbeat)])
            self.process = subprocess.Popen(
                command, cwd=CHECKOUT, env=self._environment(), stdout=log, stderr=subprocess.STDOUT
            )

    def stop(self) -> int:
        """End it as Docker would."""
        assert self.process is not None
        self.process.terminate()
        status = self.process.wait(5)
        self.process = None
        return status

    def do(self, *verb: str) -> tuple[int, str]:
        """Exit code and output of another verb."""
        done = subprocess.run(
            _inside("host", self._command(*verb)),
            cwd=CHECKOUT,
            env=self._environment(),
            capture_output=True,
            check=False,
            text=True,
            timeout=30,
        )
        return done.returncode, done.stdout + done.stderr

    def wait_until_well(self, seconds: float = 5) -> None:
        """Wait for a heartbeat whose firewall began to look after this moment."""
        end = time.monotonic() + seconds
        # What comes before the first one may have been looked at before.
        for _ in range(2):
            self._wait_for_a_beat(end - time.monotonic())

    def _wait_for_a_beat(self, seconds: float) -> None:
        moment = time.time()
        wait_until(lambda: self.beats_since(moment), seconds, lambda: self.log)

    def beats_since(self, moment: float) -> bool:
        """Whether all has been well after a moment."""
        if heartbeat_problem(self.heartbeat, self.runtime.fingerprint) is not None:
            return False
        return self.heartbeat.stat().st_mtime > moment

    def _command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "images.firewall", *arguments]

    def _environment(self) -> dict[str, str]:
        return {**os.environ, "PYTHONPATH": str(CHECKOUT), RUNTIME_VARIABLE: self.runtime.model_dump_json()}


def wait_until(is_so: Callable[[], bool], seconds: float, why_not: Callable[[], str]) -> None:
    """Wait for something.

    Raises:
        AssertionError: it does not come about.
    """
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, why_not()
        time.sleep(0.02)


def remove_namespaces() -> None:
    """Leave nothing of a world, nor of one whose tests were killed."""
    names = [line.split()[0] for line in _ip("netns", "list").splitlines()]
    for name in names:
        if name.startswith(PREFIX):
            _ip("netns", "del", name)


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
