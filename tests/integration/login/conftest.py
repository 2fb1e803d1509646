"""One site that logs people in in one way after another, each against a real server."""

import shutil
from collections.abc import Generator, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.integration.deployment import Deployment, copy_checkout
from tests.integration.login import results
from tests.integration.login.log_ins import LOG_INS, OAUTH_PORT, PEOPLE, LogIn
from tests.integration.peer import Peer, bridge_address
from tests.integration.person import Person

PROVIDERS = Path(__file__).parent / "providers"
SETTINGS: dict[str, Any] = {
    "site": {"domain": "localhost", "https_port": 18463, "http_port": 18091, "bind_address": "127.0.0.1"},
    "tls": {"kind": "self_signed"},
    "notebooks": {"limits": {"memory": "768M", "pids": 256}},
    "network": {"subnet": "10.215.0.0/22", "control_subnet": "10.215.16.0/28"},
}
# The hub asks again at each request, where it would wait five minutes; and Google is here.
SITE_FILE = """
c.Authenticator.auth_refresh_age = 1
c.GoogleOAuthenticator.authorize_url = "https://{server}/o/oauth2/v2/auth"
c.GoogleOAuthenticator.google_api_url = "https://{server}"
"""


_OUTCOMES = pytest.StashKey[Mapping[tuple[str, str], str]]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note what became of each case."""
    report = yield
    if isinstance(item, pytest.Function) and item.originalname in results.CASES and "site" in item.callspec.params:
        outcomes = item.config.stash.get(_OUTCOMES, {})
        log_in = item.callspec.params["site"]
        assert isinstance(log_in, LogIn)
        key = (log_in.kind, item.originalname)
        if report.when == "call" or report.outcome != "passed":
            item.config.stash[_OUTCOMES] = {**outcomes, key: report.outcome}
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write it down for the documentation's table."""
    results.add(session.config.stash.get(_OUTCOMES, {}))


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """Who signs the log-in servers' certificates; nobody trusts it by themselves."""
    return trustme.CA()


@pytest.fixture(scope="session")
def login_site(tmp_path_factory: pytest.TempPathFactory, authority: trustme.CA) -> Iterator[Deployment]:
    """A checkout in which a site can be deployed that trusts these servers; nothing is deployed yet."""
    folder = copy_checkout(tmp_path_factory.mktemp("login"))
    deployment = Deployment(folder, tmp_path_factory.mktemp("login-backend"), "login")
    deployment.remove_everything()
    server = f"{bridge_address(deployment.engine)}:{OAUTH_PORT}"
    (folder / "images/hub/jupyterhub_config.d/tests.py").write_text(SITE_FILE.format(server=server))
    shutil.copy2(Path(__file__).with_name("mine.py"), folder / "images/hub/mine.py")
    (folder / "authority.pem").write_bytes(authority.cert_pem.bytes())
    try:
        yield deployment
    finally:
        deployment.hubctl("purge", "--yes", check=False)
        deployment.remove_everything()


class Site:
    """The site with one kind of log-in, and the server that checks it."""

    def __init__(self, deployment: Deployment, log_in: LogIn, peer: Peer | None, authority: trustme.CA) -> None:
        self.deployment = deployment
        self.log_in = log_in
        self.peer = peer
        self.url = f"https://localhost:{SETTINGS['site']['https_port']}/"
        self._authority = authority.cert_pem.bytes().decode()

    def up(self, access: dict[str, Any]) -> None:
        """Deploy it with these rules."""
        address = bridge_address(self.deployment.engine)
        auth = {"kind": self.log_in.kind, **self.log_in.auth(address)}
        if self.peer:
            auth["ca_file"] = str(self.deployment.folder / "authority.pem")
        self.deployment.configure(**SETTINGS, auth=auth, access=access)
        if self.log_in.secret:
            self.deployment.pulumi("config", "set", "--secret", *self.log_in.secret)
        self.deployment.up()

    def person(self, name: str) -> Person:
        """Somebody at a browser of their own, who trusts the site and the log-in server."""
        authorities = self.deployment.output("ca_certificate_pem") + self._authority
        return Person(self.log_in.name_of(name), self.url, authorities)


@pytest.fixture(scope="module", params=LOG_INS.values(), ids=list(LOG_INS))
def site(request: pytest.FixtureRequest, login_site: Deployment, authority: trustme.CA) -> Iterator[Site]:
    """The site with this kind of log-in, for members of a group where there are groups."""
    log_in: LogIn = request.param
    url = f"https://localhost:{SETTINGS['site']['https_port']}/"
    environment = log_in.environment(bridge_address(login_site.engine), url)
    with ExitStack() as stack:
        peer = None
        if log_in.provider:
            peer = stack.enter_context(
                Peer(login_site.engine, PROVIDERS / log_in.provider, authority, environment, log_in.port, log_in.alias)
            )
            log_in.tell(peer, PEOPLE)
        made = Site(login_site, log_in, peer, authority)
        made.up(log_in.access("alice", "bob"))
        if peer:
            peer.join(f"{login_site.prefix}-control")
        log_in.prepare(made.person, login_site.output("admin_password"), PEOPLE)
        yield made


@pytest.fixture(scope="module")
def alice(site: Site) -> Iterator[Person]:
    """Somebody who has logged in and whose server runs."""
    with site.person("alice") as person:
        site.log_in.log_in(person, "alice", PEOPLE["alice"]["password"])
        person.start_server()
        yield person
        if person.is_logged_in() and person.server():
            person.stop_server()
