"""How what is there is told from what should be, and mended without touching anybody else's rules."""

import copy
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from images.firewall.rules import Table, wanted
from images.firewall.tables import Found, differences, mending, removal
from tests.unit.images.firewall.kernel import Chains, Kernel
from tests.unit.images.firewall.runtimes import MODES, runtime

FORWARD = "jh-dev-user-FWD"
FILTER = wanted(runtime("internet"))[0]
ALL_CHAINS = set(FILTER.chains)


def found(kernel: Kernel) -> Found:
    return Found.read(kernel.run(["iptables-nft-save", "-t", "filter"]).output)


def mend(kernel: Kernel, table: Table = FILTER) -> None:
    kernel.run(["iptables-nft-restore"], mending(table, found(kernel)))


@pytest.fixture
def kernel() -> Kernel:
    made = Kernel().with_docker()
    mend(made)
    return made


def test_a_mended_table_is_as_it_should_be(kernel: Kernel) -> None:
    assert differences(FILTER, found(kernel)) == []
    assert kernel.table()["FORWARD"][0] == f"-j {FORWARD}"
    assert kernel.table()["DOCKER-USER"] == [f"-j {FORWARD}", "-j RETURN"]


@pytest.mark.parametrize("mode", MODES)
def test_another_mode_differs_in_its_chain_alone(kernel: Kernel, mode: str) -> None:
    expected = [] if mode == "internet" else [f"iptables filter: chain {FORWARD} was changed"]
    assert differences(wanted(runtime(mode))[0], found(kernel)) == expected


def test_a_flush_is_seen_and_mended(kernel: Kernel) -> None:
    kernel.flush()
    seen = differences(FILTER, found(kernel))
    assert f"iptables filter: chain {FORWARD} was changed" in seen
    assert f"iptables filter: DOCKER-USER did not lead to {FORWARD}" in seen
    assert "iptables filter: INPUT did not lead to jh-dev-user-IN" in seen
    mend(kernel)
    assert differences(FILTER, found(kernel)) == []


def test_a_missing_chain_is_seen(kernel: Kernel) -> None:
    del kernel.table()["jh-dev-user-OUT"]
    assert differences(FILTER, found(kernel)) == ["iptables filter: chain jh-dev-user-OUT was missing"]


@pytest.mark.parametrize("hook", ["INPUT", "DOCKER-USER"])
@pytest.mark.parametrize(
    "foreign",
    ["-j ACCEPT", "-p tcp -j f2b-sshd", '-m comment --comment "like -j jh-dev-user-FWD" -j ACCEPT', "-p icmp"],
)
def test_a_foreign_rule_before_ours_is_overtaken(kernel: Kernel, hook: str, foreign: str) -> None:
    kernel.table()[hook].insert(0, foreign)
    [problem] = differences(FILTER, found(kernel))
    assert problem.startswith(f"iptables filter: {hook} led to jh-dev-user-")
    assert problem.endswith("too late")
    mend(kernel)
    assert differences(FILTER, found(kernel)) == []
    assert foreign in kernel.table()[hook][1:]


def test_a_second_jump_goes(kernel: Kernel) -> None:
    kernel.table()["FORWARD"].append(f"-s 10.0.0.0/8 -j {FORWARD}")
    assert differences(FILTER, found(kernel)) == [f"iptables filter: FORWARD led to {FORWARD} twice"]
    mend(kernel)
    assert [rule for rule in kernel.table()["FORWARD"] if FORWARD in rule] == [f"-j {FORWARD}"]


def test_dockers_own_jump_may_come_first_when_it_leads_to_us_first(kernel: Kernel) -> None:
    rules = kernel.table()["FORWARD"]
    rules.remove("-j DOCKER-USER")
    rules.insert(0, "-j DOCKER-USER")
    assert differences(FILTER, found(kernel)) == []
    kernel.table()["DOCKER-USER"].insert(0, "-j ACCEPT")
    assert len(differences(FILTER, found(kernel))) == 2, "neither is first then"


def test_no_other_chain_of_dockers_may_come_first(kernel: Kernel) -> None:
    kernel.table()["FORWARD"].insert(0, "-j DOCKER-USER")
    kernel.table()["FORWARD"].insert(1, "-j DOCKER-FORWARD")
    assert differences(FILTER, found(kernel)) == [f"iptables filter: FORWARD led to {FORWARD} too late"]


def test_two_stacks_are_friends(kernel: Kernel) -> None:
    other = wanted(runtime("blocked", bridge="jh-b-user"))[0]
    mend(kernel, other)
    assert differences(FILTER, found(kernel)) == []
    assert differences(other, found(kernel)) == []
    kernel.flush()
    mend(kernel)
    mend(kernel, other)
    assert differences(FILTER, found(kernel)) == differences(other, found(kernel)) == []


rule_texts = st.sampled_from(["-j ACCEPT", "-j DROP", "-i docker0 -j DOCKER", "-j jh-b-FWD", "-j jh-dev-user-FWD"])


@given(
    hooks=st.fixed_dictionaries(
        {hook: st.lists(rule_texts, max_size=5) for hook in ("INPUT", "FORWARD", "DOCKER-USER")}
    )
)
def test_whatever_is_there_mending_mends_it_once_and_leaves_foreign_rules_in_order(hooks: Chains) -> None:
    kernel = Kernel()
    kernel.table().update({"jh-dev-user-FWD": ["-j ACCEPT"], **copy.deepcopy(hooks)})
    mend(kernel)
    assert differences(FILTER, found(kernel)) == []
    for hook, before in hooks.items():
        foreign = [rule for rule in kernel.table()[hook] if "jh-dev-user" not in rule]
        assert foreign == [rule for rule in before if "jh-dev-user" not in rule]
    again = copy.deepcopy(kernel.table())
    mend(kernel)
    assert kernel.table() == again


def test_removal_leaves_what_was_there_before() -> None:
    kernel = Kernel().with_docker()
    before = copy.deepcopy(kernel.table())
    mend(kernel)
    kernel.table()["OUTPUT"].append(f"-p tcp -g {FORWARD}")
    kernel.run(["iptables-nft-restore"], removal("filter", ALL_CHAINS, found(kernel)) or "")
    assert kernel.table() == before
    assert removal("filter", ALL_CHAINS, found(kernel)) is None


def test_a_real_listing_is_read() -> None:
    listing = Path(__file__).with_name("iptables-save.txt").read_text()
    read = Found.read(listing)
    assert read.has_chains_of_docker()
    assert not read.has_chains_of("jh-dev-user")
    assert read.chains["DOCKER-USER"] == ("-j RETURN",)
    assert read.chains["FORWARD"][0] == "-j DOCKER-USER"
    assert read.chains["OUTPUT"] == ()
