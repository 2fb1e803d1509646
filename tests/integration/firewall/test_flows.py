"""Who reaches whom, in every mode."""

from collections.abc import Callable

import pytest

from tests.integration.firewall.container import Firewall
from tests.integration.firewall.flows import FLOWS, OPEN, UNTOUCHED
from tests.integration.firewall.world import World

_NO_RULES = """\
*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
COMMIT
*nat
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
-A POSTROUTING -o eth0 -j MASQUERADE
COMMIT
"""


def test_without_rules_everything_is_reached(world: World) -> None:
    """What the other tests find closed is closed by rules, not by the lack of a way or of an answer."""
    world.reset(_NO_RULES)
    assert set(FLOWS) - world.open_flows(FLOWS) == set()


def test_what_docker_closes_by_itself(world: World) -> None:
    opened = world.open_flows(FLOWS)
    assert {"user to the hub", "hub to user", "user to the internet", "user to another user's server"} & opened == set()
    assert {"user to the gateway", "neighbour to user"} <= opened, "and what it does not close"


@pytest.mark.parametrize("mode", OPEN)
def test_in_mode(mode: str, world: World, firewall: Callable[..., Firewall]) -> None:
    firewall(mode).start()
    assert world.open_flows(FLOWS) == OPEN[mode]


def test_an_engine_with_iptables_legacy_is_refused_with_a_reason(
    world: World, firewall: Callable[..., Firewall]
) -> None:
    world.reset(backend="legacy")
    status, said = firewall("internet").do("probe")
    assert (status, said.count("\n")) == (1, 1)
    assert "iptables-legacy is in use: let Docker use iptables-nft" in said
    assert "jh-fwt-user-" not in world.host("iptables-legacy-save")


def test_rules_stay_when_the_firewall_ends(world: World, firewall: Callable[..., Firewall]) -> None:
    mine = firewall("internet").start()
    assert mine.stop() == 0
    assert mine.log.endswith("Ended; the rules stay.\n")
    assert world.open_flows(FLOWS) == OPEN["internet"]


def test_nobody_leaves_while_a_flushed_filter_waits_for_its_repair(
    world: World, firewall: Callable[..., Firewall]
) -> None:
    firewall("internet").start().stop()
    world.host("iptables", "-F")
    leaving = {name: flow for name, flow in FLOWS.items() if flow[0] in {"u1", "hub"} and "internet" in name}
    assert leaving
    assert world.open_flows(leaving) == set()


def test_a_removed_firewall_leaves_what_was_there(world: World, firewall: Callable[..., Firewall]) -> None:
    before = world.listing()
    mine = firewall("internet").start()
    assert world.listing() != before
    mine.stop()
    assert mine.do("remove", "--bridge", "jh-fwt-user") == (0, "Removed the rules of jh-fwt-user.\n")
    assert world.listing() == before
    assert mine.do("remove", "--bridge", "jh-fwt-user") == (0, "There are no rules of jh-fwt-user.\n")
    assert world.open_flows(FLOWS) >= UNTOUCHED
