"""A user's server: what runs in it, what it may use, what stays when it stops."""

import json
from collections.abc import Callable

import httpx
import pytest

from tests.integration.conftest import SETTINGS
from tests.integration.deployment import Deployment
from tests.integration.person import Person


@pytest.fixture
def alice(student: Callable[[str], Person]) -> Person:
    return student("alice")


def test_jupyterlab_is_the_start_page_and_a_cell_computes(alice: Person) -> None:
    page = alice.http.get("/user/alice/")
    assert page.url.path == "/user/alice/lab"
    assert "jupyter-config-data" in page.text
    with alice.kernel() as kernel:
        assert kernel.run("6 * 7") == "42"


@pytest.mark.parametrize("name", ["o'neil+x@example.org", "j{0}rg müller", 'q"u\\o%te;,', "x`) || pathregexp(`.*"])
def test_any_name_gets_a_server_of_its_own_and_no_route_of_others(
    site: Deployment, student: Callable[[str], Person], person: Callable[[str], Person], name: str
) -> None:
    server = student(name)
    server.write_file("whose.txt", name)
    assert server.read_file("whose.txt") == name
    containers = site.engine.containers.list(filters={"label": f"jupyterhub.user={name}"})
    assert len(containers) == 1, "the container says whose it is"
    assert person("alice").http.get("/hub/login").headers["x-jupyterhub-version"], "the hub's pages stay the hub's"


def test_the_limits_are_in_force_inside(alice: Person) -> None:
    with alice.kernel() as kernel:
        found = json.loads(kernel.run(_READ_LIMITS))
    assert found == {
        "memory": 768 * 2**20,
        "memory_and_swap": 768 * 2**20,
        "cpu": 1.5,
        "pids": 256,
        "capabilities": 0,
        "no_new_privileges": 1,
        "user": 1000,
    }


# Both versions of Linux control groups: Docker uses whichever the host has.
_READ_LIMITS = """
import json, os, re
from pathlib import Path
def read(*names):
    paths = [Path("/sys/fs/cgroup", name) for name in names]
    return next(path.read_text().strip() for path in paths if path.exists())
status = dict(re.findall(r"^(\\w+):\\s*(\\S+)", Path("/proc/self/status").read_text(), re.M))
memory = int(read("memory.max", "memory/memory.limit_in_bytes"))
if Path("/sys/fs/cgroup/memory.max").exists():
    swap, (quota, period) = int(read("memory.swap.max")) + memory, read("cpu.max").split()
else:
    swap = int(read("memory/memory.memsw.limit_in_bytes"))
    quota, period = read("cpu/cpu.cfs_quota_us"), read("cpu/cpu.cfs_period_us")
print(json.dumps({
    "memory": memory, "memory_and_swap": swap, "cpu": int(quota) / int(period),
    "pids": int(read("pids.max", "pids/pids.max")),
    "capabilities": int(status["CapBnd"], 16), "no_new_privileges": int(status["NoNewPrivs"]), "user": os.getuid(),
}))
"""


def test_memory_beyond_the_limit_ends_the_kernel_and_not_the_server(alice: Person) -> None:
    with alice.kernel() as kernel:
        kernel.send("x = bytearray(2 * 2**30); x[::4096] = b'1' * len(x[::4096])")
        dead = any(
            json.loads(kernel.socket.recv(timeout=60))["content"].get("execution_state") == "restarting"
            for _ in range(50)
        )
    assert dead
    assert alice.server_api("GET", "/status").status_code == httpx.codes.OK


def test_environment_of_the_site_reaches_the_notebook_and_secrets_of_the_hub_do_not(
    site: Deployment, alice: Person
) -> None:
    with alice.kernel() as kernel:
        environment = json.loads(kernel.run("import json, os; print(json.dumps(dict(os.environ)))"))
    assert environment["COURSE"] == SETTINGS["notebooks"]["environment"]["COURSE"]
    hub = dict(line.split("=", 1) for line in site.container("hub").attrs["Config"]["Env"])
    secrets = [hub[name] for name in hub if name.startswith(("HUB_", "JPY_", "JUPYTERHUB_CRYPT"))]
    assert len(secrets) == 5
    assert not set(secrets) & set(environment.values())


def test_files_survive_a_stop_and_what_pip_installed_does_too(alice: Person) -> None:
    alice.write_file("kept.txt", "still here")
    with alice.kernel() as kernel:
        # A package that would keep the server from starting, were the server to import it.
        kernel.run(_INSTALL_AT_HOME)
    alice.stop_server()
    alice.start_server()
    assert alice.read_file("kept.txt") == "still here"
    with alice.kernel() as kernel:
        assert kernel.run("import installed_at_home; installed_at_home.answer") == "42"


_INSTALL_AT_HOME = """
import pathlib, site
home = pathlib.Path(site.getusersitepackages())
home.mkdir(parents=True, exist_ok=True)
(home / "installed_at_home.py").write_text("answer = 42")
(home / "jupyterlab.py").write_text("raise RuntimeError")
"""


def test_the_waiting_user_is_told_each_step(site: Deployment, person: Callable[[str], Person]) -> None:
    bob = person("bob").log_in(site.output("user_password"))
    bob.hub_api("POST", "/users/bob/server").raise_for_status()
    events = bob.http.get("/hub/api/users/bob/server/progress", headers={"Referer": bob.url}).text
    messages = [
        json.loads(line.removeprefix("data:"))["message"] for line in events.splitlines() if line.startswith("data:")
    ]
    assert "Server ready at" in messages[-1]
    bob.stop_server()
    with site.no_docker_for_the_hub():  # a server starts faster than the page that tells of it is opened
        bob.http.post("/hub/spawn/bob", data={"_xsrf": bob.xsrf("/hub/")}, follow_redirects=False)
    events = bob.http.get("/hub/api/users/bob/server/progress", headers={"Referer": bob.url}).text
    assert "Waiting for JupyterLab to answer" in events


def test_container_and_volume_say_whose_they_are_and_logs_are_limited(site: Deployment, alice: Person) -> None:
    container = site.container("user-alice")
    labels = container.labels
    assert labels["jupyterhub.stack"] == site.prefix
    assert labels["jupyterhub.user"] == alice.name
    assert labels["jupyterhub.image"] == site.output("images")["notebook"]
    assert len(labels["jupyterhub.settings"]) == 16
    assert container.attrs["HostConfig"]["LogConfig"]["Config"] == {"max-size": "10m", "max-file": "3"}
    volume = site.engine.volumes.get(f"{site.prefix}-home-alice")
    assert volume.attrs["Labels"] == {"jupyterhub.stack": site.prefix, "jupyterhub.user": "alice"}
