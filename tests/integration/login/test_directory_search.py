"""A directory that is searched for people's entries, by LDAPS: slapd, with an entry of the hub's own to search with."""

import pytest
import trustme

from tests.integration.login.conftest import Site
from tests.integration.login.log_ins import LDAP_PORT, LDAPS_PORT, PEOPLE, DirectoryLogIn
from tests.integration.person import Person, RefusedError

SEARCHED = DirectoryLogIn(
    kind="ldap",
    proven_against="slapd 2.6",
    provider="ldap",
    port=LDAP_PORT,
    asks_again=False,
    alias="ldap.example.org",
    environment=lambda _address, _hub: {"LDAP_URLS": f"ldap://:{LDAP_PORT} ldaps://:{LDAPS_PORT}"},
    auth=lambda _: {
        "server_address": "ldap.example.org",
        "server_port": LDAPS_PORT,
        "tls_strategy": "on_connect",
        "user_search_base": "ou=people,dc=example,dc=org",
        "lookup_dn_search_user": "cn=admin,dc=example,dc=org",
        "search_filter": "(&({userattr}={username})(!(sn=bob)))",
        "group_search_base": "ou=groups,dc=example,dc=org",
        "timeout": "3s",
    },
    secret=("ldap_search_password", "of-the-directory"),
)
pytestmark = pytest.mark.parametrize("site", [SEARCHED], ids=["searched"], indirect=True, scope="module")


def log_in(site: Site, person: Person, name: str, password: str | None = None) -> None:
    site.log_in.log_in(person, name, password or PEOPLE[name]["password"])


def test_whoever_is_found_gets_in_with_their_groups(site: Site) -> None:
    with site.person("alice") as alice:
        log_in(site, alice, "alice")
        assert alice.hub_api("GET", "/user").json()["groups"] == ["physics"]


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("alice", PEOPLE["bob"]["password"]),
        ("alice", ""),
        # A member of the group, whom the search leaves out.
        ("bob", PEOPLE["bob"]["password"]),
        ("mallory", PEOPLE["mallory"]["password"]),
        ("al*", PEOPLE["alice"]["password"]),
        ("alice)(uid=*", PEOPLE["alice"]["password"]),
    ],
)
def test_nobody_else_does(site: Site, name: str, password: str) -> None:
    with site.person("alice") as somebody:
        with pytest.raises(RefusedError, match="403"):
            site.log_in.log_in(somebody, name, password)
        assert not somebody.is_logged_in()


def test_a_server_with_another_authoritys_certificate_is_sent_no_password(site: Site) -> None:
    authority = site.deployment.folder / "authority.pem"
    before = authority.read_bytes()
    authority.write_bytes(trustme.CA().cert_pem.bytes())
    try:
        site.up(site.log_in.access("alice", "bob"))
    finally:
        authority.write_bytes(before)
    with site.person("alice") as alice, pytest.raises(RefusedError, match="503"):
        log_in(site, alice, "alice")
    assert "CERTIFICATE_VERIFY_FAILED" in site.deployment.container("hub").logs().decode()
