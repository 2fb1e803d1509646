"""A person with a real browser visits the deployed site, once on the server itself and once from elsewhere."""

import os
from pathlib import Path

import pytest

from tests.browser.visit import Visit, build_visitor, visit_site
from tests.integration.conftest import HTTP_PORT
from tests.integration.deployment import CHECKOUT, Deployment


@pytest.fixture(scope="session")
def visitor_image(site: Deployment) -> str:
    return build_visitor(site.engine)


@pytest.fixture(scope="session", params=["elsewhere", "this-machine"])
def visit(request: pytest.FixtureRequest, site: Deployment, visitor_image: str) -> Visit:
    """One visit from start to end, about which each test asks one question."""
    artifacts = Path(os.environ.get("JUPYTERHUB_ARTIFACTS", CHECKOUT / "artifacts"))
    return visit_site(
        site,
        visitor_image,
        name=f"visitor-{request.param}",
        http_url=f"http://localhost:{HTTP_PORT}/",
        elsewhere=request.param == "elsewhere",
        screenshots=artifacts / "browser" / request.param,
    )
