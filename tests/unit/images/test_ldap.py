"""A directory: which names it is asked for, by what name whoever is found goes, and what its schema may lack."""

import asyncio
from collections.abc import Callable
from typing import Any

import ldap3
import pytest
from traitlets.config import Config

from images.hub.authenticators.ldap import Ldap

PEOPLE, GROUPS = "ou=people,dc=example,dc=org", "ou=groups,dc=example,dc=org"
PASSWORD = "of-everybody"
NAMES = ["alice", "Bob", "4711", "carol@example.org", "o'neil", "dora smith", "jörg", "(eve)*"]
LogIn = Callable[..., dict[str, Any] | None]


@pytest.fixture
def log_in(monkeypatch: pytest.MonkeyPatch) -> LogIn:
    """Log in by a directory in memory, whose schema knows no memberUid."""
    real_server, real_connection = ldap3.Server, ldap3.Connection

    def server(*_: object, get_info: str = ldap3.SCHEMA, **__: object) -> ldap3.Server:
        return real_server("ldap.invalid", get_info=ldap3.OFFLINE_EDIR_9_1_4 if get_info == ldap3.SCHEMA else get_info)

    def connection(to: ldap3.Server, *, user: str | None, password: str | None, **_: object) -> ldap3.Connection:
        made = real_connection(to, user=user, password=password, client_strategy=ldap3.MOCK_SYNC)
        for name in NAMES:
            entry = {"userPassword": PASSWORD, "uid": name, "objectClass": "person"}
            made.strategy.add_entry(f"uid={ldap3.utils.dn.escape_rdn(name)},{PEOPLE}", entry)
        made.strategy.add_entry(f"cn=physics,{GROUPS}", {"cn": "physics", "member": f"uid=alice,{PEOPLE}"})
        if not made.bind():
            raise ldap3.core.exceptions.LDAPBindError
        return made

    monkeypatch.setattr(ldap3, "Server", server)
    monkeypatch.setattr(ldap3, "Connection", connection)

    def log_in_as(name: str, password: str = PASSWORD, **options: object) -> dict[str, Any] | None:
        common = {"user_attribute": "uid", "group_search_base": GROUPS, "manage_groups": True}
        made = Ldap(config=Config({"Ldap": {**common, **options}}))
        return asyncio.run(made.authenticate(None, {"username": name, "password": password}))

    return log_in_as


BY_PATTERN: dict[str, object] = {"bind_dn_template": [f"uid={{username}},{PEOPLE}"]}
BY_SEARCH: dict[str, object] = {
    "lookup_dn": True,
    "lookup_dn_user_dn_attribute": "uid",
    "user_search_base": PEOPLE,
}
WAYS = pytest.mark.parametrize("way", [BY_PATTERN, BY_SEARCH], ids=["pattern", "search"])


@WAYS
@pytest.mark.parametrize("name", NAMES)
def test_a_name_may_be_a_number_an_address_or_anything_that_can_be_read(
    log_in: LogIn, way: dict[str, object], name: str
) -> None:
    person = log_in(name, **way)
    assert person
    assert person["name"] == name
    assert log_in(name, "wrong", **way) is None


@WAYS
@pytest.mark.parametrize(
    "name",
    ["", "alice\n", "alice\0", "al\u00adice", "al\u200bice", "dora  smith", "\uff41lice", "jo\u0308rg", "*", "al*"],
)
def test_a_name_that_a_directory_could_take_for_another_is_nobodys(
    log_in: LogIn, way: dict[str, object], name: str
) -> None:
    assert log_in(name, **way) is None


def test_whoever_is_found_goes_by_the_directorys_name(log_in: LogIn) -> None:
    person = log_in("BOB", **BY_SEARCH)
    assert person
    assert person["name"] == "Bob"


@WAYS
def test_a_group_is_found_in_a_directory_whose_schema_lacks_an_attribute(log_in: LogIn, way: dict[str, object]) -> None:
    person = log_in("alice", **way)
    assert person
    assert person["groups"] == ["physics"]
