"""What an operator does to a running site, and what goes wrong: nothing is lost, and the next `up` repairs it."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from docker.models.containers import Container

from tests.integration.conftest import HTTPS_PORT, SETTINGS
from tests.integration.deployment import Deployment
from tests.integration.person import Kernel, Person, wait_until


@pytest.fixture
def alice(student: Callable[[str], Person]) -> Person:
    return student("alice")


@contextmanager
def settings_restored(site: Deployment) -> Iterator[None]:
    """Put the stack back as it was, whatever a test changed."""
    try:
        yield
    finally:
        site.configure(**SETTINGS)
        site.up()


def container_id(site: Deployment, part: str) -> str:
    container: Container = site.container(part)
    return str(container.id)


class Worker:
    """Runs one cell after the other over one websocket in the background, and remembers each that failed."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work)
        self.cells = 0
        self.failure: Exception | None = None

    def _work(self) -> None:
        try:
            while not self._stop.is_set():
                assert self._kernel.run("count += 1; count") == str(self.cells + 1)
                self.cells += 1
                time.sleep(0.05)
        except Exception as error:  # whatever it is, the test says so
            self.failure = error

    def __enter__(self) -> "Worker":
        self._kernel.run("count = 0")
        self._thread.start()
        wait_until(lambda: self.cells > 3 or self.failure is not None, "the first cells")
        return self

    def __exit__(self, *_: object) -> None:
        before = self.cells
        wait_until(lambda: self.cells > before + 3 or self.failure is not None, "cells at the end")
        self._stop.set()
        self._thread.join()
        assert self.failure is None, f"after {self.cells} cells: {self.failure!r}"


def test_a_second_preview_and_a_second_up_change_nothing(site: Deployment) -> None:
    assert site.preview() == []
    assert site.preview("--refresh") == []
    hub, proxy = container_id(site, "hub"), container_id(site, "proxy")
    site.up()
    assert (container_id(site, "hub"), container_id(site, "proxy")) == (hub, proxy)


def test_a_kernel_keeps_its_variables_and_its_websocket_while_the_hub_is_replaced(
    site: Deployment, alice: Person
) -> None:
    hub = container_id(site, "hub")
    with settings_restored(site), alice.kernel() as kernel, Worker(kernel):
        site.configure(**{**SETTINGS, "hub": {"concurrent_spawn_limit": 7}})
        site.up()
        assert container_id(site, "hub") != hub
        assert alice.is_logged_in(), "nobody has to log in again"
        assert alice.server_is_ready(), "the new hub knows the running server"


def test_files_log_ins_and_the_authority_survive_down_and_up(site: Deployment, alice: Person) -> None:
    alice.write_file("thesis.txt", "three years of work")
    authority = site.output("ca_certificate_pem")
    site.hubctl("down")
    kept = {f"{site.prefix}-{part}" for part in ("users", "hub-data", "acme")}
    homes = {name for name in site.left_behind() if f"{site.prefix}-home-" in name}
    assert set(site.left_behind()) == kept | homes, "down leaves the protected and the homes, and no user server"
    site.up()
    assert site.output("ca_certificate_pem") == authority
    assert alice.is_logged_in()
    alice.start_server()
    assert alice.read_file("thesis.txt") == "three years of work"


def test_a_new_image_is_used_at_the_next_start_and_not_before(site: Deployment, alice: Person) -> None:
    old = site.container("user-alice").labels["jupyterhub.image"]
    with settings_restored(site):
        site.configure(**{**SETTINGS, "notebooks": {"image": {"kind": "build", "pip_packages": ["cowsay==6.1"]}}})
        site.up()
        new = site.output("images")["notebook"]
        assert new != old
        assert site.container("user-alice").labels["jupyterhub.image"] == old, "a running server is left alone"
        alice.stop_server()
        alice.start_server()
        assert site.container("user-alice").labels["jupyterhub.image"] == new
        with alice.kernel() as kernel:
            assert "moo" in kernel.run("import cowsay; cowsay.cow('moo')")


@pytest.mark.parametrize(("part", "damage"), [("hub", "stop"), ("proxy", "remove")])
def test_a_container_removed_or_stopped_by_hand_is_reported_and_put_back(
    site: Deployment, alice: Person, part: str, damage: str
) -> None:
    container = site.container(part)
    if damage == "remove":
        container.remove(force=True)
    else:
        container.stop()
    changes = {step["urn"].rpartition("::")[2] for step in site.preview("--refresh")}
    assert changes == {part}, "the preview names what is missing and nothing else"
    site.pulumi("up", "--yes", "--skip-preview", "--refresh")
    wait_until(alice.server_is_ready, "the hub's return")
    with alice.kernel() as kernel:
        assert kernel.run("1 + 1") == "2", "the server that ran all the time is reachable again"


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("images/hub/Dockerfile", "FROM debian:trixie-slim\nRUN exit 42\n", "exit code: 42"),
        ("images/notebook/Dockerfile", "FROM debian:trixie-slim\nRUN exit 43\n", "exit code: 43"),
        ("images/hub/jupyterhub_config.d/10-site.py", "c.JupyterHub.no_such(", "10-site.py"),
    ],
    ids=["hub-build", "notebook-build", "syntax"],
)
def test_what_cannot_work_leaves_hub_and_kernels_running(
    site: Deployment, alice: Person, file: str, content: str, said: str
) -> None:
    path = site.folder / file
    before = path.read_text() if path.exists() else None
    hub = container_id(site, "hub")
    with alice.kernel() as kernel:
        try:
            path.write_text(content)
            with Worker(kernel):
                output = site.up(check=False)
        finally:
            path.unlink() if before is None else path.write_text(before)
        assert said in output
        assert "Traceback" not in output
        assert container_id(site, "hub") == hub
        assert alice.is_logged_in()
    site.up()
    assert site.preview() == []


def test_a_taken_port_leaves_hub_and_kernels_running_and_the_next_up_repairs_the_front_door(
    site: Deployment, alice: Person
) -> None:
    hub, user = container_id(site, "hub"), container_id(site, "user-alice")
    with socket.socket() as taken, settings_restored(site):
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        site.configure(**{**SETTINGS, "site": {**SETTINGS["site"], "http_port": taken.getsockname()[1]}})
        output = site.up(check=False)
        assert "address already in use" in output or "port is already allocated" in output
        assert (container_id(site, "hub"), container_id(site, "user-alice")) == (hub, user)
        assert site.container("hub").status == "running"
        taken.close()
        site.up()
        wait_until(alice.server_is_ready, "the front door's return")
    wait_until(alice.server_is_ready, "the front door's return to its port")


@pytest.mark.parametrize(
    "moment", ["Container hub creating", "Container hub deleting original", "RemoteImage hub-image"]
)
def test_an_up_that_is_killed_half_way_is_repaired_by_the_next(site: Deployment, alice: Person, moment: str) -> None:
    file = site.folder / "images/hub/jupyterhub_config.d/10-site.py"
    file.write_text(f"# {moment}\n")
    try:
        site.kill_up_when(moment)
        site.hubctl("up", "--yes")
        assert site.preview("--refresh") == []
        wait_until(alice.server_is_ready, "the hub's return")
    finally:
        file.unlink()
        site.up()


@pytest.mark.parametrize("delay", [0.0, 1.0])
def test_a_first_up_that_is_killed_is_completed_by_the_next(site: Deployment, alice: Person, delay: float) -> None:
    site.hubctl("down")
    site.kill_up_when("Container proxy creating", delay)
    site.hubctl("up", "--yes")
    assert site.preview("--refresh") == []
    assert alice.is_logged_in()


def test_a_published_image_of_another_jupyterhub_is_refused_with_both_versions_named(
    site: Deployment,
) -> None:
    # As if published: Docker finds it here and does not pull.
    reference = "jhub.invalid/published/notebook:hub-1.2.3"
    base = site.output("images")["notebook"]
    _image_with_version(site, base, reference, "1.2.3")
    hub = container_id(site, "hub")
    with settings_restored(site):
        site.configure(
            **{**SETTINGS, "notebooks": {"image": {"kind": "published", "reference": reference}}},
        )
        output = site.up(check=False)
        assert "has JupyterHub 1.2.3 and the hub 6.1.1" in output
        assert container_id(site, "hub") == hub
    site.engine.images.remove(reference)


def _image_with_version(site: Deployment, base: str, reference: str, version: str) -> None:
    line = f"__version__ = {version!r}"
    command = ["-c", f"import jupyterhub._version as v; open(v.__file__, 'a').write({line!r})"]
    container = site.engine.containers.run(
        base, command, entrypoint="python", user="0", detach=True, labels={"jupyterhub.stack": site.prefix}
    )
    try:
        assert container.wait()["StatusCode"] == 0, container.logs().decode()
        repository, _, tag = reference.rpartition(":")
        container.commit(repository=repository, tag=tag)
    finally:
        container.remove()


def test_the_front_door_serves_on_while_the_certificate_is_replaced(site: Deployment, alice: Person) -> None:
    proxy, serial = container_id(site, "proxy"), certificate_serial(site)
    with settings_restored(site), alice.kernel() as kernel, Worker(kernel):
        changed: dict[str, Any] = {**SETTINGS, "tls": {"kind": "self_signed", "validity_days": 100}}
        site.configure(**changed)
        site.up()
        assert container_id(site, "proxy") == proxy
        wait_until(lambda: certificate_serial(site) != serial, "the new certificate")


def certificate_serial(site: Deployment) -> str:
    context = ssl.create_default_context(cadata=site.output("ca_certificate_pem"))
    with (
        socket.create_connection(("localhost", HTTPS_PORT)) as connection,
        context.wrap_socket(connection, server_hostname="localhost") as tls,
    ):
        certificate = tls.getpeercert()
    assert certificate is not None
    return str(certificate["serialNumber"])
