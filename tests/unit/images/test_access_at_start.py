"""Who keeps which rights when the hub starts anew on the database that it left, by its own way of starting."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jupyterhub.app import JupyterHub
from jupyterhub.orm import Group, User
from traitlets.config import Config

from images.hub.access import with_access_rules
from tests.unit.images.test_access import LogIn

Start = Callable[..., JupyterHub]


@pytest.fixture
def start(tmp_path: Path) -> Start:
    """Start a hub, as far as its database goes, with these rules."""

    def begin(**rules: Any) -> JupyterHub:  # noqa: ANN401
        options = {"manage_groups": True, "allow_existing_users": False, "allow_all": True}
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
