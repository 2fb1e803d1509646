"""Certificate files of the operator's own, which change while people work."""

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import trustme

from tests.integration.certificates.conftest import HTTPS_PORT, SETTINGS, served
from tests.integration.deployment import Deployment
from tests.integration.person import Person, wait_until


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def site(certified: Deployment, authority: trustme.CA) -> Deployment:
    put_pair(certified, authority)
    files = {key: str(certified.folder / f"{key}.pem") for key in ("certificate_file", "private_key_file")}
    settings = {**SETTINGS, "site": {**SETTINGS["site"], "domain": "localhost"}}
    certified.configure(**settings, tls={"kind": "files", **files})
    certified.up()
    return certified


@pytest.fixture
def alice(site: Deployment, authority: trustme.CA) -> Iterator[Person]:  # noqa: ARG001 - of that site
    with Person("alice", f"https://localhost:{HTTPS_PORT}/", authority.cert_pem.bytes().decode()) as alice:
        alice.log_in("any").start_server()
        yield alice
        alice.stop_server()


def put_pair(site: Deployment, authority: trustme.CA) -> None:
    pair = authority.issue_cert("localhost")
    (site.folder / "certificate_file.pem").write_bytes(b"".join(each.bytes() for each in pair.cert_chain_pems))
    (site.folder / "private_key_file.pem").write_bytes(pair.private_key_pem.bytes())


def test_a_new_pair_is_taken_up_without_a_restart_or_a_dropped_connection(
    site: Deployment, authority: trustme.CA, alice: Person
) -> None:
    pem = authority.cert_pem.bytes().decode()
    before, proxy = served("localhost", pem), site.container("proxy")
    assert site.output("certificate_expires").startswith(ends(before))
    with alice.kernel() as kernel:
        assert kernel.run("6 * 7") == "42"
        put_pair(site, authority)
        site.up()
        wait_until(lambda: served("localhost", pem)["serialNumber"] != before["serialNumber"], "the new pair")
        assert kernel.run("6 * 7") == "42", "by the same connection"
    assert site.container("proxy").attrs["State"]["StartedAt"] == proxy.attrs["State"]["StartedAt"]


def ends(certificate: dict[str, str]) -> str:
    """Day of a certificate's end."""
    moment = ssl.cert_time_to_seconds(certificate["notAfter"])
    return f"{datetime.fromtimestamp(moment, tz=UTC):%Y-%m-%d}"
