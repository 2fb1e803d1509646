"""Each kind of log-in against a real server: who gets in, who does not, and what becomes of those who are in."""

import time

import httpx
import pytest

from tests.integration.login.conftest import Site
from tests.integration.login.log_ins import PEOPLE, AccountsOfTheHub, FormOfTheHub, sign_up
from tests.integration.person import Person, RefusedError, wait_until


def log_in(site: Site, person: Person, name: str, password: str | None = None) -> httpx.Response:
    return site.log_in.log_in(person, name, password or PEOPLE[name]["password"])


def test_the_right_person_runs_a_cell(alice: Person) -> None:
    with alice.kernel() as kernel:
        assert kernel.run("6 * 7") == "42"


def test_an_admin_is_one_and_nobody_else(site: Site, alice: Person) -> None:
    with site.person("carol") as carol:
        log_in(site, carol, "carol")
        assert carol.hub_api("GET", "/users").status_code == httpx.codes.OK
    assert alice.hub_api("GET", "/users").status_code == httpx.codes.FORBIDDEN


def test_a_wrong_password_is_refused(site: Site) -> None:
    with site.person("bob") as bob:
        for password in ("not bob's", PEOPLE["alice"]["password"], ""):
            with pytest.raises(RefusedError):
                site.log_in.log_in(bob, "bob", password)
            assert not bob.is_logged_in()
        assert log_in(site, bob, "bob").is_success


def test_a_stranger_is_refused(site: Site) -> None:
    with site.person("mallory") as mallory:
        with pytest.raises(RefusedError, match="403"):
            log_in(site, mallory, "mallory")
        assert not mallory.is_logged_in()


def test_what_is_forged_or_used_again_is_refused(site: Site) -> None:
    if isinstance(site.log_in, AccountsOfTheHub):
        take_what_is_not_theirs(site)
        return
    if isinstance(site.log_in, FormOfTheHub):
        injections = [("*", PEOPLE["bob"]["password"]), ("bob)(uid=*", "x"), ("bob,ou=people", "x"), ("bob\0", "x")]
        with site.person("bob") as bob:
            for name, password in [*injections, ("bob", " ")]:
                with pytest.raises(RefusedError):
                    site.log_in.log_in(bob, name, password)
        return
    with site.person("bob") as bob, site.person("mallory") as mallory:
        forged = f"{site.url}{'hub/cas_callback' if site.log_in.kind == 'cas' else 'hub/oauth_callback'}"
        for query in ("code=x&ticket=ST-x&state=forged", "code=x&ticket=ST-x", "state="):
            assert mallory.http.get(f"{forged}?{query}").status_code in {400, 403}
        way_back = site.log_in.way_back(bob, "bob", PEOPLE["bob"]["password"])
        # Another browser, which would be logged in as somebody else without noticing.
        assert mallory.http.get(way_back).status_code in {400, 403}
        assert not mallory.is_logged_in()
        assert bob.http.get(way_back).status_code == httpx.codes.OK
        assert bob.is_logged_in()
        bob.http.get("/hub/logout", follow_redirects=False)
        assert not bob.is_logged_in()
        assert bob.http.get(way_back).status_code in {400, 403}, "good once"
        assert not bob.is_logged_in()


def take_what_is_not_theirs(site: Site) -> None:
    """Sign up as somebody who is there, too short, or as who is allowed; and have an admin approve without knowing."""
    with site.person("mallory") as mallory:
        for name, password, told in [
            ("carol", "a password of mallory's", "already in use"),
            ("bob", "a password of mallory's", "already in use"),
            ("eve", "short", "at least 12"),
            ("eve", "1qaz2wsx3edc", "too common"),
        ]:
            assert told in sign_up(mallory, name, password)
            with pytest.raises(RefusedError):
                site.log_in.log_in(mallory, name, password)
    with site.person("carol") as carol:
        log_in(site, carol, "carol")
        lured = carol.http.get("/hub/authorize/mallory", headers={"Sec-Fetch-Site": "cross-site"})
        assert lured.status_code == httpx.codes.FORBIDDEN
    with site.person("mallory") as mallory, pytest.raises(RefusedError):
        log_in(site, mallory, "mallory")


def test_while_the_server_is_away_the_page_says_so_and_notebooks_run_on(site: Site, alice: Person) -> None:
    if site.peer is None:
        pytest.skip("the hub itself is the server")
    with site.person("bob") as bob, alice.kernel() as kernel:
        direct = isinstance(site.log_in, FormOfTheHub)
        way_back = "" if direct else site.log_in.way_back(bob, "bob", PEOPLE["bob"]["password"])
        site.peer.stop()
        try:
            if direct:
                with pytest.raises(RefusedError, match="503") as refused:
                    log_in(site, bob, "bob")
                page = str(refused.value)
            else:
                answer = bob.http.get(way_back)
                assert answer.status_code == httpx.codes.SERVICE_UNAVAILABLE
                page = answer.text
            assert "The log-in service does not answer" in page
            assert not bob.is_logged_in()
            time.sleep(1.1)  # then the hub asks the server again whether Alice may stay
            assert kernel.run("6 * 7") == "42"
            assert alice.server_is_ready()
            assert alice.is_logged_in()
        finally:
            site.peer.start()
            site.log_in.tell(site.peer, PEOPLE)
    with site.person("bob") as bob:
        assert log_in(site, bob, "bob").is_success


def test_whoever_is_taken_away_at_the_server_is_out(site: Site) -> None:
    if site.peer is None:
        pytest.skip("the hub itself is the server")
    without_group = {**PEOPLE, "bob": {**PEOPLE["bob"], "groups": ["chemistry"]}}
    without_bob = {name: person for name, person in PEOPLE.items() if name != "bob"}
    try:
        for people in ([without_group] if site.log_in.groups else []) + [without_bob]:
            site.log_in.tell(site.peer, PEOPLE)
            with site.person("bob") as bob:
                log_in(site, bob, "bob")
                site.log_in.tell(site.peer, people)
                if site.log_in.asks_again:
                    wait_until(lambda: not bob.is_logged_in(), "the end of Bob's log-in", seconds=20)
            with site.person("bob") as again, pytest.raises(RefusedError):
                log_in(site, again, "bob")
    finally:
        site.log_in.tell(site.peer, PEOPLE)


def test_whoever_is_taken_off_the_list_is_out(site: Site, alice: Person) -> None:
    # Where there are groups, some stay named: people are out by name and by group.
    rules = site.log_in.access("bob")
    site.up({**rules, "allowed_groups": ["biology"]} if site.log_in.groups else rules)
    wait_until(lambda: not servers_of(site, "alice"), "the end of Alice's server", seconds=40)
    wait_until(lambda: not alice.is_logged_in(), "the end of Alice's log-in", seconds=20)
    assert alice.http.get(f"/user/{alice.path}/api/status", follow_redirects=False).status_code != httpx.codes.OK
    with site.person("alice") as again, pytest.raises(RefusedError, match="403"):
        log_in(site, again, "alice")
    with site.person("bob") as bob:
        assert log_in(site, bob, "bob").is_success


def servers_of(site: Site, name: str) -> list[str]:
    """Containers of this person's servers."""
    labels = [f"jupyterhub.user={site.log_in.name_of(name)}", "jupyterhub.role=user-server"]
    servers = site.deployment.engine.containers.list(filters={"label": labels})
    return [each.name for each in servers if each.name and each.name.startswith(site.deployment.prefix)]
