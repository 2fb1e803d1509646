"""Rules that somebody wipes, overtakes or changes, and connections that were open meanwhile."""

import re
import shutil
import time
from collections.abc import Callable

import pytest

from tests.integration.firewall.container import Firewall
from tests.integration.firewall.flows import FLOWS, OPEN
from tests.integration.firewall.world import BRIDGE, OTHER_BRIDGE, World

OUTSIDE = "203.0.113.1"
HUB = "10.213.64.10"
_WITHIN_SECONDS = 3


def accepted_packets(world: World) -> int:
    """What our rule for open connections has counted."""
    rule = rf"\[(\d+):\d+\] -A {BRIDGE}-FWD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"
    [packets] = re.findall(rule, world.host("iptables-save", "-c"))
    return int(packets)


DISTURBANCES = {
    "flushed": ["iptables -F"],
    "wiped": ["iptables -F", "iptables -t nat -F", "iptables -X"],
    "translation flushed": ["iptables -t nat -F"],
    "overtaken": [
        "iptables -I DOCKER-USER -j ACCEPT",
        "iptables -I FORWARD -j ACCEPT",
        "iptables -I INPUT -j ACCEPT",
        "iptables -t nat -I POSTROUTING -j ACCEPT",
    ],
    "changed": [f"iptables -F {BRIDGE}-FWD", f"iptables -I {BRIDGE}-FWD -j ACCEPT"],
    "open for IPv6": ["ip6tables -F"],
}


@pytest.mark.parametrize("name", DISTURBANCES)
def test_repaired_when(name: str, world: World, firewall: Callable[..., Firewall]) -> None:
    mine = firewall("internet").start()
    for command in DISTURBANCES[name]:
        world.host(*command.split())
    mine.wait_until_well(_WITHIN_SECONDS)
    # Docker makes its own rules anew only when it restarts.
    lost = {"other network to the internet"} if "nat" in " ".join(DISTURBANCES[name]) else set()
    assert world.open_flows(FLOWS) == OPEN["internet"] - lost


def test_a_connection_opened_while_rules_were_gone_ends(world: World, firewall: Callable[..., Firewall]) -> None:
    firewall("blocked").start().stop()
    world.host("iptables", "-F")
    world.hold("u1", "10.213.72.2", 8888)
    world.hold("lan", "10.213.72.1", 8888)
    assert world.still_answers("u1", "10.213.72.2")
    firewall("blocked").start()
    assert not world.still_answers("u1", "10.213.72.2")
    assert not world.still_answers("lan", "10.213.72.1")


def test_an_open_connection_ends_with_what_allowed_it(world: World, firewall: Callable[..., Firewall]) -> None:
    before = firewall("internet").start()
    world.hold("u1", OUTSIDE, 443)
    world.hold("u1", HUB, 8081)
    before.stop()
    firewall("blocked").start()
    assert not world.still_answers("u1", OUTSIDE)
    assert world.still_answers("u1", HUB), "what is still allowed goes on"


def test_a_second_start_changes_nothing_and_cuts_nobody(world: World, firewall: Callable[..., Firewall]) -> None:
    firewall("internet").start().stop()
    world.hold("u1", OUTSIDE, 443)
    before = accepted_packets(world)
    again = firewall("internet").start()
    time.sleep(1.2)
    assert "Repaired" not in again.log
    assert "Put in force" not in again.log
    assert world.still_answers("u1", OUTSIDE)
    assert accepted_packets(world) > before > 0, "a rule written anew counts anew"


def test_a_new_network_of_dockers_is_no_repair(world: World, firewall: Callable[..., Firewall]) -> None:
    mine = firewall("internet").start()
    mine.wait_until_well()
    assert mine.log.count("Repaired") == 0
    world.hold("u1", OUTSIDE, 443)
    world.host("iptables", "-D", "FORWARD", "-j", "DOCKER-USER")
    world.host("iptables", "-I", "FORWARD", "-j", "DOCKER-USER")
    mine.wait_until_well()
    assert mine.log.count("Repaired") == 0
    assert world.still_answers("u1", OUTSIDE)
    assert world.open_flows(FLOWS) == OPEN["internet"]


def test_a_restarted_engine_is_overtaken(world: World, firewall: Callable[..., Firewall]) -> None:
    mine = firewall("blocked").start()
    for chain in ("DOCKER-ISOLATION-STAGE-1", "DOCKER-USER"):
        world.host("iptables", "-D", "FORWARD", "-j", chain)
        world.host("iptables", "-I", "FORWARD", "-j", chain)
    world.host("iptables", "-I", "FORWARD", "2", "-j", "ACCEPT")
    mine.wait_until_well()
    assert world.open_flows(FLOWS) == OPEN["blocked"]


def test_two_stacks_leave_each_other_alone(world: World, firewall: Callable[..., Firewall]) -> None:
    other = {
        "bridge": OTHER_BRIDGE,
        "subnet": "10.213.80.0/20",
        "user_range": "10.213.88.0/21",
        "hub": "10.213.80.10",
        "proxy": "10.213.80.20",
    }
    both = [firewall("open").start(), firewall("open", **other).start()]
    world.host("iptables", "-F")
    for each in both:
        each.wait_until_well()
    settled = world.listing()
    said = [each.log for each in both]
    for _ in range(10):
        time.sleep(0.5)
        assert world.listing() == settled
    assert [each.log.count("Repaired") for each in both] == [log.count("Repaired") for log in said]
    assert all(each.beats_since(time.time() - 2.5) for each in both)
    # What separates Docker's networks is gone with the flush, until Docker restarts.
    assert world.open_flows(FLOWS) == OPEN["open"] | {"user to another Docker network"}


def test_bridges_that_pass_no_rule_stop_the_heartbeat(world: World, firewall: Callable[..., Firewall]) -> None:
    mine = firewall("internet").start()
    world.host("sysctl", "-qw", "net.bridge.bridge-nf-call-iptables=0")
    opened = world.open_flows({"u": FLOWS["user to another user's server"]})
    assert opened == {"u"}, "this is why"
    moment = time.time()
    time.sleep(2.5)
    assert not mine.beats_since(moment)
    assert mine.log.count("bridge-nf-call-iptables is 0, not 1") == 1
    world.host("sysctl", "-qw", "net.bridge.bridge-nf-call-iptables=1")
    mine.wait_until_well()
    assert world.open_flows(FLOWS) == OPEN["internet"]


def test_a_health_check_follows_the_heartbeat(world: World, firewall: Callable[..., Firewall]) -> None:
    mine = firewall("internet").start()
    assert mine.check() == (0, "All rules are in force.\n")
    other = firewall("blocked")
    shutil.copy2(mine.heartbeat, other.heartbeat)
    assert other.do("check") == (1, "Not well: the firewall enforces other settings than the present ones.\n")
    mine.stop()
    mine.heartbeat.unlink()
    assert mine.do("check")[0] == 1
    assert world.listing()


def test_a_probe_leaves_nothing(world: World, firewall: Callable[..., Firewall]) -> None:
    before = world.listing()
    assert firewall("internet").do("probe") == (0, "The firewall can work on this host.\n")
    assert world.listing() == before


def test_a_probe_says_what_a_host_lacks(world: World, firewall: Callable[..., Firewall]) -> None:
    world.host("sysctl", "-qw", "net.bridge.bridge-nf-call-iptables=0")
    status, said = firewall("internet").do("probe")
    assert (status, said.count("\n")) == (1, 1)
    assert "bridge-nf-call-iptables is 0, not 1: packets between containers pass no rule. Mend it, or write" in said
    world.reset("*filter\nCOMMIT\n")
    status, said = firewall("internet").do("probe")
    assert (status, said.count("\n")) == (1, 1)
    assert "iptables-nft holds no chain of Docker's" in said
