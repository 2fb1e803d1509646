"""What nobody uses is stopped, and what computes is not."""

import time
from collections.abc import Callable, Iterator

import pytest
from docker.errors import NotFound

from tests.integration.conftest import SETTINGS
from tests.integration.deployment import Deployment
from tests.integration.person import Person, wait_until

_SERVER_TIMEOUT = 60


@pytest.fixture(scope="module")
def impatient(site: Deployment) -> Iterator[Deployment]:
    idle = {"server_timeout": f"{_SERVER_TIMEOUT}s", "check_every": "5s", "kernel_timeout": "20s"}
    site.configure(**{**SETTINGS, "idle": idle})
    site.up()
    yield site
    site.configure(**SETTINGS)
    site.up()


def test_an_idle_server_and_an_idle_kernel_are_stopped_and_busy_ones_are_not(
    impatient: Deployment, student: Callable[[str], Person]
) -> None:
    student("idle")
    busy = student("busy")
    kernels = [busy.server_api("POST", "/kernels", json={"name": "python3"}).json()["id"]]
    with busy.kernel(keep=True) as kernel:
        kernels.append(kernel.kernel_id)
        # It prints nothing: without messages a server looks idle to everything but the kernel itself.
        kernel.send("import time; time.sleep(1000)")
        kernel.wait_until_busy()
    last_request = time.monotonic()

    # Docker is asked, not the hub: a question to a server is activity.
    wait_until(lambda: not _runs(impatient, "idle"), "the end of the idle server", 180)
    time.sleep(max(0, last_request + 1.5 * _SERVER_TIMEOUT - time.monotonic()))

    assert _runs(impatient, "busy"), "a silent computation was stopped in the middle"
    left = [model["id"] for model in busy.server_api("GET", "/kernels").json()]
    assert left == [kernels[1]], "the kernel that computes stays, the other one is gone"


def _runs(site: Deployment, name: str) -> bool:
    try:
        return bool(site.container(f"user-{name}").status == "running")
    except NotFound:
        return False
