"""Who keeps which rights when the hub starts anew on the database that it left, by its own way of starting."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jupyterhub.app import JupyterHub
from jupyterhub.orm import APIToken, Group, Service, User
from jupyterhub.roles import assign_default_roles
from traitlets.config import Config

from images.hub.access import with_access_rules
from tests.unit.images.access_rules import Hub, LogIn, known, started, stays

Start = Callable[..., JupyterHub]


@pytest.fixture
def start(tmp_path: Path) -> Start:
    """Start a hub, as far as its database goes, with these rules."""

    def begin(**rules: Any) -> JupyterHub:  # noqa: ANN401
        options = {"manage_groups": True, "allow_existing_users": False, "allow_all": True}
        rules = {"log_in": "ldap", "log_in_file": str(tmp_path / "log-in"), **rules}
        config = Config({"Authenticator": options, "AccessRules": rules})
        config.JupyterHub.authenticator_class = with_access_rules(LogIn)
        config.JupyterHub.db_url = f"sqlite:///{tmp_path}/jupyterhub.sqlite"
        app = JupyterHub(config=config)

        async def initialize() -> None:
            # The order of JupyterHub.initialize (6.1.1).
            app.init_db()
            await app.init_role_creation()
            await app.init_users()
            await app.init_role_assignment()
            await app.init_blocked_users()

        asyncio.run(initialize())
        return app

    return begin


def put_into_group(app: JupyterHub, name: str, *groups: str) -> None:
    User.find(app.db, name).groups = [Group.find(app.db, group) or Group(name=group) for group in groups]
    app.db.commit()


def admins(app: JupyterHub) -> set[str]:
    people = app.db.query(User).all()
    by_role = {user.name for user in people if "admin" in {role.name for role in user.roles}}
    assert by_role == {user.name for user in people if user.admin}, "the one makes the other at the next start"
    return by_role


def test_an_admin_who_is_no_longer_listed_is_none(start: Start) -> None:
    assert admins(start(admin_users={"carol", "dave"})) == {"carol", "dave"}
    assert admins(start(admin_users={"dave"})) == {"dave"}
    assert admins(start(admin_users={"dave"})) == {"dave"}
    assert admins(start()) == set()


def test_with_groups_of_admins_one_who_is_no_longer_listed_is_an_admin_by_group_alone(start: Start) -> None:
    app = start(admin_users={"carol", "dave"}, admins_are_members_of={"staff"})
    put_into_group(app, "carol", "physics")
    put_into_group(app, "dave", "physics", "staff")
    assert admins(start(admins_are_members_of={"staff"})) == {"dave"}
    assert admins(start(admins_are_members_of={"others"})) == set()


def with_log_ins(app: JupyterHub) -> dict[str, str]:
    """Somebody of an old log-in, with a cookie, tokens and a server; a service; everybody's tokens."""
    alice, service = User(name="alice", encrypted_auth_state=b"x"), Service(name="report")
    app.db.add_all([alice, service])
    app.db.commit()
    assign_default_roles(app.db, alice)
    own, access = "users:activity!user", "access:servers!server=alice/"
    tokens = {
        "of her server": alice.new_api_token(note="Server at /user/alice/", scopes=[own, access]),
        "of hers": alice.new_api_token(note="mine", scopes=[own, access]),
        "called so": alice.new_api_token(note="Server at /user/alice/", scopes=["inherit"]),
        "of a service": service.new_api_token(note="x"),
    }
    put_into_group(app, "alice", "physics")
    return tokens


def left(app: JupyterHub, tokens: dict[str, str]) -> set[str]:
    return {name for name, token in tokens.items() if APIToken.find(app.db, token)}


def test_after_another_log_in_everybody_logs_in_anew(start: Start) -> None:
    app = start()
    tokens = with_log_ins(app)
    cookie = User.find(app.db, "alice").cookie_id
    again = start()
    alice = User.find(again.db, "alice")
    assert (alice.cookie_id, len(alice.groups), left(again, tokens)) == (cookie, 1, set(tokens)), "the same log-in"
    other = start(log_in="cas")
    alice = User.find(other.db, "alice")
    assert alice.cookie_id != cookie
    assert (alice.groups, alice.encrypted_auth_state) == ([], None)
    assert left(other, tokens) == {"of her server", "of a service"}
    cookie = alice.cookie_id
    assert User.find(start(log_in="cas").db, "alice").cookie_id == cookie, "once"


def test_a_site_that_never_noted_its_log_in_notes_it(start: Start, tmp_path: Path) -> None:
    app = start()
    tokens = with_log_ins(app)
    (tmp_path / "log-in").unlink()
    assert left(start(log_in="cas"), tokens) == set(tokens)
    assert (tmp_path / "log-in").read_text() == "cas"


def test_an_admin_by_a_group_of_the_old_log_in_is_none(start: Start) -> None:
    put_into_group(start(admin_users={"carol"}), "carol", "staff")
    assert admins(start(admins_are_members_of={"staff"})) == {"carol"}
    assert admins(start(admins_are_members_of={"staff"}, log_in="cas")) == set()


def test_servers_of_people_who_are_not_back_yet_run_on(start: Start) -> None:
    with_log_ins(start(members_of={"physics"}))
    authenticator = start(members_of={"physics"}, allow_all=False, log_in="cas").authenticator
    alice = known("alice")
    alice._auth_refreshed = None
    assert stays(authenticator, alice) is False
    started(authenticator, alice)
    assert len(alice.spawners) == 2
    alice._auth_refreshed = 1.0  # when she logged in, without the group
    authenticator.parent = Hub()
    assert stays(authenticator, alice) is False
    assert len(alice.spawners) == 0
