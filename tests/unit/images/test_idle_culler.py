"""What stops servers that nobody uses, and what it may do for that."""

import sys
from collections.abc import Callable
from typing import Any

import pytest
from jupyterhub.scopes import scope_definitions
from jupyterhub_idle_culler import IdleCuller

from tests.unit.images.configured_hub import ConfiguredHub

Configure = Callable[..., ConfiguredHub]

_CENTURY = 100 * 365 * 24 * 3600


def culler_of(hub: ConfiguredHub) -> IdleCuller:
    """The culler, as it reads the command that the hub starts it with."""
    [service] = hub.app.services
    assert service["command"][:3] == [sys.executable, "-m", "jupyterhub_idle_culler"]
    culler = IdleCuller()
    culler.parse_command_line(service["command"][3:])
    assert not culler.extra_args
    return culler


@pytest.mark.parametrize(
    ("idle", "timeout", "max_age", "every"),
    [
        ({}, 3600, 0, 300),
        ({"server_timeout": "2h", "max_age": "7d"}, 7200, 7 * 86400, 300),
        ({"server_timeout": "60s", "check_every": "5s"}, 60, 0, 5),
        ({"server_timeout": "365d", "max_age": "365d", "check_every": "1d"}, 365 * 86400, 365 * 86400, 86400),
        ({"server_timeout": "0s", "max_age": "7d"}, _CENTURY, 7 * 86400, 300),
    ],
    ids=str,
)
def test_servers_are_stopped_when_the_settings_say(
    configure: Configure, idle: dict[str, str], timeout: int, max_age: int, every: int
) -> None:
    culler = culler_of(configure(idle=idle))
    assert (culler.timeout, culler.max_age, culler.cull_every) == (timeout, max_age, every)


def test_only_servers_are_stopped_and_nobody_is_forgotten(hub: ConfiguredHub) -> None:
    culler = culler_of(hub)
    assert culler.cull_users is False
    assert culler.remove_named_servers is False


def test_users_are_looked_through_in_pages_that_the_hub_gives(hub: ConfiguredHub) -> None:
    assert culler_of(hub).api_page_size == hub.app.api_page_max_limit == 200


def test_with_nothing_to_stop_there_is_no_culler(configure: Configure) -> None:
    app = configure(idle={"server_timeout": "0s", "max_age": "0s"}).app
    assert (app.services, app.load_roles) == ([], [])


def test_it_may_see_when_servers_were_used_and_stop_them_and_nothing_else(hub: ConfiguredHub) -> None:
    [role] = hub.app.load_roles
    [service] = hub.app.services
    assert role["services"] == [service["name"]]
    assert role["scopes"] == ["list:users", "read:users:activity", "read:servers", "delete:servers"]


def test_what_it_may_do_are_scopes_that_the_hub_knows(hub: ConfiguredHub) -> None:
    [role] = hub.app.load_roles
    assert [scope for scope in role["scopes"] if scope not in scope_definitions] == []


def test_it_is_no_admin(hub: ConfiguredHub) -> None:
    service: dict[str, Any] = hub.app.services[0]
    assert service.keys() == {"name", "command"}
