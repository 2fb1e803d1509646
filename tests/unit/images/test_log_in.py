"""Who gets in: the log-in and the allow rules."""

import asyncio
from collections.abc import Callable
from typing import Any

import jupyterhub.authenticators.shared
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from jupyterhub.auth import DummyAuthenticator

from images.hub.authenticators.shared_password import SharedPassword
from tests.unit.images.configured_hub import SECRETS, SITES, ConfiguredHub

Configure = Callable[..., ConfiguredHub]

USERS, ADMINS = SECRETS["HUB_USER_PASSWORD"], SECRETS["HUB_ADMIN_PASSWORD"]


def log_in(hub: ConfiguredHub, name: str, password: str) -> tuple[str, bool] | None:
    """The name of who got in and whether they are an admin, by the same way as the hub's log-in page."""
    authenticator = hub.authenticator
    person: dict[str, Any] | None = asyncio.run(
        authenticator.get_authenticated_user(None, {"username": name, "password": password})
    )
    return (person["name"], bool(person["admin"])) if person else None


def allow_rules(hub: ConfiguredHub) -> list[str]:
    authenticator = hub.authenticator
    rules = [name for name in authenticator.trait_names(config=True) if name.startswith(("allow_", "allowed_"))]
    return [name for name in rules if getattr(authenticator, name) and name != "allowed_users"] + (
        ["allowed_users"] if authenticator.allowed_users else []
    )


@pytest.mark.parametrize(
    ("site", "rules"),
    [
        ("smallest", ["allowed_users"]),
        ("open", ["allow_all"]),
        ("dummy", ["allow_all"]),
    ],
    ids=str,
)
def test_exactly_one_rule_lets_people_in(configure: Configure, site: str, rules: list[str]) -> None:
    assert allow_rules(configure(**SITES[site])) == rules


def test_people_known_from_before_stay_in_only_where_the_settings_say_so(configure: Configure) -> None:
    hub = configure(access={"allowed_users": ["alice"], "allow_existing": True})
    assert sorted(allow_rules(hub)) == ["allow_existing_users", "allowed_users"]


def test_admins_are_those_of_the_settings_and_may_use_the_hub(hub: ConfiguredHub) -> None:
    assert hub.authenticator.admin_users == {"carol"}
    assert hub.authenticator.allowed_users == {"alice", "bob", "carol"}


@pytest.mark.parametrize(
    ("kind", "expected"), [("shared_password", SharedPassword), ("dummy", DummyAuthenticator)], ids=str
)
def test_people_log_in_as_the_settings_say(configure: Configure, kind: str, expected: type) -> None:
    assert isinstance(configure(auth={"kind": kind}).authenticator, expected)


@pytest.mark.parametrize(
    ("name", "password", "who"),
    [
        ("alice", USERS, ("alice", False)),
        ("carol", ADMINS, ("carol", True)),
        ("ALICE", USERS, ("alice", False)),
        ("Carol", ADMINS, ("carol", True)),
        ("alice", ADMINS, None),
        ("carol", USERS, None),
        ("CAROL", USERS, None),
        ("alice", "", None),
        ("alice", USERS + " ", None),
        ("alice", USERS.upper(), None),
        ("alice", USERS[:-1], None),
        ("carol", ADMINS[:-1], None),
        ("mallory", USERS, None),
        ("mallory", ADMINS, None),
        ("", USERS, None),
        (" alice", USERS, None),
        ("alice/", USERS, None),
        ("..", USERS, None),
    ],
)
def test_the_right_password_lets_in_and_nothing_else_does(
    hub: ConfiguredHub, name: str, password: str, who: tuple[str, bool] | None
) -> None:
    assert log_in(hub, name, password) == who


@pytest.mark.parametrize("password", ["pässword", "пароль", "\U0001f511", USERS + "\u200b", "\x80"], ids=ascii)
@pytest.mark.parametrize("name", ["alice", "carol"])
def test_a_password_with_letters_beyond_ascii_is_wrong_and_no_error(
    hub: ConfiguredHub, name: str, password: str
) -> None:
    assert log_in(hub, name, password) is None


@pytest.mark.parametrize("name", ["o'neil+x@example.org", "jörg müller", 'q"u\\o%te;', "x`) || pathregexp(`.*", "{0}"])
def test_where_everybody_may_come_any_name_does(configure: Configure, name: str) -> None:
    hub = configure(access={"allow_all": True, "admins": ["carol"]})
    assert log_in(hub, name, USERS) == (name, False)
    assert log_in(hub, name, "not the password") is None


@pytest.mark.parametrize("admin", ["o'neil", "jörg", "a+b@example.org"])
def test_an_admin_may_have_any_name(configure: Configure, admin: str) -> None:
    hub = configure(access={"allow_all": True, "admins": [admin]})
    assert log_in(hub, admin.upper(), ADMINS) == (admin, True)
    assert log_in(hub, admin, USERS) is None, "an admin's name with everybody's password would be an admin's server"


NAMES = st.one_of(st.sampled_from(["alice", "bob", "carol", "Alice", "CAROL"]), st.text(max_size=20))
PASSWORDS = st.one_of(
    st.sampled_from([USERS, ADMINS]),
    st.text(max_size=50),
    st.builds(
        lambda text, position: USERS[:position] + text + USERS[position:], st.text(max_size=2), st.integers(0, 20)
    ),
)


@given(name=NAMES, password=PASSWORDS)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_only_the_password_of_ones_own_kind_is_right(hub: ConfiguredHub, name: str, password: str) -> None:
    assume("\x00" not in name)
    right = {"carol": ADMINS}.get(name.lower(), USERS)
    allowed = name.lower() in {"alice", "bob", "carol"}
    expected = (name.lower(), name.lower() == "carol") if password == right and allowed else None
    assert log_in(hub, name, password) == expected


def test_passwords_are_compared_in_constant_time(hub: ConfiguredHub, monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[str, str]] = []

    def compare(first: str, second: str) -> bool:
        compared.append((first, second))
        return False

    monkeypatch.setattr(jupyterhub.authenticators.shared, "compare_digest", compare)
    assert log_in(hub, "alice", USERS) is None
    assert log_in(hub, "carol", ADMINS) is None
    assert compared == [(USERS, USERS), (ADMINS, ADMINS)], "nothing else decides"


@pytest.mark.parametrize("password", ["", "anything", "пароль"])
def test_dummy_lets_in_anybody_whom_the_rules_allow(configure: Configure, password: str) -> None:
    hub = configure(auth={"kind": "dummy"})
    assert log_in(hub, "alice", password) == ("alice", False)
    assert log_in(hub, "carol", password) == ("carol", True)
    assert log_in(hub, "mallory", password) is None


def test_google_is_asked_for_a_token_that_can_be_renewed(configure: Configure) -> None:
    asked = configure(**SITES["google"]).authenticator.extra_authorize_params
    assert asked == {"access_type": "offline", "prompt": "consent"}
