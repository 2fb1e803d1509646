"""Each site deployed once, for all the rules that hold for it."""

from dataclasses import dataclass
from typing import Any

import pytest

from settings import Settings
from settings.problems import validate_settings
from tests.unit.program.deployments import SITES, STACK_FILES, deploy, site_settings
from tests.unit.recording import Recording


@dataclass(frozen=True)
class Site:
    """What an operator wrote, and what became of it."""

    stack: str
    written: dict[str, Any]
    settings: Settings
    deployed: Recording

    @property
    def prefix(self) -> str:
        return f"jupyterhub-{self.stack}"


@pytest.fixture(scope="session", params=SITES)
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Site:
    written = site_settings(request.param, tmp_path_factory.mktemp("site"))
    stack = STACK_FILES.get(request.param, "test")
    return Site(stack, written, validate_settings(written), deploy(written, stack=stack))


@pytest.fixture(scope="session")
def deployed(site: Site) -> Recording:
    return site.deployed
