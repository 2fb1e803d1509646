"""What the firewall is told, and the heartbeat."""

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from images.firewall.health import boot_id, bridge_filter_problem, heartbeat_problem, write_heartbeat
from images.firewall.resolvers import host_resolvers, with_host_resolvers
from images.firewall.runtime import FirewallRuntime, Heartbeat
from tests.unit.images.firewall.runtimes import MODES, runtime


@pytest.mark.parametrize("mode", MODES)
def test_a_runtime_survives_its_json(mode: str) -> None:
    again = FirewallRuntime.model_validate_json(runtime(mode).model_dump_json())
    assert again == runtime(mode)
    assert again.fingerprint == runtime(mode).fingerprint


def test_the_fingerprint_is_short_stable_and_of_everything() -> None:
    # Written down, since hub and firewall may run different versions of this code.
    assert runtime("blocked").fingerprint == "21627d30cb3f8196"
    others = [runtime(mode).fingerprint for mode in MODES]
    others += [runtime("blocked", **{field: 1234}).fingerprint for field in ("hub_port", "user_port")]
    others += [runtime("blocked", proxy="10.201.0.21").fingerprint, runtime("blocked", bridge="jh-x").fingerprint]
    assert len(set(others)) == len(others)


def test_a_fingerprint_does_not_hang_on_how_the_json_is_written() -> None:
    plain = json.loads(runtime("internet").model_dump_json())
    backwards = dict(reversed(plain.items()))
    assert FirewallRuntime.model_validate(backwards).fingerprint == runtime("internet").fingerprint


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"user_range": "10.202.0.0/21"}, "no part of subnet"),
        ({"hub": "10.201.8.10"}, "10.201.8.10 belongs into subnet and out of user_range"),
        ({"proxy": "10.1.0.1"}, "10.1.0.1 belongs into subnet and out of user_range"),
        ({"egress": {"mode": "allowlist"}}, "has a proxy and a proxy_port"),
        ({"egress": {"mode": "allowlist", "proxy": "10.201.9.9", "proxy_port": 1}}, "10.201.9.9 belongs"),
        ({"egress": {"mode": "open", "proxy": "10.201.0.9", "proxy_port": 1}}, "and no other"),
        ({"bridge": "docker0"}, "bridge"),
        ({"bridge": "jh-0123456789abc"}, "bridge"),
        ({"hub_port": 0}, "hub_port"),
        ({"another": 1}, "another"),
    ],
)
def test_what_makes_no_sense_is_refused(changes: dict[str, object], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        runtime("blocked", **changes)


def test_a_heartbeat_is_good_for_ten_seconds_of_one_start_of_the_machine() -> None:
    beat = Heartbeat(boot_id="this", monotonic=100, fingerprint="right")
    assert beat.problem("this", 100, "right") is None
    assert beat.problem("this", 110, "right") is None
    assert beat.problem("this", 110.5, "right") == "the firewall last reported 10 seconds ago"
    assert beat.problem("this", 99, "right") == "the firewall last reported -1 seconds ago"
    assert beat.problem("other", 100, "right") == "the firewall has not reported since the machine started"
    assert beat.problem("this", 100, "wrong") == "the firewall enforces other settings than the present ones"


def test_a_written_heartbeat_is_fresh_and_readable_for_others(tmp_path: Path) -> None:
    file = tmp_path / "heartbeat.json"
    write_heartbeat(file, "right")
    assert heartbeat_problem(file, "right") is None
    assert heartbeat_problem(file, "wrong") is not None
    assert Heartbeat.model_validate_json(file.read_text()).boot_id == boot_id()
    assert file.stat().st_mode & 0o777 == 0o644
    assert list(tmp_path.iterdir()) == [file], "no draft stays"


@pytest.mark.parametrize("text", ["", "{}", '{"boot_id": "x"', "\x00"])
def test_a_file_that_is_no_heartbeat_is_said_to_be_none(tmp_path: Path, text: str) -> None:
    file = tmp_path / "heartbeat.json"
    file.write_text(text)
    assert heartbeat_problem(file, "right") == f"{file} is no heartbeat"


def test_a_missing_heartbeat_is_said_to_be_missing(tmp_path: Path) -> None:
    assert heartbeat_problem(tmp_path / "none", "right") == f"{tmp_path}/none cannot be read: No such file or directory"


def test_bridges_that_pass_no_rule_are_a_problem(tmp_path: Path) -> None:
    switch = tmp_path / "switch"
    assert "br_netfilter is not loaded" in (bridge_filter_problem(switch) or "")
    switch.write_text("0\n")
    assert "is 0, not 1" in (bridge_filter_problem(switch) or "")
    switch.write_text("1\n")
    assert bridge_filter_problem(switch) is None


RESOLV_CONF = """\
# nameserver 9.9.9.9
nameserver 127.0.0.53
nameserver 10.1.2.3
nameserver fe80::1%eth0
nameserver
options edns0
nameserver 10.1.2.3
nameserver 8.8.8.8
"""


def test_the_hosts_name_servers_are_those_that_docker_asks_from_a_container(tmp_path: Path) -> None:
    file = tmp_path / "resolv.conf"
    file.write_text(RESOLV_CONF)
    assert [str(address) for address in host_resolvers(file)] == ["10.1.2.3", "8.8.8.8"]
    assert host_resolvers(tmp_path / "none") == ()


def test_the_hosts_name_servers_are_asked_where_none_is_named(tmp_path: Path) -> None:
    file = tmp_path / "resolv.conf"
    file.write_text(RESOLV_CONF)
    unnamed = runtime("internet", egress={"mode": "internet"})
    assert [str(each) for each in with_host_resolvers(unnamed, file).egress.resolvers] == ["10.1.2.3", "8.8.8.8"]
    for each in map(runtime, MODES):
        assert with_host_resolvers(each, file) == each
