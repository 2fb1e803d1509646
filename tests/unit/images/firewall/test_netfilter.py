"""What is written where, and what is said when something does not work."""

import sys
from pathlib import Path

import pytest

from images.firewall import __main__ as command_line
from images.firewall.netfilter import Netfilter, NetfilterError, run_command
from images.firewall.rules import wanted
from images.firewall.runtime import RUNTIME_VARIABLE
from tests.unit.images.firewall.kernel import Kernel
from tests.unit.images.firewall.runtimes import MODES, runtime

TABLES = wanted(runtime("internet"))


def test_rules_go_where_dockers_are(tmp_path: Path) -> None:
    kernel = Kernel().with_docker()
    netfilter = kernel.netfilter(tmp_path)
    netfilter.apply(TABLES)
    assert netfilter.differences(TABLES) == []
    assert not [command for command in kernel.commands if "legacy" in command], "its tables are not even made"


def test_legacy_tables_of_others_do_not_matter(tmp_path: Path) -> None:
    netfilter = Kernel().with_docker().netfilter(tmp_path, "filter\n")
    netfilter.apply(TABLES)
    assert netfilter.remove()


@pytest.mark.parametrize(
    ("legacy_tables", "problem"),
    [
        (None, "iptables-nft holds no chain of Docker's"),
        ("", "iptables-nft holds no chain of Docker's"),
        ("filter\nnat\n", "iptables-legacy is in use: let Docker use iptables-nft"),
    ],
    ids=["no legacy", "legacy not in use", "legacy in use"],
)
def test_without_chains_of_docker_nothing_is_written(tmp_path: Path, legacy_tables: str | None, problem: str) -> None:
    kernel = Kernel()
    with pytest.raises(NetfilterError, match=problem):
        kernel.netfilter(tmp_path, legacy_tables).apply(TABLES)
    assert kernel.changes == []


def test_a_table_of_dockers_translation_alone_is_enough(tmp_path: Path) -> None:
    kernel = Kernel()
    kernel.table("nat")["DOCKER"] = []
    kernel.netfilter(tmp_path).apply(TABLES)
    assert "jh-dev-user-FWD" in kernel.table()


def test_a_wipe_is_mended_where_docker_was_known_to_be(tmp_path: Path) -> None:
    kernel = Kernel().with_docker()
    netfilter = kernel.netfilter(tmp_path, "filter\n")
    netfilter.apply(TABLES)
    kernel.wipe()
    assert netfilter.differences(TABLES)
    netfilter.apply(TABLES)
    assert netfilter.differences(TABLES) == []
    assert kernel.table()["DOCKER-USER"] == ["-j jh-dev-user-FWD"], "the chain is made anew"


def test_our_own_chains_say_that_docker_was_there(tmp_path: Path) -> None:
    kernel = Kernel()
    kernel.table()["jh-dev-user-FWD"] = []
    netfilter = kernel.netfilter(tmp_path)
    netfilter.apply(TABLES)
    assert netfilter.differences(TABLES) == []


def test_connections_are_judged_anew_but_those_of_hub_and_proxy_to_user_servers(tmp_path: Path) -> None:
    kernel = Kernel()
    told = runtime("open")
    user, hub, proxy = told.user_range[1], told.hub, told.proxy
    kernel.connections = [
        f"tcp      6 431999 ESTABLISHED src={proxy} dst={user} sport=40001 dport=8888 src={user} dst={proxy} [ASSURED]",
        f"tcp      6 431999 ESTABLISHED src={hub} dst={user} sport=40002 dport=8888 src={user} dst={hub} [ASSURED]",
        f"tcp      6 431999 ESTABLISHED src={hub} dst={user} sport=40003 dport=22 src={user} dst={hub} [ASSURED]",
        f"tcp      6 431999 ESTABLISHED src=192.0.2.9 dst={user} sport=40004 dport=8888 src={user} dst=192.0.2.9",
        f"udp      17 29 src={hub} dst={user} sport=40005 dport=8888 [UNREPLIED] src={user} dst={hub} sport=8888",
        f"icmp     1 29 src={proxy} dst={user} type=8 code=0 id=7 src={user} dst={proxy} type=0 code=0 id=7",
    ]
    kernel.netfilter(tmp_path).forget_connections(told)
    once = [
        f"-p 6 --orig-src {hub} --orig-dst {user} --orig-port-src 40003 --orig-port-dst 22",
        f"-p 6 --orig-src 192.0.2.9 --orig-dst {user} --orig-port-src 40004 --orig-port-dst 8888",
        f"-p 17 --orig-src {hub} --orig-dst {user} --orig-port-src 40005 --orig-port-dst 8888",
        f"-p 1 --orig-src {proxy} --orig-dst {user}",
    ]
    removed = [command for command in kernel.commands if "-D" in command]
    assert removed[0] == f"conntrack -D --family ipv4 --orig-src {told.user_range}", "whatever a user has opened"
    assert {command.removeprefix("conntrack -D --family ipv4 ") for command in removed[1:]} == set(once)
    listed = [command for command in kernel.commands if "-L" in command]
    assert listed == [f"conntrack -L --family ipv4 --orig-{side} {told.subnet}" for side in ("src", "dst")]


def test_removing_takes_the_chains_of_every_mode(tmp_path: Path) -> None:
    kernel = Kernel().with_docker()
    plain = Kernel().with_docker()
    for mode in MODES:
        netfilter = kernel.netfilter(tmp_path)
        netfilter.apply(wanted(runtime(mode)))
        assert netfilter.remove()
        assert not netfilter.remove()
        assert kernel.table() == plain.table()
        assert "jh-dev-user-NAT" not in kernel.table("nat")
        assert "jh-dev-user-FWD" not in kernel.table(family="ip6tables")


def test_a_command_that_is_missing_is_named() -> None:
    with pytest.raises(NetfilterError, match="no-such-command cannot be run: No such file or directory"):
        run_command(["no-such-command"])


def test_a_command_answers() -> None:
    code = "import sys; print(sys.stdin.read(), end=''); print('bad', file=sys.stderr); sys.exit(3)"
    answer = run_command([sys.executable, "-c", code], "given")
    assert (answer.status, answer.output, answer.error) == (3, "given", "bad\n")


@pytest.mark.parametrize(
    ("start", "error", "reason"),
    [
        ("iptables-nft-save", "Could not fetch rule set generation id: Permission denied (you must be root)\n", None),
        (
            "iptables-nft-restore",
            "# Warning: iptables-legacy tables present\niptables-restore v1.8.11 (nf_tables): \n"
            "line 4: RULE_APPEND failed (No such file or directory): rule in chain jh-dev-user-TRY\n",
            "iptables-nft-restore fails: iptables-restore v1.8.11 (nf_tables): line 4: RULE_APPEND failed "
            "(No such file or directory): rule in chain jh-dev-user-TRY",
        ),
        ("ip6tables-nft-restore", "no such table.\n", "ip6tables-nft-restore fails: no such table"),
        ("conntrack", "Operation failed: Operation not permitted\n", "conntrack fails: Operation failed"),
        ("iptables-nft-restore", "", "iptables-nft-restore fails: exit status 1"),
    ],
)
def test_a_probe_says_what_does_not_work_and_what_to_do(
    start: str,
    error: str,
    reason: str | None,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(command_line, "bridge_filter_problem", lambda: None)
    monkeypatch.setattr(command_line, "ipv6_exists", lambda: True)
    kernel = Kernel().with_docker()
    kernel.fails[start] = error
    assert command_line.probe(runtime("internet"), kernel.netfilter(tmp_path)) == 1
    said = capsys.readouterr().out
    assert said.startswith("The firewall cannot work on this host: ")
    assert (reason or f"{start} fails: {error.strip()}") in said
    assert said.endswith(
        "Mend it, or write network: {isolation: docker, egress: blocked}, "
        "which keeps user servers from everything outside but not from each other.\n"
    )
    assert said.count("\n") == 1
    assert ".." not in said


def test_a_probe_says_that_bridges_pass_no_rule(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command_line, "bridge_filter_problem", lambda: "the switch is 0")
    assert command_line.probe(runtime("open"), Kernel().with_docker().netfilter(tmp_path)) == 1
    assert "on this host: the switch is 0. Mend it, or write" in capsys.readouterr().out


def test_a_probe_that_went_well_leaves_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command_line, "bridge_filter_problem", lambda: None)
    kernel, plain = Kernel().with_docker(), Kernel().with_docker()
    assert command_line.probe(runtime("internet"), kernel.netfilter(tmp_path)) == 0
    assert capsys.readouterr().out == "The firewall can work on this host.\n"
    assert kernel.table() == plain.table()
    assert {chain for chains in kernel.tables.values() for chain in chains if "TRY" in chain} == set()
    assert [command for command in kernel.changes if "conntrack" in command] == [
        "conntrack -D --family ipv4 --orig-src 192.0.2.1/32"
    ], "nobody's connection is touched"


def test_a_probe_sees_what_a_kernel_makes_of_a_rule(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command_line, "bridge_filter_problem", lambda: None)
    kernel = Kernel().with_docker()
    saved = kernel._saved
    monkeypatch.setattr(
        kernel, "_saved", lambda chains: saved(chains).replace("-m conntrack --ctstate", "-m state --state")
    )
    assert command_line.probe(runtime("internet"), kernel.netfilter(tmp_path)) == 1
    assert "iptables does not hold what was written" in capsys.readouterr().out


@pytest.mark.parametrize("text", ["", "{}", "nonsense"])
def test_a_wrong_runtime_is_one_sentence(
    text: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(RUNTIME_VARIABLE, text)
    assert command_line.main(["check"]) == 2
    said = capsys.readouterr().out
    assert said.startswith("FIREWALL_RUNTIME is not valid: ")
    assert said.count("\n") == 1


def test_removing_needs_no_runtime(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv(RUNTIME_VARIABLE, raising=False)
    kernel = Kernel().with_docker()
    netfilter = kernel.netfilter(tmp_path)
    netfilter.apply(TABLES)
    made: list[str] = []

    def make(bridge: str) -> Netfilter:
        made.append(bridge)
        return netfilter

    monkeypatch.setattr(command_line, "Netfilter", make)
    assert command_line.main(["remove", "--bridge", "jh-dev-user"]) == 0
    assert command_line.main(["remove", "--bridge", "jh-dev-user"]) == 0
    assert made == ["jh-dev-user", "jh-dev-user"]
    assert capsys.readouterr().out == "Removed the rules of jh-dev-user.\nThere are no rules of jh-dev-user.\n"
