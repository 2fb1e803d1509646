"""What becomes of the servers of people whom no rule lets in any more, while the hub runs and when it starts."""

from typing import Any

import pytest

from tests.unit.images.access_rules import Known, known, rules, started, stays


def test_whoever_no_rule_lets_in_any_more_loses_their_servers() -> None:
    gone, still = {"name": "alice", "groups": []}, {"name": "alice", "groups": ["physics"]}
    cases: list[tuple[dict[str, Any], int]] = [
        ({"members_of": {"physics"}, "fresh": still}, 2),
        ({"members_of": {"physics"}, "fresh": gone}, 0),
        ({"members_of": {"physics"}, "allowed_users": {"alice"}, "fresh": gone}, 2),
        ({"members_of": {"chemistry"}}, 0),
        ({"members_of": {"chemistry"}, "fresh": ConnectionRefusedError()}, 0),
        ({"members_of": {"physics"}, "fresh": ConnectionRefusedError()}, 2),
        ({"members_of": {"physics"}, "fresh": False}, 2),  # only their log-in ended
        ({"members_of": {"physics"}, "blocked_users": {"alice"}}, 0),
    ]
    for options, left in cases:
        alice = known("alice", ("physics",))
        made = rules(**options)
        stays(made, alice)
        assert len(alice.spawners) == left, options
        assert len(made.parent.removed) == 2 - left


def test_a_server_that_stops_or_starts_is_left_to_itself() -> None:
    alice = known("alice")
    alice.spawners[""].ready = False
    assert stays(rules(allowed_users={"bob"}), alice) is False
    assert list(alice.spawners) == [""]


def test_a_server_that_cannot_be_stopped_keeps_nobody_logged_in(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object) -> None:
        raise RuntimeError("Docker is away")

    alice = known("alice")
    monkeypatch.setattr(Known, "stop", fail)
    assert stays(rules(allowed_users={"bob"}), alice) is False
    assert not any(spawner._stop_pending for spawner in alice.spawners.values())


def test_servers_of_those_whom_neither_name_nor_groups_let_in_are_stopped_when_the_hub_starts() -> None:
    alice, bob, dave, eve = known("alice"), known("bob"), known("dave", ("physics",)), known("eve", ("chemistry",))
    started(rules(allowed_users={"bob"}, members_of={"physics"}), alice, bob, dave, eve)
    assert [len(each.spawners) for each in (alice, bob, dave, eve)] == [0, 2, 2, 0]


def test_when_the_hub_starts_a_server_that_can_be_asked_is_before_it_stops_anything() -> None:
    fresh = {"name": "alice", "groups": ["physics"], "auth_state": {"refresh_token": "new"}}
    alice = known("alice", state={"refresh_token": "old"})
    started(rules(members_of={"physics"}, fresh=fresh), alice)
    assert len(alice.spawners) == 2
    assert alice.state == {"refresh_token": "new"}, "the old one may be good once"


def test_when_the_hub_starts_one_person_of_whom_nothing_can_be_known_keeps_no_others_in() -> None:
    async def fail() -> None:
        raise ZeroDivisionError

    alice, bob = known("alice"), known("bob")
    alice.get_auth_state = fail
    started(rules(members_of={"physics"}), alice, bob)
    assert [len(each.spawners) for each in (alice, bob)] == [2, 0]


def test_whoever_lost_only_their_log_in_keeps_their_servers() -> None:
    bob = known("bob")
    made = rules(members_of={"physics"})
    made.enable_auth_state = True
    assert stays(made, bob) is False
    started(made, bob)
    assert len(bob.spawners) == 2
