"""From inside the hub: what somebody who has taken it over reaches, and what they can make of Docker."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.integration.deployment import Deployment
from tests.integration.isolation.conftest import read
from tests.integration.isolation.probe import reach
from tests.integration.isolation.world import PORT
from tests.integration.person import Person

# Runs in the hub, as the hub: calls of Docker's API, one after another; the status and text of each answer.
_CALLS = """
import http.client, json, socket, sys
class Connection(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect("/run/docker-api/docker.sock")
answers = []
for method, path, body in json.loads(sys.argv[1]):
    connection = Connection("docker", timeout=60)
    connection.request(method, path, body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    answers.append([answer.status, answer.read().decode()])
print(json.dumps(answers))
"""
Call = tuple[str, str, str]


def in_the_hub(site: Deployment, script: str, argument: str) -> str:
    """What a script prints that runs in the hub, as the hub."""
    code, output = site.container("hub").exec_run(["python", "-c", script, argument])
    assert isinstance(output, bytes)
    assert code == 0, output.decode()
    return output.decode()


def call(site: Deployment, *calls: Call) -> list[tuple[int, str]]:
    return [(status, text) for status, text in json.loads(in_the_hub(site, _CALLS, json.dumps(calls)))]


@pytest.fixture(scope="module")
def body(internet: Deployment) -> dict[str, Any]:
    """What the hub asks of Docker for a user's server."""
    image = internet.output("images")["notebook"]
    prefix = internet.prefix
    return {
        "Image": image,
        "Cmd": ["sleep", "60"],
        "Env": [],
        "Labels": {"jupyterhub.stack": prefix, "jupyterhub.role": "user-server", "jupyterhub.user": "mallory"},
        "Volumes": {"/home/jovyan": {}},
        "ExposedPorts": {"8888/tcp": {}},
        "Healthcheck": {"Test": ["NONE"]},
        "HostConfig": {
            "Memory": 2**29,
            "MemorySwap": 2**29,
            "CpuPeriod": 100000,
            "CpuQuota": 100000,
            "PidsLimit": 256,
            "NetworkMode": f"{prefix}-users",
            "Binds": [f"{prefix}-home-mallory:/home/jovyan:rw"],
            "CapDrop": ["ALL"],
            "SecurityOpt": ["no-new-privileges"],
            "LogConfig": {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "3"}},
            "AutoRemove": True,
            "Init": True,
            "Dns": ["10.99.7.53"],
        },
    }


def test_what_the_hub_needs_is_let_through(internet: Deployment, body: dict[str, Any]) -> None:
    name = f"{internet.prefix}-user-mallory"
    create = ("POST", f"/v1.41/containers/create?name={name}", json.dumps(body))
    labels = {"jupyterhub.stack": internet.prefix, "jupyterhub.user": "mallory"}
    home = {"Name": f"{internet.prefix}-home-mallory", "Driver": "local", "Labels": labels}
    made, created = call(internet, ("POST", "/v1.41/volumes/create", json.dumps(home)), create)
    assert [made[0], created[0]] == [200, 200], (made, created)
    identifier = json.loads(created[1])["Id"]
    answers = call(
        internet,
        ("POST", f"/v1.41/containers/{identifier}/start", ""),
        ("GET", f"/v1.41/containers/{name}/json", ""),
        ("POST", f"/v1.41/containers/{identifier}/stop?t=1", ""),
    )
    assert [status < 300 for status, _ in answers] == [True] * 3
    call(internet, ("DELETE", f"/v1.41/containers/{identifier}?v=True&link=False&force=True", ""))


HOST = "HostConfig"
# One change each of what is let through.
CREATIONS: dict[str, Callable[[dict[str, Any]], object]] = {
    "privileged": lambda body: body[HOST].update(Privileged=True),
    "privileged, in other letters": lambda body: body[HOST].update(privileged=True),
    "a second host configuration, in other letters": lambda body: body.update(hostconfig={"Privileged": True}),
    "the server's disk": lambda body: body[HOST].update(Binds=["/:/home/jovyan:rw"]),
    "the engine's socket": lambda body: body[HOST].update(Binds=["/var/run/docker.sock:/home/jovyan:rw"]),
    "the server's disk beside the home": lambda body: body[HOST]["Binds"].append("/:/host:rw"),
    "the server's disk as a mount": lambda body: body[HOST].update(
        Mounts=[{"Type": "bind", "Source": "/", "Target": "/host"}]
    ),
    "the hub's data": lambda body: body[HOST].update(Binds=["jupyterhub-fenced-hub-data:/home/jovyan:rw"]),
    "the volumes of the hub": lambda body: body[HOST].update(VolumesFrom=["jupyterhub-fenced-hub"]),
    "the server's network": lambda body: body[HOST].update(NetworkMode="host"),
    "the proxy's network": lambda body: body[HOST].update(NetworkMode="container:jupyterhub-fenced-proxy"),
    "Docker's own bridge": lambda body: body[HOST].update(NetworkMode="bridge"),
    "the server's processes": lambda body: body[HOST].update(PidMode="host"),
    "a capability": lambda body: body[HOST].update(CapAdd=["SYS_ADMIN"]),
    "all capabilities kept": lambda body: body[HOST].update(CapDrop=[]),
    "a device": lambda body: body[HOST].update(Devices=[{"PathOnHost": "/dev/vda", "PathInContainer": "/dev/vda"}]),
    "no seccomp": lambda body: body[HOST].update(SecurityOpt=["no-new-privileges", "seccomp=unconfined"]),
    "another image": lambda body: body.update(Image="debian:trixie-slim"),
    "root": lambda body: body.update(User="0"),
    "more memory": lambda body: body[HOST].update(Memory=2**40, MemorySwap=2**40),
    "no limit of processes": lambda body: body[HOST].update(PidsLimit=-1),
    "a published port": lambda body: body[HOST].update(PortBindings={"8888/tcp": [{"HostPort": "9999"}]}),
    "somebody else's label": lambda body: body["Labels"].update({"jupyterhub.stack": "jupyterhub-dev"}),
    "the hub's label": lambda body: body["Labels"].update({"jupyterhub.role": "hub"}),
    "a log that is sent away": lambda body: body[HOST].update(LogConfig={"Type": "syslog", "Config": {}}),
    "another name server": lambda body: body[HOST].update(Dns=["8.8.8.8"]),
}


@pytest.mark.parametrize("change", CREATIONS)
def test_a_container_with_more_is_refused(internet: Deployment, body: dict[str, Any], change: str) -> None:
    changed = json.loads(json.dumps(body))
    CREATIONS[change](changed)
    name = f"{internet.prefix}-user-mallory"
    ((status, text),) = call(internet, ("POST", f"/v1.41/containers/create?name={name}", json.dumps(changed)))
    assert status == 403
    assert "refused by this site's socket proxy: " in text
    assert not internet.engine.containers.list(all=True, filters={"name": name})


CALLS: dict[str, tuple[str, str, str, int]] = {
    "a name that is not a user's": ("POST", "/v1.41/containers/create?name=jupyterhub-fenced-hub2", "{}", 403),
    "look at the proxy": ("GET", "/v1.41/containers/jupyterhub-fenced-proxy/json", "", 404),
    "look at the socket proxy": ("GET", "/v1.41/containers/jupyterhub-fenced-socket-proxy/json", "", 404),
    "stop the firewall": ("POST", "/v1.41/containers/jupyterhub-fenced-firewall/stop?t=1", "", 404),
    "remove the proxy": ("DELETE", "/v1.41/containers/jupyterhub-fenced-proxy?force=1", "", 404),
    "run something in the proxy": (
        "POST",
        "/v1.41/containers/jupyterhub-fenced-proxy/exec",
        '{"Cmd": ["id"]}',
        403,
    ),
    "read the proxy's log": ("GET", "/v1.41/containers/jupyterhub-fenced-proxy/logs?stdout=1", "", 403),
    "read a file of the proxy": ("GET", "/v1.41/containers/jupyterhub-fenced-proxy/archive?path=/", "", 403),
    "list containers": ("GET", "/v1.41/containers/json?all=1", "", 403),
    "list volumes": ("GET", "/v1.41/volumes", "", 403),
    "look at the engine": ("GET", "/v1.41/info", "", 403),
    "build": ("POST", "/v1.41/build", "", 403),
    "pull": ("POST", "/v1.41/images/create?fromImage=debian", "", 403),
    "make a network": ("POST", "/v1.41/networks/create", '{"Name": "x"}', 403),
    "become a manager": ("POST", "/v1.41/swarm/init", "{}", 403),
    "install a plugin": ("POST", "/v1.41/plugins/pull?remote=x", "[]", 403),
    "the server's disk as a volume": (
        "POST",
        "/v1.41/volumes/create",
        '{"Name": "jupyterhub-fenced-home-x", "Driver": "local", "DriverOpts": {"type": "none", "o": "bind", '
        '"device": "/"}, "Labels": {"jupyterhub.stack": "jupyterhub-fenced"}}',
        403,
    ),
    "a path that climbs": ("GET", "/v1.41/containers/../../v1.41/info", "", 403),
    "a path in escapes": ("GET", "/v1.41/containers/jupyterhub-fenced-user-x%2f..%2f..%2finfo/json", "", 403),
}


@pytest.mark.parametrize("attempt", CALLS)
def test_nothing_else_of_docker_is_within_reach(internet: Deployment, attempt: str) -> None:
    method, path, body, refused = CALLS[attempt]
    running = internet.container("proxy").id
    ((status, text),) = call(internet, (method, path, body))
    assert status == refused, text
    assert internet.container("proxy").id == running
    assert internet.container("firewall").status == "running"


@pytest.mark.parametrize(
    ("header", "statuses"),
    [("", ["200", "404"]), ("Content-Length: 0\r\nTransfer-Encoding: chunked\r\n", ["400"])],
    ids=["each is judged for itself", "two lengths"],
)
def test_a_second_request_does_not_come_along_with_a_good_one(
    internet: Deployment, header: str, statuses: list[str]
) -> None:
    good = f"GET /_ping HTTP/1.1\r\nHost: docker\r\n{header}\r\n" + ("0\r\n\r\n" if header else "")
    sneaked = "POST /v1.41/containers/jupyterhub-fenced-proxy/stop HTTP/1.1\r\nHost: docker\r\n\r\n"
    answers = in_the_hub(internet, _AT_ONCE, good + sneaked)
    assert re.findall(r"HTTP/1\.[01] (\d+)", answers) == statuses
    assert internet.container("proxy").status == "running"


_AT_ONCE = """
import socket, sys
connection = socket.socket(socket.AF_UNIX)
connection.settimeout(3)
connection.connect("/run/docker-api/docker.sock")
connection.sendall(sys.argv[1].encode())
text = b""
try:
    while part := connection.recv(65536):
        text += part
except TimeoutError:
    pass
print(text.decode())
"""


def test_no_other_way_leads_to_the_engine(internet: Deployment) -> None:
    found = in_the_hub(internet, _SOCKETS, "").split()
    assert set(found) == {"/run/docker-api/docker.sock"}
    networks = internet.container("hub").attrs["NetworkSettings"]["Networks"].values()
    asked = {f"{each['Gateway']}:{port}": ["tcp", each["Gateway"], port] for each in networks for port in (2375, 2376)}
    assert "open" not in reached(internet, asked).values()


_SOCKETS = """
import os, stat
for folder, folders, files in os.walk("/"):
    folders[:] = [name for name in folders if folder != "/" or name not in ("proc", "sys")]
    for name in files:
        path = os.path.join(folder, name)
        if stat.S_ISSOCK(os.lstat(path).st_mode):
            print(path)
"""


def test_hub_and_proxy_reach_a_users_server_and_nothing_else_of_the_user(
    internet: Deployment, started: Callable[[str], Person]
) -> None:
    alice = started("alice")
    with alice.kernel(keep=True) as kernel:
        kernel.run(read("listener.py").partition("if __name__")[0] + f"\nserve({PORT})")
    container = internet.container("user-alice")
    address = container.attrs["NetworkSettings"]["Networks"][f"{internet.prefix}-users"]["IPAddress"]
    assert reach("tcp", address, PORT) == "open", "something listens there"
    asked = {"server": ["tcp", address, 8888], "other": ["tcp", address, PORT], "udp": ["udp", address, PORT]}
    answers = reached(internet, asked)
    assert {name for name, answer in answers.items() if answer == "open"} == {"server"}
    proxy = internet.container("proxy")
    codes = {
        port: proxy.exec_run(["timeout", "3", "bash", "-c", f"</dev/tcp/{address}/{port}"])[0] for port in (8888, PORT)
    }
    assert codes[8888] == 0
    assert codes[PORT] != 0


def reached(site: Deployment, asked: dict[str, list[Any]]) -> dict[str, str]:
    answers: dict[str, str] = json.loads(in_the_hub(site, read("probe.py"), json.dumps(asked)))
    return answers
