"""What a person sees, from typing the address to logging out. The screenshots are kept in `artifacts/browser`."""

import re

import pytest

from tests.browser.visit import Visit
from tests.integration.conftest import SETTINGS
from tests.integration.deployment import Deployment


def test_a_browser_that_does_not_know_the_sites_authority_warns(visit: Visit) -> None:
    assert "ERR_CERT_AUTHORITY_INVALID" in visit["stranger"]["error"]


def test_plain_http_leads_to_a_log_in_page_that_the_browser_trusts(visit: Visit, site: Deployment) -> None:
    assert visit["log-in page"]["url"].startswith(f"{site.output('url')}hub/login")


def test_the_log_in_page_has_the_sites_title(visit: Visit) -> None:
    assert visit["log-in page"]["title"] == SETTINGS["site"]["title"]


def test_a_wrong_password_is_answered_in_words(visit: Visit) -> None:
    message = "Invalid username or password"
    assert message not in visit["log-in page"]["text"]
    assert message in visit["wrong password"]["text"]


def test_who_waits_for_the_server_sees_how_far_it_is(visit: Visit) -> None:
    progress = visit["progress"]
    assert progress["message"] in {
        "Waiting for a place",
        "Looking for your files",
        "Creating your server's container",
        "Starting the container",
        "Waiting for JupyterLab to answer",
    }


def test_jupyterlab_opens_by_itself(visit: Visit) -> None:
    assert visit["JupyterLab"]["url"].partition("/user/")[2].partition("/")[2].startswith("lab")
    assert visit["JupyterLab"]["title"] == "JupyterLab"


def test_jupyterlab_does_not_begin_with_a_question(visit: Visit) -> None:
    assert visit["JupyterLab"]["messages"] == []


def test_a_cell_of_a_new_notebook_shows_its_result(visit: Visit) -> None:
    assert visit["cell"]["result"] == "42"


def test_the_control_panel_is_a_menu_item_away(visit: Visit, site: Deployment) -> None:
    assert visit["control panel"]["url"] == f"{site.output('url')}hub/home"


def test_the_server_stops_at_a_click(visit: Visit, site: Deployment) -> None:
    stopped = visit["stopped"]
    assert stopped["dialogs"] == []
    assert stopped["buttons"] == 1, "it can be started again"
    assert site.engine.containers.list(all=True, filters={"label": f"jupyterhub.user={visit.name}"}) == []


def test_who_has_logged_out_is_asked_to_log_in(visit: Visit, site: Deployment) -> None:
    for step in ("logged out", "came back"):
        assert visit[step]["url"].startswith(f"{site.output('url')}hub/login")


# While a kernel starts, JupyterLab's next look at the list of kernels can come too early for Jupyter Server, which does
# not know the kernel's state yet (list_kernels in jupyter_server/services/kernels/kernelmanager.py); it looks again.
_TOO_EARLY = re.compile(r"status of 500 .*/api/kernels\?\d+$")


def test_the_browser_reports_no_error_but_the_refused_password(visit: Visit) -> None:
    refused, *others = visit["console"]["errors"]
    assert re.search(r"status of 403 .*/hub/login", refused)
    assert [error for error in others if not _TOO_EARLY.search(error)] == []


@pytest.mark.parametrize("name", ["1-log-in", "3-progress", "5-cell"])
def test_a_screenshot_is_kept_of(visit: Visit, name: str) -> None:
    assert (visit.screenshots / f"{name}.png").read_bytes().startswith(b"\x89PNG")
