"""What the rules let through: judged by an evaluator of their text, against the sentences of the design."""

import re
from collections.abc import Mapping
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from images.firewall.rules import Table, trial, wanted
from images.firewall.runtime import FirewallRuntime
from tests.unit.images.firewall.evaluator import Packet, Verdict, verdict
from tests.unit.images.firewall.runtimes import MODES, PLACES, PORTS, runtime, runtimes

BRIDGE = "jh-dev-user"
OUTSIDE = "eth0"
in_every_mode = pytest.mark.parametrize("mode", MODES)


def filter_table(given_runtime: FirewallRuntime) -> Table:
    return wanted(given_runtime)[0]


def judged(given_runtime: FirewallRuntime, packet: Packet) -> Verdict:
    return verdict(filter_table(given_runtime).chains, f"{BRIDGE}-FWD", packet)


packets = st.builds(
    Packet,
    source=st.sampled_from(PLACES),
    target=st.sampled_from(PLACES),
    protocol=st.sampled_from(["tcp", "udp", "icmp"]),
    port=st.sampled_from([*PORTS, 22]),
    came_in=st.sampled_from([BRIDGE, OUTSIDE, "docker0"]),
    goes_out=st.sampled_from([BRIDGE, OUTSIDE, "docker0"]),
    state=st.sampled_from(["NEW", "ESTABLISHED", "RELATED", "INVALID"]),
)


def expected(given_runtime: FirewallRuntime, packet: Packet) -> Verdict:
    """The design in words: who may reach whom."""
    if BRIDGE not in {packet.came_in, packet.goes_out}:
        return Verdict("RETURN")
    if packet.state in {"ESTABLISHED", "RELATED"}:
        return Verdict("ACCEPT")
    if packet.state == "INVALID":
        return Verdict("DROP")
    if packet.goes_out == BRIDGE:
        return Verdict("ACCEPT" if packet.came_in == BRIDGE and inside(given_runtime, packet) else "DROP")
    return Verdict("RETURN", marked=True) if leaves(given_runtime, packet) else Verdict("DROP")


def inside(given_runtime: FirewallRuntime, packet: Packet) -> bool:
    users, egress = given_runtime.user_range, given_runtime.egress
    if packet.protocol != "tcp":
        return False
    if packet.source in users:
        return (packet.target, packet.port) in {
            (given_runtime.hub, given_runtime.hub_port),
            (egress.proxy, egress.proxy_port),
        }
    servers = {given_runtime.hub, given_runtime.proxy}
    return packet.source in servers and packet.target in users and packet.port == given_runtime.user_port


def leaves(given_runtime: FirewallRuntime, packet: Packet) -> bool:
    egress = given_runtime.egress
    if packet.source not in given_runtime.user_range or egress.mode in {"blocked", "allowlist"}:
        return False
    if egress.mode == "open":
        return True
    asks_resolver = packet.target in egress.resolvers and packet.port == 53 and packet.protocol in {"tcp", "udp"}
    excepted = any(
        packet.target in each.to and packet.protocol == each.protocol and each.port in {None, packet.port}
        for each in egress.exceptions
    )
    return asks_resolver or excepted or is_public(packet.target)


def is_public(address: IPv4Address) -> bool:
    documentation = address in IPv4Network("203.0.113.0/24")
    # Versions of Python differ on single addresses of 192.0.0.0/24.
    protocols = address in IPv4Network("192.0.0.0/24")
    return (address.is_global or documentation) and not address.is_multicast and not protocols


@given(given_runtime=runtimes(), packet=packets)
def test_every_packet_meets_the_verdict_of_the_design(given_runtime: FirewallRuntime, packet: Packet) -> None:
    assert judged(given_runtime, packet) == expected(given_runtime, packet)


@in_every_mode
@pytest.mark.parametrize("way", [(BRIDGE, BRIDGE), (BRIDGE, OUTSIDE), (OUTSIDE, BRIDGE)])
def test_every_new_connection_meets_the_verdict_of_the_design(mode: str, way: tuple[str, str]) -> None:
    sources = [IPv4Address(text) for text in ("10.201.8.7", "10.201.0.10", "10.201.0.20", "10.201.0.30", "10.5.0.1")]
    services = product(("tcp", "udp", "icmp"), (22, 53, 3128, 5432, 8081, 8888))
    given_runtime = runtime(mode)
    chains = filter_table(given_runtime).chains
    wrong = [
        packet
        for source, target, service in product(sources, PLACES, list(services))
        for packet in [Packet(source, target, *service, *way)]
        if verdict(chains, f"{BRIDGE}-FWD", packet) != expected(given_runtime, packet)
    ]
    assert wrong == []


@given(given_runtime=runtimes(), source=st.sampled_from(PLACES), target=st.ip_addresses(v=4))
def test_any_address_meets_the_verdict_of_the_design(
    given_runtime: FirewallRuntime, source: IPv4Address, target: IPv4Address
) -> None:
    packet = Packet(source, target, "tcp", 443, BRIDGE, OUTSIDE)
    documentation = [IPv4Network(text) for text in ("192.0.2.0/24", "198.51.100.0/24", "192.88.99.0/24")]
    if not any(target in network for network in documentation):
        assert judged(given_runtime, packet) == expected(given_runtime, packet)


@given(given_runtime=runtimes(), packet=packets)
def test_nothing_of_other_bridges_is_decided(given_runtime: FirewallRuntime, packet: Packet) -> None:
    if BRIDGE not in {packet.came_in, packet.goes_out}:
        assert judged(given_runtime, packet) == Verdict("RETURN")


@in_every_mode
def test_two_user_servers_never_meet(mode: str) -> None:
    one, other = IPv4Address("10.201.8.2"), IPv4Address("10.201.8.3")
    for port in PORTS:
        for protocol in ("tcp", "udp", "icmp"):
            packet = Packet(one, other, protocol, port, BRIDGE, BRIDGE)
            assert judged(runtime(mode), packet) == Verdict("DROP")


@in_every_mode
def test_hub_and_proxy_leave_by_other_networks(mode: str) -> None:
    for server in ("10.201.0.10", "10.201.0.20", "10.201.0.30"):
        packet = Packet(IPv4Address(server), IPv4Address("8.8.8.8"), "tcp", 443, BRIDGE, OUTSIDE)
        assert judged(runtime(mode), packet) == Verdict("DROP")


@in_every_mode
def test_the_host_answers_nobody_but_keeps_its_own_connections(mode: str) -> None:
    chains = filter_table(runtime(mode)).chains
    packet = Packet(IPv4Address("10.201.8.2"), IPv4Address("10.201.0.1"), "tcp", 22, BRIDGE, "")
    assert verdict(chains, f"{BRIDGE}-IN", packet) == Verdict("DROP")
    answer = Packet(packet.source, packet.target, "tcp", 22, BRIDGE, "", "ESTABLISHED")
    assert verdict(chains, f"{BRIDGE}-IN", answer) == Verdict("RETURN")


@in_every_mode
def test_nothing_that_leaves_is_accepted_so_that_docker_is_still_asked(mode: str) -> None:
    accepting = [rule for rules in filter_table(runtime(mode)).chains.values() for rule in rules if "ACCEPT" in rule]
    between_two = f"-i {BRIDGE} -o {BRIDGE}"
    assert [rule for rule in accepting if between_two not in rule] == [
        "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"
    ]


@pytest.mark.parametrize(("mode", "translates"), [("open", 1), ("internet", 1), ("blocked", 0), ("allowlist", 0)])
def test_addresses_are_translated_only_for_what_may_leave(mode: str, translates: int) -> None:
    [nat] = [table for table in wanted(runtime(mode)) if table.name == "nat"]
    [rules] = nat.chains.values()
    assert len(rules) == translates
    assert all("-m mark --mark 0x4a480000/0xffff0000" in rule and "-s 10.201.8.0/21" in rule for rule in rules)


@in_every_mode
def test_ipv6_is_closed(mode: str) -> None:
    [table] = [table for table in wanted(runtime(mode)) if table.family == "ip6tables"]
    assert table.chains == {
        f"{BRIDGE}-FWD": (f"-i {BRIDGE} -j DROP", f"-o {BRIDGE} -j DROP"),
        f"{BRIDGE}-IN": ("-j DROP",),
    }
    assert [jump.hook for jump in table.jumps] == ["FORWARD", "INPUT"]


def test_a_kernel_without_ipv6_is_not_asked_for_it() -> None:
    families = [{table.family for table in tables} for tables in (wanted(runtime("open"), ipv6=False),)]
    families.append({table.family for table in trial(runtime("open"), ipv6=False)})
    assert families == [{"iptables"}, {"iptables"}]


@in_every_mode
def test_both_ways_into_forwarding_lead_to_the_rules(mode: str) -> None:
    jumps = {(table.name, jump.hook, jump.rule) for table in wanted(runtime(mode))[:2] for jump in table.jumps}
    assert jumps == {
        ("filter", "DOCKER-USER", f"-j {BRIDGE}-FWD"),
        ("filter", "FORWARD", f"-j {BRIDGE}-FWD"),
        ("filter", "INPUT", f"-i {BRIDGE} -j {BRIDGE}-IN"),
        ("nat", "POSTROUTING", f"-j {BRIDGE}-NAT"),
    }


def test_two_stacks_share_no_chain() -> None:
    def chains(bridge: str) -> set[str]:
        return {chain for table in wanted(runtime("internet", bridge=bridge)) for chain in table.chains}

    assert not chains("jh-a-user") & chains("jh-b-user")
    assert max(map(len, chains("jh-0123456789ab"))) <= 28, "longer names are refused"


def kinds(tables: tuple[Table, ...]) -> set[tuple[str, str, str]]:
    """Every extension and target that tables use."""
    return {
        (table.family, table.name, word)
        for table in tables
        for rules in table.chains.values()
        for rule in rules
        for word in re.findall(r"(?<=-m )\S+|(?<=-j )\S+", rule)
    }


def test_a_trial_uses_whatever_the_rules_need() -> None:
    # A kernel that knows tcp knows udp, and none is without RETURN.
    known: set[tuple[str, str, str]] = {("iptables", "filter", "udp"), ("iptables", "filter", "RETURN")}
    for mode in MODES:
        assert kinds(wanted(runtime(mode))) <= kinds(trial(runtime(mode))) | known
    assert {jump for table in trial(runtime("open")) for jump in table.jumps} == set()


def test_chains_are_what_a_mapping_of_text_needs() -> None:
    chains: Mapping[str, tuple[str, ...]] = filter_table(runtime("internet")).chains
    assert [rule for rules in chains.values() for rule in rules if rule != rule.strip() or "  " in rule] == []


@in_every_mode
def test_a_packet_of_no_known_connection_opens_none(mode: str) -> None:
    hub = Packet(IPv4Address("10.201.8.2"), IPv4Address("10.201.0.10"), "tcp", 8081, BRIDGE, BRIDGE)
    assert judged(runtime(mode), hub) == Verdict("ACCEPT")
    assert judged(runtime(mode), replace(hub, state="INVALID")) == Verdict("DROP")
