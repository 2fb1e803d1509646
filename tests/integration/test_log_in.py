"""Who gets in, and as whom."""

from collections.abc import Callable

import httpx
import pytest

from tests.integration.deployment import Deployment
from tests.integration.person import Person, RefusedError


def test_a_wrong_password_is_refused_and_the_right_one_is_not(
    site: Deployment, person: Callable[[str], Person]
) -> None:
    alice = person("alice")
    with pytest.raises(RefusedError):
        alice.log_in("not-the-password")
    assert not alice.is_logged_in()
    assert alice.log_in(site.output("user_password")).is_logged_in()


def test_an_admin_has_a_password_of_their_own(site: Deployment, person: Callable[[str], Person]) -> None:
    with pytest.raises(RefusedError):
        person("admin").log_in(site.output("user_password"))
    with pytest.raises(RefusedError):
        person("alice").log_in(site.output("admin_password"))
    admin = person("admin").log_in(site.output("admin_password"))
    assert admin.hub_api("GET", "/users").status_code == httpx.codes.OK


def test_nobody_but_an_admin_sees_other_users(site: Deployment, person: Callable[[str], Person]) -> None:
    alice = person("alice").log_in(site.output("user_password"))
    assert alice.hub_api("GET", "/users").status_code == httpx.codes.FORBIDDEN


def test_every_cookie_is_sent_over_https_only(site: Deployment, person: Callable[[str], Person]) -> None:
    alice = person("alice").log_in(site.output("user_password")).start_server()
    alice.http.get("/user/alice/lab").raise_for_status()
    cookies = list(alice.http.cookies.jar)
    assert {cookie.path for cookie in cookies} >= {"/", "/hub/", "/user/alice/"}
    assert [cookie.name for cookie in cookies if not cookie.secure] == []
