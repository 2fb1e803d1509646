"""What stands before the start of a server: the firewall must have said, just now, that its rules are in force."""

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jupyterhub.spawner import SpawnException

from images.firewall.health import write_heartbeat
from images.firewall.runtime import HEARTBEAT_FILE as FIREWALLS_FILE
from images.firewall.runtime import HEARTBEAT_LIMIT_SECONDS
from images.hub import firewall_heartbeat, spawner
from images.hub.firewall_heartbeat import firewall_problem
from images.hub.runtime import HEARTBEAT_FILE as HUBS_FILE
from tests.unit.images.configured_hub import ConfiguredHub

FINGERPRINT = "0123456789abcdef"
FIREWALL = {"isolation": "firewall"}


@pytest.fixture
def heartbeat(tmp_path: Path) -> Path:
    """A heartbeat as the firewall itself writes it."""
    file = tmp_path / "heartbeat.json"
    write_heartbeat(file, FINGERPRINT)
    return file


def change(file: Path, **values: object) -> None:
    file.write_text(json.dumps({**json.loads(file.read_text()), **values}))


def test_both_sides_mean_the_same_file_and_age() -> None:
    assert FIREWALLS_FILE == HUBS_FILE
    assert firewall_heartbeat._OLDEST_SECONDS == HEARTBEAT_LIMIT_SECONDS


def test_the_firewalls_own_report_is_believed(heartbeat: Path) -> None:
    assert firewall_problem(FINGERPRINT, heartbeat) is None


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"boot_id": "another start"}, "has not reported since this server started"),
        ({"monotonic": 1.0}, "last reported"),
        ({"monotonic": 1e12}, "last reported"),
        ({"fingerprint": "fedcba9876543210"}, "has other settings than the hub"),
        ({"monotonic": "long ago"}, "cannot be read"),
    ],
    ids=["another boot", "old", "of the future", "other rules", "nonsense"],
)
def test_any_other_report_is_not(heartbeat: Path, values: dict[str, object], problem: str) -> None:
    change(heartbeat, **values)
    assert problem in (firewall_problem(FINGERPRINT, heartbeat) or "")


@pytest.mark.parametrize("age", [9, 11])
def test_a_report_counts_for_ten_seconds(heartbeat: Path, age: int) -> None:
    change(heartbeat, monotonic=time.clock_gettime(time.CLOCK_BOOTTIME) - age)
    assert (firewall_problem(FINGERPRINT, heartbeat) is None) is (age < 10)


@pytest.mark.parametrize("content", ["", "{", "[]", "{}"])
def test_half_a_report_is_none(heartbeat: Path, content: str) -> None:
    heartbeat.write_text(content)
    assert "cannot be read" in (firewall_problem(FINGERPRINT, heartbeat) or "")


def test_no_report_is_none(tmp_path: Path) -> None:
    assert "has not reported yet" in (firewall_problem(FINGERPRINT, tmp_path / "heartbeat.json") or "")


@pytest.fixture
def problems(monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """What the hub finds wrong each time it looks; the last of it for ever. It never waits between two looks."""
    found: list[str | None] = [None]
    monkeypatch.setattr(spawner, "firewall_problem", lambda _: found.pop(0) if len(found) > 1 else found[0])
    monkeypatch.setattr(spawner, "_FIREWALL_PAUSE_SECONDS", 0)
    return found


def start(hub: ConfiguredHub) -> Any:  # noqa: ANN401 - the spawner, which has no types
    made = hub.spawner()
    asyncio.run(made.start())
    return made


def test_a_server_is_started_when_the_rules_are_in_force(
    configure: Callable[..., ConfiguredHub], problems: list[str | None]
) -> None:
    assert problems == [None]
    assert start(configure(network=FIREWALL)).client.containers


def test_a_server_waits_for_a_firewall_that_is_just_being_replaced(
    configure: Callable[..., ConfiguredHub], problems: list[str | None]
) -> None:
    problems[:] = ["it last reported 11 seconds ago", "it last reported 12 seconds ago", None]
    assert start(configure(network=FIREWALL)).client.containers


def test_no_server_is_started_and_nothing_made_while_they_are_not(
    configure: Callable[..., ConfiguredHub], problems: list[str | None]
) -> None:
    problems[:] = ["it last reported 11 seconds ago"]
    made = configure(network=FIREWALL).spawner()
    with pytest.raises(SpawnException) as refused:
        asyncio.run(made.start())
    assert "protection of its network is not in force" in refused.value.jupyterhub_message
    assert (made.client.containers, made.client.volumes) == ({}, [])


def test_without_a_firewall_none_is_waited_for(
    configure: Callable[..., ConfiguredHub], problems: list[str | None]
) -> None:
    problems[:] = ["there is no firewall"]
    assert start(configure(network={"isolation": "docker", "egress": "blocked"})).client.containers
