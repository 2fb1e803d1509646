"""The two servers that most institutions have, too heavy for every run: Keycloak and Apereo CAS."""

import json
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from tests.integration.login.conftest import Site
from tests.integration.login.log_ins import CLIENT_ID, CLIENT_SECRET, PEOPLE, LogIn
from tests.integration.peer import Peer
from tests.integration.person import Person, RefusedError

KEYCLOAK_PORT, APEREO_PORT = 18505, 18506


class ServerWithItsPeople(LogIn):
    """It is told who can log in when it starts."""

    def tell(self, peer: Peer, people: Mapping[str, Mapping[str, Any]]) -> None:
        """Nothing any more."""


def realm(hub: str) -> dict[str, Any]:
    """What Keycloak imports: groups, people, and the hub as a client that is told a person's groups."""
    return {
        "realm": "campus",
        "enabled": True,
        "groups": [{"name": group} for group in sorted({group for one in PEOPLE.values() for group in one["groups"]})],
        "clients": [
            {
                "clientId": CLIENT_ID,
                "secret": CLIENT_SECRET,
                "publicClient": False,
                "standardFlowEnabled": True,
                "redirectUris": [f"{hub}hub/oauth_callback"],
                "protocolMappers": [
                    {
                        "name": "groups",
                        "protocol": "openid-connect",
                        "protocolMapper": "oidc-group-membership-mapper",
                        "config": {
                            "claim.name": "groups",
                            "full.path": "false",
                            "id.token.claim": "true",
                            "userinfo.token.claim": "true",
                        },
                    }
                ],
            }
        ],
        "users": [
            {
                "username": name,
                "enabled": True,
                "email": f"{name}@example.org",
                "emailVerified": True,
                "firstName": name.title(),
                "lastName": "Example",
                "credentials": [{"type": "password", "value": person["password"], "temporary": False}],
                "groups": [f"/{group}" for group in person["groups"]],
            }
            for name, person in PEOPLE.items()
        ],
    }


SERVERS = [
    ServerWithItsPeople(
        kind="oidc",
        proven_against="Keycloak 26.7.3",
        provider="keycloak",
        port=KEYCLOAK_PORT,
        environment=lambda address, hub: {
            "ADDRESS": address,
            "PORT": str(KEYCLOAK_PORT),
            "REALM": json.dumps(realm(hub)),
        },
        auth=lambda address: {"issuer": f"https://{address}:{KEYCLOAK_PORT}/realms/campus", "client_id": CLIENT_ID},
        secret=("oauth_client_secret", CLIENT_SECRET),
    ),
    ServerWithItsPeople(
        kind="cas",
        proven_against="Apereo CAS 6.6.12",
        provider="apereo",
        port=APEREO_PORT,
        environment=lambda address, hub: {
            "ADDRESS": address,
            "PORT": str(APEREO_PORT),
            "SERVICE": f"^{hub}hub/cas_callback.*",
            "USERS": ",".join(f"{name}::{person['password']}" for name, person in PEOPLE.items()),
            "PEOPLE": json.dumps({name: {"memberOf": person["groups"]} for name, person in PEOPLE.items()}),
        },
        auth=lambda address: {"cas_url": f"https://{address}:{APEREO_PORT}/cas", "groups_attribute": "memberOf"},
        start="/hub/cas_login",
    ),
]
pytestmark = [
    pytest.mark.heavy,
    pytest.mark.parametrize("site", SERVERS, ids=lambda log_in: log_in.provider, indirect=True, scope="module"),
]


def log_in(site: Site, person: Person, name: str, password: str | None = None) -> httpx.Response:
    return site.log_in.log_in(person, name, password or PEOPLE[name]["password"])


def test_a_member_of_the_group_runs_a_cell(alice: Person) -> None:
    with alice.kernel() as kernel:
        assert kernel.run("6 * 7") == "42"
    assert alice.hub_api("GET", "/user").json()["groups"] == ["physics"]


def test_a_wrong_password_is_refused(site: Site) -> None:
    with site.person("bob") as bob:
        with pytest.raises(RefusedError):
            log_in(site, bob, "bob", "not bob's")
        assert not bob.is_logged_in()
        assert log_in(site, bob, "bob").is_success


def test_a_stranger_is_refused(site: Site) -> None:
    with site.person("mallory") as mallory, pytest.raises(RefusedError, match="403"):
        log_in(site, mallory, "mallory")


def test_somebody_elses_way_back_is_refused(site: Site) -> None:
    with site.person("bob") as bob, site.person("mallory") as mallory:
        way_back = site.log_in.way_back(bob, "bob", PEOPLE["bob"]["password"])
        assert mallory.http.get(way_back).status_code in {400, 403}
        assert not mallory.is_logged_in()
