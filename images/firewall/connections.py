"""The kernel's list of open connections, as `conntrack -L` prints it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address

from images.firewall.runtime import FirewallRuntime

# Protocol, its number, and whoever opened the connection to whom; what follows is the way back.
_LINE = re.compile(
    r"^(?P<name>\w+)\s+(?P<protocol>\d+) .*?src=(?P<source>\S+) dst=(?P<target>\S+)"
    r"(?: sport=(?P<source_port>\d+) dport=(?P<target_port>\d+))?"
)


@dataclass(frozen=True)
class Connection:
    """Who opened a connection to whom; ports only where the protocol has them."""

    protocol: int
    source: IPv4Address
    target: IPv4Address
    source_port: int | None
    target_port: int | None

    @property
    def options(self) -> list[str]:
        """How `conntrack` is told of it."""
        found = ["-p", str(self.protocol), "--orig-src", str(self.source), "--orig-dst", str(self.target)]
        if self.source_port is not None:
            found += ["--orig-port-src", str(self.source_port), "--orig-port-dst", str(self.target_port)]
        return found

    def is_to_a_user_server(self, runtime: FirewallRuntime) -> bool:
        """Whether hub or proxy opened it to somebody's server, which they always may."""
        return (
            self.protocol == 6  # noqa: PLR2004 - TCP (RFC 9293)
            and self.source in (runtime.hub, runtime.proxy)
            and self.target in runtime.user_range
            and self.target_port == runtime.user_port
        )


def connections(listed: str) -> Iterator[Connection]:
    """The connections in a list."""
    for match in filter(None, map(_LINE.match, listed.splitlines())):
        ports = match["source_port"], match["target_port"]
        yield Connection(
            int(match["protocol"]),
            IPv4Address(match["source"]),
            IPv4Address(match["target"]),
            *(int(port) if port else None for port in ports),
        )
