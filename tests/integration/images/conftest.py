"""One image alone, of the deployed site or, with `--stack`, of a stack of which it may be all there is."""

import json
import subprocess
from collections.abc import Callable, Iterator

import docker
import pytest

from tests.integration.deployment import CHECKOUT
from tests.integration.images.authorities import files_with_any, unusual_authorities, usual_authorities
from tests.integration.images.image import Image

_SIZES = pytest.StashKey[dict[str, int]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let `make image` name the stack whose image it has just built."""
    parser.addoption(
        "--stack", help="test the images of this stack, which may not be deployed, instead of a new site's"
    )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say how large the images are."""
    for reference, size in config.stash.get(_SIZES, {}).items():
        terminalreporter.write_line(f"{reference} has {size / 1e6:.0f} MB")


@pytest.fixture(scope="session")
def engine() -> Iterator[docker.DockerClient]:
    client = docker.DockerClient()
    yield client
    client.close()


@pytest.fixture(scope="session")
def references(request: pytest.FixtureRequest) -> dict[str, str]:
    """Name and tag of each image of the stack, whether or not it has been built."""
    # Unknown to pytest where this folder is not named on the command line.
    stack = request.config.getoption("--stack", default=None)
    if stack is None:
        references: dict[str, str] = request.getfixturevalue("site").output("images")
        return references
    command = ["pulumi", "stack", "output", "--json", "images", "--stack", stack]
    answer = subprocess.run(command, cwd=CHECKOUT, check=False, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr
    return dict(json.loads(answer.stdout))


@pytest.fixture(scope="session")
def image(
    request: pytest.FixtureRequest, engine: docker.DockerClient, references: dict[str, str]
) -> Callable[[str], Image]:
    """Find an image of the stack by the name of its folder."""
    sizes = request.config.stash.setdefault(_SIZES, {})

    def find(name: str) -> Image:
        found = Image(engine=engine, reference=references[name])
        sizes[found.reference] = found.content.attrs["Size"]
        return found

    return find


@pytest.fixture(scope="session")
def assert_no_authority_left() -> Callable[[Image], None]:
    """Check that what an image's build trusted did not stay in it."""

    def check(image: Image) -> None:
        usual, unusual = usual_authorities(image), unusual_authorities(image)
        if not unusual:
            pytest.skip("builds on this machine trust no more than the usual authorities")
        assert files_with_any(image, usual) or not usual, "what is there is found"
        assert files_with_any(image, unusual) == []
        history = str(image.content.history())
        assert not [line for line in unusual if line in history]

    return check
