"""A site without TLS of its own, behind a load balancer: let in are its requests alone, and believed."""

from collections.abc import Iterator

import httpx
import pytest

from tests.integration.certificates.conftest import HTTP_PORT, SETTINGS
from tests.integration.deployment import Deployment

URL = f"http://127.0.0.1:{HTTP_PORT}"
FORWARDED = {
    "Host": "hub.example.org",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-For": "203.0.113.9",
    "X-Real-Ip": "203.0.113.9",
    "X-Forwarded-Host": "hub.example.org",
}
_ASK = """
import http.client
proxy = http.client.HTTPConnection("proxy", 8443, timeout=5)
proxy.request("GET", "/hub/login", headers={"X-Forwarded-For": "192.0.2.5"})
print(proxy.getresponse().status)
"""


@pytest.fixture(scope="module")
def site(certified: Deployment) -> Deployment:
    tls = {"kind": "off", "trusted_proxies": ["192.0.2.5"]}
    site = {**SETTINGS["site"], "https_port": 443}
    certified.configure(**{**SETTINGS, "site": site, "auth": {"kind": "shared_password"}}, tls=tls)
    certified.up()
    return certified


@pytest.fixture
def balancer(site: Deployment) -> Iterator[httpx.Client]:  # noqa: ARG001 - of that site
    """What the load balancer sends for a browser."""
    with httpx.Client(base_url=URL, headers=FORWARDED, trust_env=False) as client:
        yield client


def test_people_log_in_and_every_cookie_is_for_https_only(site: Deployment, balancer: httpx.Client) -> None:
    assert site.output("url") == "https://hub.example.org/"
    page = balancer.get("/hub/login")
    assert page.status_code == httpx.codes.OK
    cookies = page.headers.get_list("Set-Cookie")
    xsrf = next(cookie.partition(";")[0] for cookie in cookies if cookie.startswith("_xsrf="))
    form = {"username": "alice", "password": site.output("user_password"), "_xsrf": xsrf.partition("=")[2]}
    answer = balancer.post("/hub/login", data=form, headers={"Cookie": xsrf})
    assert answer.status_code == httpx.codes.FOUND
    assert answer.headers["Location"].startswith("/hub/")
    set_cookies = [*cookies, *answer.headers.get_list("Set-Cookie")]
    assert len(set_cookies) > 2
    assert [cookie for cookie in set_cookies if "; Secure" not in cookie] == []


def test_the_hub_knows_who_asks(site: Deployment, balancer: httpx.Client) -> None:
    balancer.get("/hub/login?from=the-balancer")
    line = next(line for line in site.container("hub").logs(tail=50).decode().splitlines() if "the-balancer" in line)
    assert "@203.0.113.9" in line


def test_nobody_else_is_let_in(site: Deployment) -> None:
    output = site.engine.containers.run(
        site.output("images")["hub"],
        ["python", "-c", _ASK],
        network=f"{site.prefix}-services",
        labels={"jupyterhub.stack": site.prefix, "jupyterhub.role": "test"},
        remove=True,
    )
    assert output.decode().strip() == "403"


def test_one_port_is_published(site: Deployment) -> None:
    published = site.container("proxy").attrs["HostConfig"]["PortBindings"]
    assert [binding["HostPort"] for bindings in published.values() for binding in bindings] == [str(HTTP_PORT)]
