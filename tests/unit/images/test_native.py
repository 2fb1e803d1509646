"""Accounts of the hub's own: who has one, and for how long it is worth something."""

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from jupyterhub.auth import Authenticator
from nativeauthenticator.handlers import ChangePasswordAdminHandler, ChangePasswordHandler, LocalBase, SignUpHandler
from nativeauthenticator.orm import UserInfo
from tornado.web import HTTPError

from images.hub.authenticators.native import _mended
from tests.unit.images.configured_hub import SECRETS, ConfiguredHub

ADMINS, OWN = SECRETS["HUB_ADMIN_PASSWORD"], "correct horse battery"
LONGEST = "x" * 72
Configure = Callable[..., ConfiguredHub]


@pytest.fixture
def native(configure: Configure) -> Authenticator:
    """A hub's authenticator where carol is an admin and alice has signed up and was approved."""
    hub = configure(auth={"kind": "native"}, access={"allow_all": True, "admins": ["carol"]})
    made = hub.authenticator
    made.add_user(known("carol"))
    sign_up(made, "alice")
    UserInfo.change_authorization(made.db, "alice")
    return made


def known(name: str) -> Any:  # noqa: ANN401
    """Somebody as the hub has them in its database."""

    async def auth_state() -> None:
        return None

    return SimpleNamespace(name=name, groups=[], admin=name == "carol", get_auth_state=auth_state)


def sign_up(native: Authenticator, name: str, password: str = OWN) -> None:
    assert native.create_user(name, password) is not None


def log_in(native: Authenticator, name: str, password: str) -> str | None:
    person = asyncio.run(native.get_authenticated_user(None, {"username": name, "password": password}))
    return str(person["name"]) if person else None


def stays(native: Authenticator, name: str) -> bool:
    return bool(asyncio.run(native.refresh_user(known(name))))


def test_whoever_is_approved_stays_and_so_do_admins(native: Authenticator) -> None:
    assert log_in(native, "alice", OWN) == "alice"
    assert log_in(native, "carol", ADMINS) == "carol"
    assert stays(native, "alice")
    assert stays(native, "carol")


def test_an_approval_that_is_taken_back_ends_what_it_began(native: Authenticator) -> None:
    UserInfo.change_authorization(native.db, "alice")
    assert not stays(native, "alice")
    UserInfo.change_authorization(native.db, "alice")
    assert stays(native, "alice")


def test_whoever_has_no_account_any_more_does_not_stay(native: Authenticator) -> None:
    native.delete_user(known("alice"))
    assert not stays(native, "alice")


def test_a_password_that_bcrypt_does_not_take_is_a_wrong_one(native: Authenticator) -> None:
    sign_up(native, "bob", LONGEST)
    UserInfo.change_authorization(native.db, "bob")
    assert log_in(native, "bob", LONGEST) == "bob"
    assert log_in(native, "bob", LONGEST + "x") is None
    assert log_in(native, "bob", "ü" * 37) is None
    assert log_in(native, "nobody", LONGEST + "x") is None


@pytest.mark.parametrize("page", [SignUpHandler, ChangePasswordHandler, ChangePasswordAdminHandler])
@pytest.mark.parametrize("field", ["signup_password", "old_password", "new_password", "new_password_confirmation"])
def test_a_page_says_of_what_length_a_password_may_be(page: type, field: str) -> None:
    form: Any = _mended(page)
    filled = form.__new__(form)
    filled.request = SimpleNamespace(body_arguments={"username": [b"y" * 100], field: ["ü".encode() * 37]})
    with pytest.raises(HTTPError) as refused:
        asyncio.run(filled.post())
    assert refused.value.status_code == 400
    assert "at most 72 bytes" in str(refused.value.log_message)


def test_a_password_of_the_longest_length_goes_to_the_page() -> None:
    class Page(LocalBase):  # type: ignore[misc]
        filled: tuple[str, ...] = ()

        async def post(self, *names: str) -> None:
            self.filled = names

    form: Any = _mended(Page)
    page = form.__new__(form)
    page.request = SimpleNamespace(body_arguments={"new_password": [LONGEST.encode()]})
    asyncio.run(page.post("alice"))
    assert page.filled == ("alice",)


def test_an_admin_gets_the_name_that_somebody_else_signed_up_with(native: Authenticator) -> None:
    sign_up(native, "dora")
    native.admin_users.add("dora")
    native.add_user(known("dora"))
    assert log_in(native, "dora", ADMINS) == "dora"
    assert log_in(native, "dora", OWN) is None
    assert [info.username for info in UserInfo.all_users(native.db)].count("dora") == 1


def test_an_admin_keeps_a_password_of_their_own(native: Authenticator) -> None:
    native.change_password("carol", OWN)
    native.admin_users.add("alice")
    for name in ("alice", "carol"):
        native.add_user(known(name))
        assert log_in(native, name, OWN) == name
        assert log_in(native, name, ADMINS) is None
