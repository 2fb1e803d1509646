"""Certificates that Traefik gets by itself, from a real ACME authority (Pebble), by both challenges."""

import ssl
import time
from collections.abc import Iterator
from contextlib import suppress

import httpx
import pytest
import trustme

from tests.integration.certificates.conftest import HTTP_PORT, HTTPS_PORT, SETTINGS, served
from tests.integration.deployment import CHECKOUT, Deployment
from tests.integration.peer import Peer, bridge_address
from tests.integration.person import wait_until

HUB, OTHER, ELSEWHERE = "hub.example.org", "other.example.org", "elsewhere.example.org"
_DAY = 24 * 3600


class Authority:
    """An ACME authority, for which every name is on this machine until it is told otherwise."""

    def __init__(self, site: Deployment, own: trustme.CA, port: int, days: int) -> None:
        self._address = bridge_address(site.engine)
        self._port = port
        self._context = ssl.create_default_context(cadata=own.cert_pem.bytes().decode())
        environment = {
            "ADDRESS": self._address,
            "DIRECTORY_PORT": str(port),
            "HTTP_PORT": str(HTTP_PORT),
            "HTTPS_PORT": str(HTTPS_PORT),
            "VALIDITY": str(days * _DAY),
        }
        folder = CHECKOUT / "tests/integration/certificates/pebble"
        self.peer = Peer(site.engine, folder, own, environment, port)

    @property
    def directory_url(self) -> str:
        return f"https://{self._address}:{self._port}/dir"

    def pem(self) -> str:
        """Certificate that it signs the site's certificates with; it is another at each start."""
        return httpx.get(
            f"https://{self._address}:{self._port + 1}/roots/0", verify=self._context, trust_env=False
        ).text

    def orders(self) -> int:
        """How often it was asked for a certificate."""
        return self.peer.log.count("POST /order-plz ")

    def let_name_lead_to(self, host: str, address: str) -> None:
        """Say where it finds a host name."""
        url = f"http://{self._address}:{self._port + 3}/"
        name = {"host": f"{host}."}
        httpx.post(f"{url}clear-a", json=name, trust_env=False).raise_for_status()
        httpx.post(f"{url}add-a", json={**name, "addresses": [address]}, trust_env=False).raise_for_status()


@pytest.fixture(scope="module")
def own_authority(certified: Deployment) -> trustme.CA:
    """Who signs the authorities' own certificates."""
    own = trustme.CA()
    (certified.folder / "authority.pem").write_bytes(own.cert_pem.bytes())
    return own


@pytest.fixture(scope="module")
def authority(certified: Deployment, own_authority: trustme.CA) -> Iterator[Authority]:
    """An authority whose certificates are valid as long as Let's Encrypt's."""
    made = Authority(certified, own_authority, 14000, days=90)
    with made.peer:
        yield made


@pytest.fixture(scope="module")
def authority_pem(authority: Authority) -> str:
    return authority.pem()


@pytest.fixture(scope="module")
def site(certified: Deployment, authority: Authority) -> Deployment:
    """The site, once its first certificate is there."""
    configure(certified, authority, "tls-alpn-01")
    certified.up()
    return certified


def configure(site: Deployment, authority: Authority, challenge: str, *services: str) -> None:
    tls = {
        "kind": "acme",
        "email": "operator@example.org",
        "challenge": challenge,
        "directory_url": authority.directory_url,
        "ca_file": str(site.folder / "authority.pem"),
    }
    targets = {name.partition(".")[0]: {"host": name, "target": "http://other:80"} for name in services}
    site.configure(**SETTINGS, tls=tls, services=targets)


def serial(name: str, authority_pem: str) -> str:
    """Number of the certificate for a name; none while there is none of the authority's."""
    with suppress(OSError):
        return str(served(name, authority_pem)["serialNumber"])
    return ""


@pytest.mark.usefixtures("site")
def test_a_certificate_comes_by_port_443(authority: Authority, authority_pem: str) -> None:
    names = served(HUB, authority_pem)["subjectAltName"]
    assert names == (("DNS", HUB),)
    assert authority.orders() == 1


def test_nothing_is_to_be_changed_then(site: Deployment) -> None:
    assert site.preview("--refresh") == []


def test_its_key_and_account_are_for_traefik_alone(site: Deployment) -> None:
    code, listed = site.container("proxy").exec_run(["sh", "-c", "stat -c '%a %u' /srv/acme/*.json"])
    assert (code, listed) == (0, b"600 10001\n")


def test_another_comes_by_port_80_and_the_first_stays(
    site: Deployment, authority: Authority, authority_pem: str
) -> None:
    first = serial(HUB, authority_pem)
    configure(site, authority, "http-01", OTHER)
    site.up()
    assert serial(OTHER, authority_pem) != ""
    assert serial(HUB, authority_pem) == first
    redirect = httpx.get(f"http://127.0.0.1:{HTTP_PORT}/hub/", headers={"Host": HUB}, trust_env=False)
    assert redirect.headers["Location"] == f"https://{HUB}:{HTTPS_PORT}/hub/"


def test_a_name_that_leads_elsewhere_is_asked_for_once(
    site: Deployment, authority: Authority, authority_pem: str
) -> None:
    # Its end is itself a change of Traefik's routes.
    challenge, name = "tls-alpn-01", ELSEWHERE
    authority.let_name_lead_to(name, "127.0.0.66")
    first, before = serial(HUB, authority_pem), authority.orders()
    configure(site, authority, challenge, OTHER, name)
    failed = site.hubctl("up", "--yes", check=False)
    assert failed.returncode != 0
    assert "The authority gave no certificate; the site runs" in failed.stdout
    assert f"{name}: no certificate\n" in failed.stdout
    assert f"{HUB}: certificate until " in failed.stdout
    change_routes(site)
    assert authority.orders() == before + 1
    assert serial(HUB, authority_pem) == first
    authority.let_name_lead_to(name, "127.0.0.1")
    site.hubctl("up", "--yes")
    assert serial(name, authority_pem) != ""
    assert site.preview() == []


def change_routes(site: Deployment) -> None:
    """Let routes come and go, as they do when people start and stop their servers."""
    hub = site.container("hub")
    for number in range(5):
        route = (
            f'{{"http": {{"routers": {{"r{number}": {{"rule": "Path(`/{number}`)", "service": "noop@internal"}}}}}}}}'
        )
        code, said = hub.exec_run(["sh", "-c", f"echo '{route}' > /srv/jupyterhub/routes/comes-and-goes.yml"])
        assert code == 0, said
        # Longer than the authority takes to find out.
        time.sleep(2)
    hub.exec_run(["rm", "/srv/jupyterhub/routes/comes-and-goes.yml"])


def test_they_survive_the_site(site: Deployment, authority: Authority, authority_pem: str) -> None:
    before, orders = [serial(name, authority_pem) for name in (HUB, OTHER)], authority.orders()
    site.hubctl("down")
    site.up()
    assert [serial(name, authority_pem) for name in (HUB, OTHER)] == before
    assert authority.orders() == orders


def test_another_authority_gives_others_and_they_are_renewed(site: Deployment, own_authority: trustme.CA) -> None:
    # Twenty days are less than the thirty before their end from which on Traefik renews, each time that it starts.
    another = Authority(site, own_authority, 14100, days=20)
    with another.peer:
        configure(site, another, "tls-alpn-01", OTHER)
        site.up()
        first = serial(HUB, another.pem())
        assert first != ""
        site.container("proxy").restart()
        wait_until(lambda: serial(HUB, another.pem()) not in {"", first}, "the renewal", seconds=60)


def test_the_site_can_go_back_to_an_authority_of_its_own_and_forth(site: Deployment, authority: Authority) -> None:
    site.configure(**SETTINGS, tls={"kind": "self_signed"})
    site.up()
    assert serial(HUB, site.output("ca_certificate_pem")) != ""
    configure(site, authority, "tls-alpn-01")
    assert "delete" not in {step["op"] for step in site.preview() if "certificates-ca" in step["urn"]}
