"""What the firewall does each second, and what it says."""

import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from images.firewall.health import heartbeat_problem
from images.firewall.rules import wanted
from images.firewall.watch import Watch
from tests.unit.images.firewall.kernel import Kernel
from tests.unit.images.firewall.runtimes import runtime

RUNTIME = runtime("internet")


@pytest.fixture
def kernel() -> Kernel:
    return Kernel().with_docker()


@pytest.fixture
def watch(kernel: Kernel, tmp_path: Path) -> Callable[..., Watch]:
    def make(mode: str = "internet", problem: str | None = None) -> Watch:
        given = runtime(mode)
        file = tmp_path / f"{mode}.json"
        return Watch(given, wanted(given), kernel.netfilter(tmp_path), file, bridge_problem=lambda: problem)

    return make


@pytest.fixture(autouse=True)
def everything(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)


def forgotten(kernel: Kernel) -> int:
    return len([command for command in kernel.commands if command.startswith("conntrack -D")])


def test_the_first_tick_puts_the_rules_in_force(kernel: Kernel, watch: Callable[..., Watch]) -> None:
    mine = watch()
    assert mine.tick()
    assert kernel.table()["FORWARD"][0] == "-j jh-dev-user-FWD"
    assert heartbeat_problem(mine.heartbeat, RUNTIME.fingerprint) is None


def test_a_quiet_second_changes_and_says_nothing(
    kernel: Kernel, watch: Callable[..., Watch], caplog: pytest.LogCaptureFixture
) -> None:
    mine = watch()
    mine.tick()
    mine.tick()
    kernel.commands.clear()
    caplog.clear()
    mine.heartbeat.unlink()
    assert mine.tick()
    assert kernel.changes == []
    assert caplog.messages == []
    assert mine.heartbeat.exists()


def test_a_second_firewall_changes_nothing_and_cuts_nobody(kernel: Kernel, watch: Callable[..., Watch]) -> None:
    watch().tick()
    kernel.commands.clear()
    assert watch().tick()
    assert kernel.changes == []


def test_another_mode_cuts_connections(kernel: Kernel, watch: Callable[..., Watch]) -> None:
    watch("open").tick()
    kernel.commands.clear()
    assert watch("blocked").tick()
    assert forgotten(kernel) == 1


def test_a_repair_is_one_line_with_what_was_missing(
    kernel: Kernel, watch: Callable[..., Watch], caplog: pytest.LogCaptureFixture
) -> None:
    mine = watch()
    mine.tick()
    mine.tick()
    caplog.clear()
    kernel.table()["INPUT"].clear()
    assert mine.tick()
    assert mine.tick()
    assert caplog.messages == [
        "Repaired: iptables filter: INPUT did not lead to jh-dev-user-IN.",
        "All rules are in force.",
    ]


def test_a_repair_that_could_not_cut_connections_does_so_later(kernel: Kernel, watch: Callable[..., Watch]) -> None:
    mine = watch()
    kernel.fails["conntrack"] = "Operation failed\n"
    assert not mine.tick()
    assert not mine.heartbeat.exists()
    del kernel.fails["conntrack"]
    kernel.commands.clear()
    assert mine.tick()
    assert forgotten(kernel) == 1


def test_what_goes_on_failing_is_said_once(
    kernel: Kernel, watch: Callable[..., Watch], caplog: pytest.LogCaptureFixture
) -> None:
    mine = watch()
    mine.tick()
    mine.tick()
    caplog.clear()
    mine.heartbeat.unlink()
    kernel.fails["iptables-nft-save"] = "Permission denied\n"
    assert not mine.tick()
    assert not mine.tick()
    assert not mine.heartbeat.exists()
    del kernel.fails["iptables-nft-save"]
    assert mine.tick()
    assert caplog.messages == [
        "User servers are not isolated for sure: iptables-nft-save fails: Permission denied.",
        "All rules are in force.",
    ]


def test_bridges_that_pass_no_rule_stop_the_heartbeat_not_the_rules(
    kernel: Kernel, watch: Callable[..., Watch], caplog: pytest.LogCaptureFixture
) -> None:
    mine = watch(problem="the switch is 0")
    assert not mine.tick()
    assert "jh-dev-user-FWD" in kernel.table()
    assert not mine.heartbeat.exists()
    assert caplog.messages[-1] == "User servers are not isolated for sure: the switch is 0."


def test_rules_that_the_kernel_writes_otherwise_are_no_success(
    kernel: Kernel, watch: Callable[..., Watch], monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = kernel._saved
    monkeypatch.setattr(kernel, "_saved", lambda chains: saved(chains).replace("8081", "tproxy"))
    mine = watch()
    assert not mine.tick()
    assert not mine.heartbeat.exists()


def test_a_heartbeat_that_cannot_be_written_is_a_problem(
    watch: Callable[..., Watch], caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    mine = watch()
    mine.heartbeat = tmp_path / "none" / "heartbeat.json"
    assert not mine.tick()
    assert "No such file or directory" in caplog.messages[-1]


def test_a_fight_over_the_rules_is_said_once(
    kernel: Kernel, watch: Callable[..., Watch], caplog: pytest.LogCaptureFixture
) -> None:
    mine = watch(problem="the switch is 0")
    for _ in range(5):
        mine.tick()
        kernel.table()["INPUT"].clear()
    assert len(caplog.messages) == len(set(caplog.messages)) == 3
