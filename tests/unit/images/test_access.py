"""Who may use the hub, whatever the kind of log-in: at log-in, while they use it, and when the hub starts."""

import asyncio
import time
from typing import Any

import pytest
from tornado.httpclient import HTTPClientError
from tornado.web import HTTPError

from images.hub.login_server import LoginServerError
from tests.unit.images.access_rules import LogIn, known, log_in, rules, stays


@pytest.mark.parametrize(
    ("groups", "who"),
    [
        (["physics"], ("alice", False)),
        (["staff"], ("alice", True)),
        (["physics", "staff"], ("alice", True)),
        (["chemistry"], None),
        (["Physics"], None),
        ([], None),
        (None, None),
    ],
)
def test_members_of_named_groups_get_in_and_nobody_else(groups: list[str] | None, who: tuple[str, bool] | None) -> None:
    made = rules(members_of={"physics"}, admins_are_members_of={"staff"}, answer={"groups": groups})
    assert log_in(made, "alice") == who


def test_a_named_person_gets_in_without_a_group_and_with_what_groups_give() -> None:
    named = {"allowed_users": {"alice"}, "members_of": {"physics"}, "admins_are_members_of": {"staff"}}
    assert log_in(rules(**named, answer={"groups": []}), "alice") == ("alice", False)
    assert log_in(rules(**named, answer={"groups": ["staff"]}), "alice") == ("alice", True)
    assert log_in(rules(**named, answer={"groups": []}), "bob") is None


def test_a_listed_admin_is_one_in_no_group_of_admins() -> None:
    listed = {"admin_users": {"carol"}, "allowed_users": {"carol"}, "admins_are_members_of": {"staff"}}
    assert log_in(rules(**listed, answer={"groups": []}), "Carol") == ("carol", True)


@pytest.mark.parametrize(
    "rule", [{"allow_all": True}, {"allowed_users": {"bob"}}, {"members_of": {"physics"}}], ids=str
)
def test_a_blocked_person_stays_out_whatever_lets_them_in(rule: dict[str, Any]) -> None:
    said = {"groups": ["physics"]}
    assert log_in(rules(**rule, answer=said), "bob") is not None
    assert log_in(rules(**rule, answer=said, blocked_users={"bob"}), "bob") is None


@pytest.mark.parametrize(
    ("failure", "status"),
    [
        (ConnectionRefusedError(), 503),
        (TimeoutError(), 503),
        (HTTPClientError(599, "Timeout"), 503),
        (HTTPClientError(502), 503),
        (LoginServerError("no XML"), 503),
        (HTTPClientError(400, "invalid_grant"), 403),
        (HTTPClientError(401), 403),
    ],
    ids=repr,
)
def test_a_log_in_server_that_fails_gives_a_page_with_a_sentence(failure: Exception, status: int) -> None:
    with pytest.raises(HTTPError) as told:
        log_in(rules(allow_all=True, answer=failure), "alice")
    assert told.value.status_code == status
    assert str(told.value.log_message).startswith("The log-in service ")


def test_a_mistake_of_ours_is_not_taken_for_the_servers() -> None:
    with pytest.raises(ZeroDivisionError):
        log_in(rules(allow_all=True, answer=ZeroDivisionError()), "alice")


@pytest.mark.parametrize(
    ("options", "user", "expected"),
    [
        ({"allowed_users": {"alice"}}, known("alice"), True),
        ({"allowed_users": {"bob"}}, known("alice"), False),
        ({"members_of": {"physics"}}, known("alice", ("physics",)), True),
        ({"members_of": {"chemistry"}}, known("alice", ("physics",)), False),
        ({"allow_all": True}, known("alice"), True),
        ({"allow_all": True, "blocked_users": {"alice"}}, known("alice"), False),
    ],
)
def test_whoever_the_settings_no_longer_let_in_does_not_stay(options: Any, user: Any, expected: bool) -> None:  # noqa: ANN401
    assert stays(rules(**options), user) is expected


def test_the_log_in_server_is_asked_again_and_can_take_a_group_away() -> None:
    alice = known("alice", ("physics",))
    gone, still = {"name": "alice", "groups": []}, {"name": "alice", "groups": ["physics", "labs"]}
    assert stays(rules(members_of={"physics"}, fresh=gone), alice) is False
    assert stays(rules(members_of={"physics"}, fresh=still), alice).items() >= still.items()


def test_the_log_in_server_can_make_and_unmake_an_admin() -> None:
    member, other = {"name": "alice", "groups": ["staff"]}, {"name": "alice", "groups": ["physics"]}
    options = {"allow_all": True, "admins_are_members_of": {"staff"}}
    assert stays(rules(**options, fresh=member), known("alice"))["admin"] is True
    assert stays(rules(**options, fresh=other), known("alice", admin=True))["admin"] is False


@pytest.mark.parametrize(
    "failure", [ConnectionRefusedError(), HTTPClientError(503), LoginServerError("moved")], ids=repr
)
def test_a_log_in_server_that_is_away_logs_nobody_out(failure: Exception) -> None:
    assert stays(rules(allowed_users={"alice"}, fresh=failure), known("alice")) is True
    assert stays(rules(allowed_users={"bob"}, fresh=failure), known("alice")) is False


@pytest.mark.parametrize(
    ("token", "after", "expected"),
    [
        ({"expires_in": 3600}, 3601, True),
        ({"expires_in": "3600"}, 3601, True),
        ({"expires_in": 3600}, 3000, False),  # which was taken back
        ({}, 10**9, False),  # GitHub's has no end
        ({"expires_in": None}, 10**9, False),
        ({"expires_in": 3600, "refresh_token": "r"}, 3601, False),  # which the server refused too
    ],
    ids=str,
)
def test_only_a_token_that_had_to_end_and_cannot_be_renewed_logs_nobody_out(
    token: dict[str, Any],
    after: float,
    expected: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    state = {"refresh_token": token.get("refresh_token"), "token_response": token}
    made = rules(allow_all=True, answer={"auth_state": state}, fresh=False)
    made.enable_auth_state = True
    person = asyncio.run(made.get_authenticated_user(None, {"username": "alice"}))
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + after)
    assert stays(made, known("alice", state=person["auth_state"])) is expected


@pytest.mark.parametrize("state", [None, {}], ids=str)
def test_somebody_of_whom_the_log_in_is_not_kept_logs_in_anew(state: dict[str, Any] | None) -> None:
    made = rules(allow_all=True)
    made.enable_auth_state = True
    assert stays(made, known("alice", state=state)) is False


@pytest.mark.parametrize("away", [True, ConnectionRefusedError()], ids=["not asked again", "away"])
def test_where_nobody_is_asked_again_stored_groups_say_who_is_an_admin(away: Any) -> None:  # noqa: ANN401
    made = rules(allow_all=True, admins_are_members_of={"staff"}, admin_users={"carol"}, fresh=away)
    assert stays(made, known("alice", ("staff",), admin=True)) is True
    assert stays(made, known("carol", admin=True)) is True
    assert stays(made, known("alice", ("physics",), admin=True))["admin"] is False
    assert stays(made, known("alice", ("physics",), admin=True))["groups"] is None, "they stay as they are"


def test_when_the_hub_starts_nobody_is_put_on_the_list_of_those_who_are_blocked() -> None:
    made = rules(allowed_users={"bob"})
    made.add_user(known("alice"))
    assert made.blocked_users == set()


def test_an_authenticators_own_rules_hold_beside_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    async def check_allowed(_: LogIn, name: str, __: object) -> bool:
        if name == "eve":
            raise HTTPError(403, "Eve has not paid.")
        return name in {"dave", "mallory"}

    async def check_blocked_users(_: LogIn, name: str, __: object) -> bool:
        return name != "mallory"

    monkeypatch.setattr(LogIn, "check_allowed", check_allowed)
    monkeypatch.setattr(LogIn, "check_blocked_users", check_blocked_users)
    made = rules(allowed_users={"bob"})
    dave = known("dave")
    made.add_user(dave)
    assert log_in(made, "dave") == ("dave", None)
    assert stays(made, dave) is True
    assert log_in(made, "dave") == ("dave", None), "and again"
    for name in ("eve", "mallory", "alice"):
        assert stays(made, known(name)) is False


@pytest.mark.parametrize("failure", [ConnectionRefusedError(), HTTPClientError(401), HTTPClientError(502)], ids=repr)
def test_a_rule_that_asks_a_server_which_does_not_say_puts_nobody_out(
    failure: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def check_allowed(*_: object) -> bool:
        raise failure

    monkeypatch.setattr(LogIn, "check_allowed", check_allowed)
    alice = known("alice")
    assert stays(rules(), alice) is True
    assert stays(rules(fresh=False), alice) is False, "their log-in ended"
    assert len(alice.spawners) == 2
