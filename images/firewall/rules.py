"""The rules that a runtime asks for, spelt as `iptables-save` prints them, so that both can be compared."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from images.firewall.runtime import EgressRuntime, FirewallRuntime

Family = Literal["iptables", "ip6tables"]
# Set on a connection's first packet when it may leave, so that address translation alone opens nothing when the
# filter table was wiped. One value does for all stacks: each translates its own users' addresses only.
_MARK = "0x4a480000/0xffff0000"
# Where a public address never is (IANA's special-purpose registry), multicast and class E included.
PRIVATE_RANGES = (
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "224.0.0.0/4",
    "240.0.0.0/4",
)


@dataclass(frozen=True, kw_only=True)
class Jump:
    """The rule of one of Linux's or Docker's chains that leads to one of ours."""

    hook: str
    target: str
    match: str = ""

    @property
    def rule(self) -> str:
        """Without its chain, as in `Table.chains`."""
        return f"{self.match} -j {self.target}".strip()


@dataclass(frozen=True, kw_only=True)
class Table:
    """What one table should hold of ours."""

    family: Family
    name: Literal["filter", "nat"]
    chains: Mapping[str, tuple[str, ...]]
    """Rules of each chain, in order, without `-A` and the chain."""
    jumps: tuple[Jump, ...]


def wanted(runtime: FirewallRuntime, *, ipv6: bool = True) -> tuple[Table, ...]:
    """Everything that has to be in force; nothing for IPv6 where the kernel has none."""
    bridge = runtime.bridge
    forward, out, inward, nat = chains_of(bridge)
    from_users = f"-i {bridge}"
    tables = [
        Table(
            family="iptables",
            name="filter",
            chains={
                forward: tuple(_forward(runtime, out)),
                # No ACCEPT: what Docker has to say about its other networks is still heard.
                out: (f"-j MARK --set-xmark {_MARK}", "-j RETURN"),
                inward: ("-m conntrack --ctstate RELATED,ESTABLISHED -j RETURN", "-j DROP"),
            },
            jumps=(
                # FORWARD alone would come after Docker's own rules when the engine restarts, and Docker's chain is
                # no longer asked after `iptables -F`.
                Jump(hook="DOCKER-USER", target=forward),
                Jump(hook="FORWARD", target=forward),
                Jump(hook="INPUT", target=inward, match=from_users),
            ),
        ),
        Table(
            family="iptables",
            name="nat",
            chains={nat: tuple(_nat(runtime))},
            jumps=(Jump(hook="POSTROUTING", target=nat),),
        ),
    ]
    if ipv6:
        tables.append(
            # The network has no IPv6: nothing of it has a business there.
            Table(
                family="ip6tables",
                name="filter",
                chains={forward: (f"-i {bridge} -j DROP", f"-o {bridge} -j DROP"), inward: ("-j DROP",)},
                jumps=(
                    Jump(hook="FORWARD", target=forward),
                    Jump(hook="INPUT", target=inward, match=from_users),
                ),
            )
        )
    return tuple(tables)


def chains_of(bridge: str) -> tuple[str, str, str, str]:
    """Names of a bridge's chains: what is forwarded, what of it may leave, what is for the host, and translation."""
    return f"{bridge}-FWD", f"{bridge}-OUT", f"{bridge}-IN", f"{bridge}-NAT"


def trial(runtime: FirewallRuntime, *, ipv6: bool = True) -> tuple[Table, ...]:
    """A chain that nothing leads to, with one rule of every kind that `wanted` uses."""
    chain = f"{runtime.bridge}-TRY"
    filters = (
        "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
        f"-s {runtime.user_range} ! -o {runtime.bridge} -p tcp -m tcp --dport {runtime.hub_port} -j DROP",
        f"-j MARK --set-xmark {_MARK}",
    )
    tables = [
        Table(family="iptables", name="filter", chains={chain: filters}, jumps=()),
        Table(family="iptables", name="nat", chains={chain: tuple(_translation(runtime))}, jumps=()),
    ]
    if ipv6:
        tables.append(Table(family="ip6tables", name="filter", chains={chain: ("-j DROP",)}, jumps=()))
    return tuple(tables)


def _forward(runtime: FirewallRuntime, out: str) -> Iterator[str]:
    bridge, users, egress = runtime.bridge, str(runtime.user_range), runtime.egress
    yield f"! -i {bridge} ! -o {bridge} -j RETURN"
    yield "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"
    yield "-m conntrack --ctstate INVALID -j DROP"
    # Between two of the bridge. Whatever else hub and proxy have to do they do on other networks.
    inside = [(users, f"{runtime.hub}/32", runtime.hub_port)]
    inside += [(f"{server}/32", users, runtime.user_port) for server in (runtime.hub, runtime.proxy)]
    if egress.proxy_port is not None:
        inside.append((users, f"{egress.proxy}/32", egress.proxy_port))
    for source, target, port in inside:
        yield f"-s {source} -d {target} -i {bridge} -o {bridge} -p tcp -m tcp --dport {port} -j ACCEPT"
    # From elsewhere, a host with a route to the subnet for example, and whatever else is between two of the bridge.
    yield f"-o {bridge} -j DROP"
    # From here on, what leaves the bridge.
    yield from (f"-s {users} {rule}" for rule in _egress(egress, out))
    yield "-j DROP"


def _egress(egress: EgressRuntime, out: str) -> Iterator[str]:
    if egress.mode == "internet":
        for resolver in egress.resolvers:
            yield from (
                f"-d {resolver}/32 -p {protocol} -m {protocol} --dport 53 -g {out}" for protocol in ("udp", "tcp")
            )
        for place in egress.exceptions:
            port = "" if place.port is None else f" -m {place.protocol} --dport {place.port}"
            # iptables-save leaves out an address that is no restriction.
            to = "" if place.to.prefixlen == 0 else f"-d {place.to} "
            yield f"{to}-p {place.protocol}{port} -g {out}"
        yield from (f"-d {private} -j DROP" for private in PRIVATE_RANGES)
    if egress.mode in {"open", "internet"}:
        yield f"-g {out}"


def _nat(runtime: FirewallRuntime) -> Iterator[str]:
    if runtime.egress.mode in {"open", "internet"}:
        yield from _translation(runtime)


def _translation(runtime: FirewallRuntime) -> Iterator[str]:
    yield f"-s {runtime.user_range} ! -o {runtime.bridge} -m mark --mark {_MARK} -j MASQUERADE"
