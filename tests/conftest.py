"""What tests of several folders share: one deployed stack, which serves as many tests as it can, and its visitors."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import pytest
from docker.errors import DockerException

from tests.integration.conftest import SETTINGS
from tests.integration.deployment import Deployment, copy_checkout
from tests.integration.person import Person

_MARKS = {"integration": [pytest.mark.docker], "browser": [pytest.mark.docker, pytest.mark.browser]}


def pytest_configure() -> None:
    """Have interrupts end processes, also where these tests run in the background, for which a shell ignores them.

    Pulumi ends its plugins by one, and would wait 5 s for each command's (measured).
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark the tests that need Docker, and skip them where there is none, except in CI, where that is an error."""
    for item in items:
        folder = item.path.relative_to(Path(__file__).parent).parts[0]
        for mark in _MARKS.get(folder, []):
            item.add_marker(mark)
    mine = [item for item in items if item.get_closest_marker("docker")]
    reason = _docker_is_missing() if mine and not config.option.collectonly else None
    if reason and not os.environ.get("CI"):
        for item in mine:
            item.add_marker(pytest.mark.skip(reason=reason))


def _docker_is_missing() -> str | None:
    try:
        docker.DockerClient().ping()
    except DockerException as error:
        return f"no Docker engine answers: {error}"
    return None


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout that tests may change."""
    return copy_checkout(tmp_path_factory.mktemp("checkout"))


@pytest.fixture(scope="session")
def site(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """A deployed stack; whatever a test changed, it puts back."""
    deployment = Deployment(checkout, tmp_path_factory.mktemp("backend"), "test")
    deployment.remove_everything()  # of a run that was killed
    deployment.configure(**SETTINGS)
    try:
        deployment.up()
        yield deployment
    finally:
        deployment.hubctl("purge", "--yes", check=False)
        left_behind = deployment.left_behind()
        deployment.remove_everything()
    assert left_behind == [], "purge leaves nothing"


@pytest.fixture
def person(site: Deployment) -> Iterator[Callable[[str], Person]]:
    """Make a person by name who trusts the site's authority; their server is stopped after the test."""
    people: list[Person] = []

    def make(name: str) -> Person:
        people.append(Person(name, site.output("url"), site.output("ca_certificate_pem")))
        return people[-1]

    yield make
    for who in people:
        if who.is_logged_in() and who.server():
            who.stop_server()
        who.http.close()


@pytest.fixture
def student(site: Deployment, person: Callable[[str], Person]) -> Callable[[str], Person]:
    """Make a person by name who has logged in and whose server runs."""

    def make(name: str) -> Person:
        return person(name).log_in(site.output("user_password")).start_server()

    return make
