"""Certificates that Traefik gets by itself, from a real ACME authority (Pebble), by both challenges."""

import ssl
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import httpx
import pytest
import trustme

from tests.integration.certificates.conftest import HTTP_PORT, HTTPS_PORT, SETTINGS, served
from tests.integration.deployment import CHECKOUT, Deployment
from tests.integration.peer import Peer, bridge_address
from tests.integration.person import wait_until

SERVICE = {"other": {"host": "other.example.org", "target": "http://other:80"}}


@pytest.fixture(scope="module")
def authority_pem(certified: Deployment) -> Iterator[str]:
    """Certificate of the authority that signs the site's certificates; it is another at each start."""
    own = trustme.CA()
    address = bridge_address(certified.engine)
    (certified.folder / "authority.pem").write_bytes(own.cert_pem.bytes())
    ports = {"ADDRESS": address, "HTTP_PORT": str(HTTP_PORT), "HTTPS_PORT": str(HTTPS_PORT)}
    folder = CHECKOUT / "tests/integration/certificates/pebble"
    with Peer(certified.engine, folder, own, ports, 14000):
        context = ssl.create_default_context(cadata=own.cert_pem.bytes().decode())
        yield httpx.get(f"https://{address}:15000/roots/0", verify=context, trust_env=False).text


@pytest.fixture(scope="module")
def site(certified: Deployment, authority_pem: str) -> Deployment:
    """The site, once its first certificate is there."""
    configure(certified, "tls-alpn-01")
    certified.up()
    wait_until(lambda: serial("hub.example.org", authority_pem) != "", "the first certificate", seconds=60)
    return certified


def configure(site: Deployment, challenge: str, services: dict[str, Any] | None = None) -> None:
    tls = {
        "kind": "acme",
        "email": "operator@example.org",
        "challenge": challenge,
        "directory_url": f"https://{bridge_address(site.engine)}:14000/dir",
        "ca_file": str(site.folder / "authority.pem"),
    }
    site.configure(**SETTINGS, tls=tls, services=services or {})


def serial(name: str, authority_pem: str) -> str:
    """Number of the certificate for a name; none while there is none of the authority's."""
    with suppress(OSError):
        return str(served(name, authority_pem)["serialNumber"])
    return ""


@pytest.mark.usefixtures("site")
def test_a_certificate_comes_by_port_443(authority_pem: str) -> None:
    names = served("hub.example.org", authority_pem)["subjectAltName"]
    assert names == (("DNS", "hub.example.org"),)


def test_nothing_is_to_be_changed_then(site: Deployment) -> None:
    assert site.preview("--refresh") == []


def test_its_key_and_account_are_for_traefik_alone(site: Deployment) -> None:
    code, listed = site.container("proxy").exec_run(["stat", "-c", "%a %u", "/srv/acme/acme.json"])
    assert (code, listed) == (0, b"600 10001\n")


def test_another_comes_by_port_80_and_the_first_stays(site: Deployment, authority_pem: str) -> None:
    first = serial("hub.example.org", authority_pem)
    configure(site, "http-01", SERVICE)
    site.up()
    wait_until(lambda: serial("other.example.org", authority_pem) != "", "the second certificate", seconds=60)
    assert serial("hub.example.org", authority_pem) == first
    redirect = httpx.get(f"http://127.0.0.1:{HTTP_PORT}/hub/", headers={"Host": "hub.example.org"}, trust_env=False)
    assert redirect.headers["Location"] == f"https://hub.example.org:{HTTPS_PORT}/hub/"


def test_they_survive_the_site(site: Deployment, authority_pem: str) -> None:
    before = [serial(name, authority_pem) for name in ("hub.example.org", "other.example.org")]
    site.hubctl("down")
    site.up()
    wait_until(lambda: serial("hub.example.org", authority_pem) != "", "the certificate", seconds=60)
    assert [serial(name, authority_pem) for name in ("hub.example.org", "other.example.org")] == before
