"""One world for all tests of the firewall; each finds it as Docker leaves a host."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from images.firewall.runtime import FirewallRuntime
from tests.integration.firewall.container import Firewall
from tests.integration.firewall.world import World
from tests.integration.images.conftest import engine, image, references  # noqa: F401 - finds the image of the site

# The world's own; what the firewall needs is in its image.
_PROGRAMS = ["ip", "iptables-nft", "iptables-legacy", "sysctl"]
_EGRESS: dict[str, dict[str, Any]] = {
    "open": {},
    "internet": {
        "exceptions": [{"to": "10.77.0.0/24", "protocol": "tcp", "port": 5432}],
        "resolvers": ["10.99.0.53"],
    },
    "blocked": {},
    "allowlist": {"proxy": "10.213.64.30", "proxy_port": 3128},
}


@pytest.fixture(scope="session")
def _whole_world(request: pytest.FixtureRequest) -> Iterator[World]:
    missing = [program for program in _PROGRAMS if not shutil.which(program)]
    reason = f"this machine has no {', '.join(missing)}" if missing else "network namespaces are for root alone"
    if missing or os.geteuid() != 0:
        # In CI a test that is left out would look like one that passed.
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    # No site is deployed for tests that are skipped.
    with World(request.getfixturevalue("image")("firewall")) as world:
        yield world


@pytest.fixture
def world(_whole_world: World) -> World:
    """Everybody, with a host as Docker leaves it."""
    _whole_world.reset()
    return _whole_world


@pytest.fixture
def firewall(world: World, tmp_path: Path) -> Iterator[Callable[..., Firewall]]:
    """Make a firewall for a mode; whichever runs is ended after the test."""
    made: list[Firewall] = []

    def make(mode: str = "internet", **changes: object) -> Firewall:
        folder = tmp_path / str(len(made))
        folder.mkdir()
        assert world.container is not None
        made.append(Firewall(world.image, world.container, runtime(mode, **changes), folder))
        return made[-1]

    yield make
    for each in made:
        each.remove()


def runtime(mode: str, **changes: object) -> FirewallRuntime:
    """What the firewall is told in a mode."""
    plain = {
        "bridge": "jh-fwt-user",
        "subnet": "10.213.64.0/20",
        "user_range": "10.213.72.0/21",
        "hub": "10.213.64.10",
        "proxy": "10.213.64.20",
        "hub_port": 8081,
        "user_port": 8888,
        "egress": {"mode": mode, **_EGRESS[mode]},
    }
    return FirewallRuntime.model_validate({**plain, **changes})
