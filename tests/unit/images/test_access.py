"""Who may use the hub, whatever the kind of log-in: at log-in, while they use it, and when the hub starts."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from jupyterhub.auth import Authenticator
from tornado.httpclient import HTTPClientError
from tornado.web import HTTPError
from traitlets.config import Config, Configurable

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


class Hub(Configurable):
    """What of JupyterHub the rules use."""

    def __init__(self, *people: Any) -> None:  # noqa: ANN401
        super().__init__()
        self._start_future: asyncio.Future[None] | None = None
        self.users = dict(enumerate(people))
        self.removed: list[tuple[str, str]] = []
        self.proxy = self

    async def delete_user(self, user: Any, server: str) -> None:  # noqa: ANN401
        self.removed.append((user.name, server))


def started(authenticator: Authenticator, *people: Any) -> Hub:  # noqa: ANN401
    """A hub that starts while the servers of these people run."""
    hub = Hub(*people)
    authenticator.parent = hub

    async def start() -> None:
        hub._start_future = asyncio.get_running_loop().create_future()
        hub._start_future.set_result(None)
        await authenticator.look_at_running_servers(hub)

    asyncio.run(start())
    return hub


def rules(**options: Any) -> Authenticator:  # noqa: ANN401
    """An authenticator under rules; `answer` and `fresh` are what the log-in server says first and later."""
    said = {name: options.pop(name) for name in ("answer", "fresh") if name in options}
    config = Config({"AccessRules": options, "Authenticator": {"manage_groups": True, "allow_existing_users": False}})
    made: Authenticator = with_access_rules(LogIn)(config=config)
    made.parent = Hub()
    for name, value in said.items():
        setattr(made, name, value)
    return made


def log_in(authenticator: Authenticator, name: str) -> tuple[str, bool | None] | None:
    person = asyncio.run(authenticator.get_authenticated_user(None, {"username": name}))
    return (person["name"], person["admin"]) if person else None


class Known(SimpleNamespace):
    """Somebody as the hub has them in its database, with servers that run."""

    async def get_auth_state(self) -> dict[str, Any] | None:
        state: dict[str, Any] | None = self.state
        return state

    async def save_auth_state(self, state: dict[str, Any]) -> None:
        self.state = state

    async def stop(self, server: str) -> None:
        del self.spawners[server]


def known(name: str, groups: tuple[str, ...] = (), *, admin: bool = False, state: dict[str, Any] | None = None) -> Any:  # noqa: ANN401
    stored = [SimpleNamespace(name=group) for group in groups]
    servers = {server: SimpleNamespace(ready=True, pending=None) for server in ("", "second")}
    return Known(name=name, groups=stored, roles=[], admin=admin, state=state, spawners=servers)


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


def test_when_the_hub_starts_nobody_is_put_on_the_list_of_those_who_are_blocked() -> None:
    made = rules(allowed_users={"bob"})
    made.add_user(known("alice"))
    assert made.blocked_users == set()
