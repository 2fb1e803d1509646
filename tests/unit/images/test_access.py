"""Who may use the hub, whatever the kind of log-in: at log-in, while they use it, and when the hub starts."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from jupyterhub.auth import Authenticator
from tornado.httpclient import HTTPClientError
from tornado.web import HTTPError
from traitlets.config import Config

from images.hub.access import with_access_rules
from images.hub.login_server import LoginServerError


class LogIn(Authenticator):  # type: ignore[misc]
    """Lets in whoever the test says, and says of them what the test says."""

    answer: Any = None
    fresh: Any = True

    async def authenticate(self, _: object, data: dict[str, str]) -> Any:  # noqa: ANN401
        if isinstance(self.answer, Exception):
            raise self.answer
        return {"name": data["username"], **(self.answer or {})}

    async def refresh_user(self, *_: object) -> Any:  # noqa: ANN401
        if isinstance(self.fresh, Exception):
            raise self.fresh
        return self.fresh


def rules(**options: Any) -> Authenticator:  # noqa: ANN401
    """An authenticator under rules; `answer` and `fresh` are what the log-in server says first and later."""
    said = {name: options.pop(name) for name in ("answer", "fresh") if name in options}
    config = Config({"AccessRules": options, "Authenticator": {"manage_groups": True, "allow_existing_users": False}})
    made: Authenticator = with_access_rules(LogIn)(config=config)
    for name, value in said.items():
        setattr(made, name, value)
    return made


def log_in(authenticator: Authenticator, name: str) -> tuple[str, bool | None] | None:
    person = asyncio.run(authenticator.get_authenticated_user(None, {"username": name}))
    return (person["name"], person["admin"]) if person else None


def known(name: str, groups: tuple[str, ...] = (), *, admin: bool = False, state: dict[str, Any] | None = None) -> Any:  # noqa: ANN401
    """Somebody as the hub has them in its database."""

    async def auth_state() -> dict[str, Any] | None:
        return state

    stored = [SimpleNamespace(name=group) for group in groups]
    return SimpleNamespace(name=name, groups=stored, roles=[], admin=admin, get_auth_state=auth_state)


def stays(authenticator: Authenticator, user: Any) -> Any:  # noqa: ANN401
    return asyncio.run(authenticator.refresh_user(user))


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
    assert stays(rules(members_of={"physics"}, fresh=still), alice) == still


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
    ("state", "expected"),
    [
        ({"refresh_token": "r"}, False),  # which the server refused
        ({"refresh_token": None}, True),
        ({}, False),
        (None, False),
    ],
    ids=str,
)
def test_a_token_that_merely_ended_logs_nobody_out(state: dict[str, Any] | None, expected: bool) -> None:
    made = rules(allow_all=True, fresh=False)
    made.enable_auth_state = True
    assert stays(made, known("alice", state=state)) is expected


@pytest.mark.parametrize("away", [True, ConnectionRefusedError()], ids=["not asked again", "away"])
def test_where_nobody_is_asked_again_stored_groups_say_who_is_an_admin(away: Any) -> None:  # noqa: ANN401
    made = rules(allow_all=True, admins_are_members_of={"staff"}, admin_users={"carol"}, fresh=away)
    assert stays(made, known("alice", ("staff",), admin=True)) is True
    assert stays(made, known("carol", admin=True)) is True
    assert stays(made, known("alice", ("physics",), admin=True))["admin"] is False
    assert stays(made, known("alice", ("physics",), admin=True))["groups"] is None, "they stay as they are"


def test_whoever_is_off_the_list_is_blocked_when_the_hub_starts() -> None:
    made = rules(allowed_users={"bob"}, decided_by_name=True)
    for name in ("alice", "bob"):
        made.add_user(known(name))
    assert made.blocked_users == {"alice"}


def test_without_a_rule_by_names_alone_nobody_is_blocked_when_the_hub_starts() -> None:
    made = rules(members_of={"physics"})
    made.add_user(known("alice"))
    assert made.blocked_users == set()
