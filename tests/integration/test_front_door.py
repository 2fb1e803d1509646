"""What the network sees of a site: ports, certificate, headers, and other services behind the same door."""

import socket
import ssl
import time
from collections.abc import Callable, Iterator

import httpx
import pytest

from tests.integration.conftest import HTTP_PORT, HTTPS_PORT, SETTINGS
from tests.integration.deployment import Deployment
from tests.integration.person import Person, wait_until

pytestmark = pytest.mark.usefixtures("site")


@pytest.fixture(scope="module")
def browser(site: Deployment) -> Iterator[httpx.Client]:
    tls = ssl.create_default_context(cadata=site.output("ca_certificate_pem"))
    with httpx.Client(verify=tls, base_url=site.output("url"), trust_env=False) as client:
        yield client


def test_plain_http_leads_to_https() -> None:
    answer = httpx.get(f"http://localhost:{HTTP_PORT}/hub/login?next=%2Fhub", trust_env=False)
    assert answer.status_code == httpx.codes.MOVED_PERMANENTLY
    assert answer.headers["location"] == f"https://localhost:{HTTPS_PORT}/hub/login?next=%2Fhub"


def test_certificate_chains_to_the_sites_own_authority_only(browser: httpx.Client) -> None:
    assert browser.get("/hub/login").status_code == httpx.codes.OK
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        httpx.get(f"https://localhost:{HTTPS_PORT}/hub/login", verify=ssl.create_default_context(), trust_env=False)


@pytest.mark.parametrize(("version", "accepted"), [(ssl.TLSVersion.TLSv1_1, False), (ssl.TLSVersion.TLSv1_2, True)])
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
def test_tls_below_1_2_is_refused(site: Deployment, version: ssl.TLSVersion, *, accepted: bool) -> None:
    context = ssl.create_default_context(cadata=site.output("ca_certificate_pem"))
    context.set_ciphers("DEFAULT@SECLEVEL=0")  # or our own side would refuse TLS 1.1
    context.minimum_version = context.maximum_version = version
    with socket.create_connection(("localhost", HTTPS_PORT)) as connection:
        if accepted:
            with context.wrap_socket(connection, server_hostname="localhost") as wrapped:
                assert wrapped.version() == "TLSv1.2"
        else:
            with pytest.raises(ssl.SSLError, match="alert protocol version"):
                context.wrap_socket(connection, server_hostname="localhost")


def test_security_headers_are_on_every_answer(browser: httpx.Client) -> None:
    for path in ("/hub/login", "/user/nobody/lab"):
        headers = browser.get(path).headers
        assert headers["strict-transport-security"] == "max-age=31536000"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert "server" not in headers, "which software answers is nobody's business"


def test_neither_dashboard_nor_api_of_traefik_is_reachable(site: Deployment, browser: httpx.Client) -> None:
    for path in ("/dashboard/", "/api/rawdata", "/api/http/routers"):
        answer = browser.get(path, follow_redirects=True)
        # The hub answers: it has no such page, or asks to log in first.
        assert "x-jupyterhub-version" in answer.headers, path
    published = site.container("proxy").attrs["NetworkSettings"]["Ports"]
    assert {binding["HostPort"] for bindings in published.values() if bindings for binding in bindings} == {
        str(HTTPS_PORT),
        str(HTTP_PORT),
    }


_ECHO = """
import http.server
class Echo(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
        self.wfile.write(("echo " + self.path + " " + self.headers["X-Forwarded-Proto"]).encode())
http.server.HTTPServer(("", 3000), Echo).serve_forever()
"""


def test_another_container_joins_the_front_door_without_a_restart(site: Deployment, browser: httpx.Client) -> None:
    started = site.container("proxy").attrs["State"]["StartedAt"]
    service = site.engine.containers.run(
        site.output("images")["hub"],
        ["python", "-c", _ECHO],
        name=f"{site.prefix}-echo",
        labels={"jupyterhub.stack": site.prefix, "jupyterhub.role": "test"},
        network=site.output("networks")["services"],
        detach=True,
    )
    try:
        target = f"http://{service.name}:3000"
        services = {
            "by-path": {"path": "/echo", "target": target},
            "stripped": {"path": "/plain", "strip_path": True, "target": target},
            "by-host": {"host": "echo.localhost", "target": target},
        }
        site.configure(**SETTINGS, services=services)
        site.up()
        wait_until(lambda: browser.get("/echo/x").text == "echo /echo/x https", "the route by path")
        assert browser.get("/plain/x").text == "echo /x https"
        assert browser.get("/echo-other").headers.get("x-jupyterhub-version"), "a longer name is another path"
        assert browser.get("/user/x/", headers={"Host": "echo.localhost"}).text == "echo /user/x/ https"
        assert _certificate_names(site) == {"localhost", "echo.localhost"}
        assert site.container("proxy").attrs["State"]["StartedAt"] == started, "Traefik was restarted"
    finally:
        service.remove(force=True)
        site.configure(**SETTINGS)
        site.up()
    wait_until(lambda: browser.get("/echo/x").headers.get("x-jupyterhub-version") is not None, "the route's end")


def _certificate_names(site: Deployment) -> set[str]:
    context = ssl.create_default_context(cadata=site.output("ca_certificate_pem"))
    with (
        socket.create_connection(("localhost", HTTPS_PORT)) as connection,
        context.wrap_socket(connection, server_hostname="localhost") as tls,
    ):
        certificate = tls.getpeercert()
    assert certificate is not None
    names = [tuple(entry) for entry in certificate["subjectAltName"]]
    return {str(entry[1]) for entry in names if entry[0] == "DNS"}


def test_an_upload_slower_than_traefiks_usual_time_out_arrives_whole(student: Callable[[str], Person]) -> None:
    uploader = student("uploader")

    def slowly() -> Iterator[bytes]:
        yield b'{"type": "file", "format": "text", "content": "'
        for _ in range(66):
            time.sleep(1)
            yield b"x" * 1024
        yield b'"}'

    answer = uploader.server_api("PUT", "/contents/slow.txt", content=slowly())
    assert answer.status_code == httpx.codes.CREATED, answer.text
    assert len(uploader.read_file("slow.txt")) == 66 * 1024
