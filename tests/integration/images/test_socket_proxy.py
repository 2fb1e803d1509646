"""The socket proxy's image before the real engine, with a hub that is somebody hostile."""

import json
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import docker
import pytest
from docker.errors import NotFound
from docker.models.containers import Container
from docker.models.volumes import Volume
from docker.types import Mount

from components.built_image import locked_version
from components.notebook_image import NotebookImage, NotebookImageArgs
from components.socket_proxy import _HEALTH_PROBE, SocketProxy, SocketProxyArgs
from images.socket_proxy.runtime import (
    ENGINE_SOCKET,
    RUNTIME_VARIABLE,
    SERVED_FOLDER,
    SERVED_SOCKET,
    SocketProxyRuntime,
)
from tests.integration.deployment import CHECKOUT
from tests.integration.images.image import LABELS, Image, _archive
from tests.unit.recording import record
from tests.unit.sites import NAMES, settings_of

_LOCK = CHECKOUT / "images/socket_proxy/requirements.txt"
_HUB = "10000:10000"
_OTHER_STACK = "spt-other"

# Sends each request of a list to a socket, and prints status and body of each answer.
_CLIENT = """
import http.client, json, socket
path, requests = json.load(open("/requests.json"))
class Connection(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(60)
        self.sock.connect(path)
answers = []
for method, target, body in requests:
    connection = Connection("docker")
    try:
        connection.request(method, target, body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        answers.append([response.status, response.read().decode(errors="replace")])
    except OSError as error:
        answers.append([0, type(error).__name__])
    finally:
        connection.close()
print(json.dumps(answers))
"""


@dataclass(frozen=True, kw_only=True)
class World:
    """A stack's proxy, what else there is on the server, and a hub that may be anybody."""

    engine: docker.DockerClient
    image: str
    stack: str
    proxy: Container
    served: Volume

    @property
    def network(self) -> str:
        """The network of user servers."""
        return f"{self.stack}-users"

    def ask(self, *requests: tuple[str, str, object], user: str = _HUB) -> list[tuple[int, str]]:
        """What the proxy answers to a container that has the served volume."""
        encoded = [(method, target, _encoded(body)) for method, target, body in requests]
        client = self.engine.containers.create(
            self.image,
            ["python", "-S", "-c", _CLIENT],
            name=f"{self.stack}-client-{uuid.uuid4().hex[:8]}",
            user=user,
            labels=LABELS,
            network_mode="none",
            mounts=[Mount(str(SERVED_FOLDER), self.served.name, read_only=True)],
        )
        try:
            client.put_archive("/", _archive({"/requests.json": json.dumps([str(SERVED_SOCKET), encoded])}))
            client.start()
            client.wait(timeout=120)
            answers = json.loads(client.logs())
        finally:
            client.remove(force=True)
        return [(status, body) for status, body in answers]

    def inside(self, *command: str) -> str:
        """What a command prints in the proxy's container, where it is root."""
        output = self.proxy.exec_run(list(command)).output
        assert isinstance(output, bytes)
        return output.decode().strip()

    def body(self, **host: object) -> dict[str, Any]:
        """Body of a new container that is allowed, with some of its host configuration changed."""
        return {
            "Image": self.image,
            "Cmd": ["sleep", "600"],
            "Env": ["A=b"],
            "Labels": {"jupyterhub.stack": self.stack, "jupyterhub.role": "user-server", "jupyterhub.user": "a"},
            "Volumes": {"/home/jovyan": {}},
            "ExposedPorts": {"8888/tcp": {}},
            "Healthcheck": {"Test": ["NONE"]},
            "HostConfig": {
                "Memory": 2**26,
                "MemorySwap": 2**26,
                "CpuPeriod": 100000,
                "CpuQuota": 50000,
                "PidsLimit": 50,
                "NetworkMode": self.network,
                "Binds": [f"{self.stack}-home-a:/home/jovyan:rw"],
                "CapDrop": ["ALL"],
                "SecurityOpt": ["no-new-privileges"],
                "LogConfig": {"Type": "json-file", "Config": {"max-size": "1m", "max-file": "1"}},
                "AutoRemove": True,
                "Init": True,
                **host,
            },
        }

    def create(self, name: str = "", **host: object) -> tuple[str, str, object]:
        """A request for a new container."""
        return "POST", f"/v1.41/containers/create?name={name or self.stack + '-user-a'}", self.body(**host)

    def everything(self) -> list[str]:
        """Containers, volumes and networks of this world, with what was executed in them."""
        containers = self.engine.containers.list(all=True, filters={"name": "spt-"})
        found = [f"container {each.name} {each.status} {each.attrs['ExecIDs']}" for each in containers]
        found += [f"volume {each.name}" for each in self.engine.volumes.list(filters={"name": "spt-"})]
        found += [f"network {each.name}" for each in self.engine.networks.list(names=["spt-"])]
        return sorted(found)


def _encoded(body: object) -> str | None:
    return body if isinstance(body, str | None) else json.dumps(body)


def _proxy(engine: docker.DockerClient, image: str, stack: str, mounts: list[Mount]) -> Container:
    """The proxy as components/socket_proxy.py and components/container.py run it."""
    made = _as_the_program_makes_it()
    runtime = SocketProxyRuntime(
        stack=stack,
        images=[image],
        network=f"{stack}-users",
        container_prefix=f"{stack}-user-",
        volume_prefix=f"{stack}-home-",
        home_path="/home/jovyan",
        port=8888,
        memory_limit=2**28,
        cpu_limit=1,
        pids_limit=100,
        resolvers=[],
        client_group=10000,
    )
    proxy = engine.containers.create(
        image,
        name=f"{stack}-socket-proxy",
        environment={RUNTIME_VARIABLE: runtime.model_dump_json()},
        labels={"jupyterhub.stack": stack, "jupyterhub.role": "socket-proxy"},
        network_mode=made["networkMode"],
        read_only=made["readOnly"],
        init=made["init"],
        cap_drop=made["capabilities"]["drops"],
        cap_add=made["capabilities"]["adds"],
        security_opt=made["securityOpts"],
        mem_limit=f"{made['memory']}m",
        memswap_limit=f"{made['memorySwap']}m",
        mounts=mounts,
    )
    proxy.start()
    return proxy


def _as_the_program_makes_it() -> Mapping[str, Any]:
    settings = settings_of()

    def program() -> None:
        image = NotebookImageArgs(names=NAMES, image=settings.notebooks.image, build=settings.build)
        args = SocketProxyArgs(
            names=NAMES, settings=settings, notebook_image=NotebookImage("notebook", image), docker_api_volume="x"
        )
        SocketProxy("socket-proxy", args)

    return record(program)["socket-proxy"].inputs


def _wait_until_well(proxy: Container) -> None:
    for _ in range(100):
        if proxy.exec_run(["python", "-S", "-c", _HEALTH_PROBE]).exit_code == 0:
            return
        time.sleep(0.1)
    raise AssertionError(proxy.logs().decode())


@pytest.fixture(scope="module")
def socket_proxy(image: Callable[[str], Image]) -> Image:
    return image("socket_proxy")


@pytest.fixture(scope="module")
def world(socket_proxy: Image) -> Iterator[World]:
    engine, stack = socket_proxy.engine, f"spt-{uuid.uuid4().hex[:8]}"
    with ExitStack() as cleanup:
        served = engine.volumes.create(f"{stack}-docker-api", labels=LABELS)
        cleanup.callback(served.remove)
        cleanup.callback(_remove_volume, engine, f"{stack}-home-a")
        foreign = engine.volumes.create(f"{stack}-home-foreign", labels={"jupyterhub.stack": _OTHER_STACK})
        cleanup.callback(foreign.remove)
        network = engine.networks.create(f"{stack}-users", labels=LABELS)
        cleanup.callback(network.remove)
        cleanup.callback(_remove_containers, engine, f"{stack}-user-")
        for name, labels in {
            f"{stack}-hub": {"jupyterhub.stack": stack, "jupyterhub.role": "hub"},
            f"{stack}-user-other": {"jupyterhub.stack": _OTHER_STACK, "jupyterhub.role": "user-server"},
        }.items():
            container = engine.containers.run(
                socket_proxy.reference,
                ["sleep", "600"],
                name=name,
                labels=labels,
                network_mode="none",
                init=True,
                detach=True,
                environment={"SECRET": "of-the-hub"},
            )
            cleanup.callback(container.remove, force=True)
        mounts = [
            Mount(str(ENGINE_SOCKET), "/var/run/docker.sock", type="bind"),
            Mount(str(SERVED_FOLDER), served.name),
        ]
        proxy = _proxy(engine, socket_proxy.reference, stack, mounts)
        cleanup.callback(proxy.remove, force=True)
        _wait_until_well(proxy)
        yield World(engine=engine, image=socket_proxy.reference, stack=stack, proxy=proxy, served=served)


def _remove_volume(engine: docker.DockerClient, name: str) -> None:
    try:
        engine.volumes.get(name).remove()
    except NotFound:
        return


def _remove_containers(engine: docker.DockerClient, prefix: str) -> None:
    for container in engine.containers.list(all=True, filters={"name": prefix}):
        container.remove(force=True)


# The image


@pytest.mark.parametrize("package", ["aiohttp", "pydantic"])
def test_the_version_is_the_locked_one_of(socket_proxy: Image, package: str) -> None:
    code = f"from importlib.metadata import version; print(version({package!r}))"
    assert socket_proxy.run("python", "-c", code).strip() == locked_version(_LOCK, package)


def test_requests_are_read_by_the_strict_parser(socket_proxy: Image) -> None:
    """Aiohttp has a second one, in Python, for where the first was not built; it was never looked at."""
    code = "from aiohttp.http_parser import HttpRequestParser; print(HttpRequestParser.__module__)"
    assert socket_proxy.run("python", "-c", code).strip() == "aiohttp._http_parser"


def test_it_holds_nothing_of_its_build(socket_proxy: Image) -> None:
    assert socket_proxy.variables == {"PATH", "PYTHONPATH", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE"}
    assert socket_proxy.build_leftovers == []


def test_no_authority_that_its_build_trusted_is_left_in_it(
    socket_proxy: Image, assert_no_authority_left: Callable[[Image], None]
) -> None:
    assert_no_authority_left(socket_proxy)


# Its process and its socket

_STATUS = """
import json
from pathlib import Path
for process in Path("/proc").glob("[0-9]*"):
    words = (process / "cmdline").read_bytes().split(b"\\0")
    if words[0].startswith(b"python") and b"images.socket_proxy" in words:
        print(json.dumps(dict(line.split(":\\t", 1) for line in (process / "status").read_text().splitlines())))
"""


def test_it_runs_as_nobody_special(world: World) -> None:
    found = world.inside("python", "-S", "-c", _STATUS).splitlines()
    (status,) = [json.loads(line) for line in found]
    assert {name: status[name].split() for name in ("Uid", "Gid")} == {"Uid": ["10002"] * 4, "Gid": ["10002"] * 4}
    group = world.inside("stat", "-c", "%g", str(ENGINE_SOCKET))
    assert status["Groups"].split() == [group]
    assert [int(status[f"Cap{name}"], 16) for name in ("Eff", "Prm", "Inh", "Amb")] == [0] * 4
    assert status["NoNewPrivs"] == "1"


def test_it_has_no_network(world: World) -> None:
    interfaces = world.inside("ls", "/sys/class/net").split()
    assert [name for name in interfaces if not name.startswith(("tunl", "sit", "gre", "ip6", "ip_", "erspan"))] == [
        "lo"
    ]


def test_its_probe_finds_it_well(world: World) -> None:
    assert world.proxy.exec_run(["python", "-S", "-c", _HEALTH_PROBE]).exit_code == 0


def test_the_served_socket_is_the_hubs_alone(world: World) -> None:
    found = world.inside("stat", "-c", "%u:%g %a", str(SERVED_SOCKET))
    assert found == "0:10000 660"
    for user in ("10001:10001", "10000:10001", "65534:65534", "10002:10002", "1000:100"):
        assert world.ask(("GET", "/_ping", None), user=user) == [(0, "PermissionError")]
    assert world.ask(("GET", "/_ping", None)) == [(200, "OK")]


@pytest.mark.parametrize(
    ("preparation", "sentence"),
    [
        (
            "import os, socket as s; s.socket(s.AF_UNIX).bind('/e/docker.sock'); os.chmod('/e/docker.sock', 0o600)",
            "the engine's socket is not for its group to use; give it the mode 0660",
        ),
        ("pass", f"there is no Docker socket at {ENGINE_SOCKET}"),
    ],
)
def test_an_engine_that_it_cannot_use_is_told_in_a_sentence(
    socket_proxy: Image, preparation: str, sentence: str
) -> None:
    engine, stack = socket_proxy.engine, f"spt-{uuid.uuid4().hex[:8]}"
    with ExitStack() as cleanup:
        served = engine.volumes.create(f"{stack}-docker-api", labels=LABELS)
        cleanup.callback(served.remove)
        stand_in = engine.volumes.create(f"{stack}-engine", labels=LABELS)
        cleanup.callback(stand_in.remove)
        engine.containers.run(
            socket_proxy.reference,
            ["python", "-S", "-c", preparation],
            name=f"{stack}-preparation",
            network_mode="none",
            remove=True,
            mounts=[Mount("/e", stand_in.name)],
        )
        mounts = [Mount(str(ENGINE_SOCKET.parent), stand_in.name), Mount(str(SERVED_FOLDER), served.name)]
        proxy = _proxy(engine, socket_proxy.reference, stack, mounts)
        cleanup.callback(proxy.remove, force=True)
        assert proxy.wait(timeout=30)["StatusCode"] == 1
        assert proxy.logs().decode() == f"CRITICAL the socket proxy does not start: {sentence}\n"


# A hostile hub


def test_a_hostile_hub_gets_nothing(world: World) -> None:
    stack, before = world.stack, world.everything()
    hub, other = world.engine.containers.get(f"{stack}-hub"), world.engine.containers.get(f"{stack}-user-other")
    escape = [f"{stack}-home-a:/home/jovyan:rw", "/:/host:rw"]
    bind = {"type": "none", "o": "bind", "device": "/"}
    driver = {
        "Type": "volume",
        "Target": "/host",
        "VolumeOptions": {"DriverConfig": {"Name": "local", "Options": bind}},
    }
    labels = {"jupyterhub.stack": stack}
    plain = world.body()
    requests: list[tuple[str, str, object]] = [
        world.create(Privileged=True),
        world.create(privileged=True),
        world.create(CapAdd=["SYS_ADMIN"]),
        world.create(CapDrop=[]),
        world.create(Devices=[{"PathOnHost": "/dev/kmsg", "PathInContainer": "/dev/x", "CgroupPermissions": "rwm"}]),
        world.create(Binds=escape),
        world.create(Binds=["/:/home/jovyan:rw"]),
        world.create(Binds=["/var/run/docker.sock:/home/jovyan:rw"]),
        world.create(Binds=[f"{stack}-docker-api:/home/jovyan:rw"]),
        world.create(Binds=[f"{stack}-home-foreign:/home/jovyan:rw"]),
        world.create(Mounts=[{"Type": "bind", "Source": "/", "Target": "/host"}]),
        world.create(Mounts=[driver]),
        world.create(VolumesFrom=[f"{stack}-hub"]),
        world.create(NetworkMode="host"),
        world.create(NetworkMode=f"container:{stack}-hub"),
        world.create(NetworkMode="bridge"),
        world.create(PidMode="host"),
        world.create(IpcMode=f"container:{stack}-hub"),
        world.create(UsernsMode="host"),
        world.create(SecurityOpt=["no-new-privileges", "seccomp=unconfined"]),
        world.create(CgroupParent="/"),
        world.create(Runtime="runc"),
        world.create(LogConfig={"Type": "syslog", "Config": {"syslog-address": "tcp://10.0.0.1:1"}}),
        world.create(Memory=0),
        world.create(MemorySwap=-1),
        world.create(PidsLimit=-1),
        world.create(Memory=2**40, MemorySwap=2**40),
        world.create(f"{stack}-hub2"),
        world.create("jupyterhub-prod-user-a"),
        (*world.create()[:2], {**plain, "Image": "debian:trixie-slim"}),
        (*world.create()[:2], {**plain, "User": "0"}),
        (*world.create()[:2], {**plain, "Entrypoint": ["sh"]}),
        (*world.create()[:2], {**plain, "Labels": {**plain["Labels"], "traefik.enable": "true"}}),
        (*world.create()[:2], {**plain, "hostconfig": {"Privileged": True}}),
        (*world.create()[:2], json.dumps(plain)[:-1] + ', "HostConfig": {"Privileged": true}}'),
        (*world.create()[:2], "[" * 100_000),
        (*world.create()[:2], '{"a":' * 100_000),
        (*world.create()[:2], json.dumps(plain) + " " * 2**21),
        (*world.create()[:2], ""),
        (
            "POST",
            "/volumes/create",
            {"Name": f"{stack}-home-x", "Driver": "local", "Labels": labels, "DriverOpts": bind},
        ),
        ("POST", "/volumes/create", {"Name": f"{stack}-x", "Driver": "local", "Labels": labels}),
        ("POST", "/volumes/create", {"Name": f"{stack}-home-foreign", "Driver": "local", "Labels": labels}),
        ("DELETE", f"/volumes/{stack}-home-foreign", None),
        ("POST", f"/containers/{hub.id}/exec", {"Cmd": ["id"], "AttachStdout": True}),
        ("POST", f"/containers/{stack}-hub/exec", {"Cmd": ["id"]}),
        ("GET", f"/containers/{stack}-hub/logs?stdout=1", None),
        ("GET", f"/containers/{hub.id}/archive?path=/etc", None),
        ("PUT", f"/containers/{hub.id}/archive?path=/", "x"),
        ("GET", f"/containers/{hub.id}/export", None),
        ("POST", f"/commit?container={hub.id}", {}),
        ("POST", f"/containers/{hub.id}/kill", None),
        ("POST", f"/containers/{hub.id}/update", {"Memory": 1}),
        ("GET", "/containers/json?all=1", None),
        ("GET", "/images/json", None),
        ("GET", "/images/debian:trixie-slim/json", None),
        ("GET", "/info", None),
        ("GET", "/events?until=1", None),
        ("POST", "/build", "x"),
        ("POST", "/images/create?fromImage=debian", None),
        ("POST", "/networks/create", {"Name": f"{stack}-x"}),
        ("POST", f"/networks/{stack}-users/connect", {"Container": hub.id}),
        ("POST", "/swarm/init", {"ListenAddr": "127.0.0.1"}),
        ("POST", "/plugins/pull?remote=x", []),
        ("POST", "/session", None),
        ("GET", f"/v1.41/../containers/{hub.id}/json", None),
        ("GET", f"//containers/{hub.id}/json", None),
        ("GET", f"/containers/{stack}-user-a%2f..%2f{hub.id}/json", None),
    ]
    answers = world.ask(*requests)
    assert [(request, answer) for request, answer in zip(requests, answers, strict=True) if answer[0] != 403] == []
    assert all(json.loads(body)["message"].startswith("refused") for _, body in answers)
    hidden: list[tuple[str, str, object]] = [
        (method, target.format(name), None)
        for name in (hub.id, other.id, hub.name, other.name, hub.short_id, str(hub.id)[:2], world.proxy.id)
        for method, target in [
            ("GET", "/containers/{}/json"),
            ("POST", "/containers/{}/start"),
            ("POST", "/containers/{}/stop?t=0"),
            ("DELETE", "/containers/{}?force=1"),
        ]
    ]
    for request, (status, body) in zip(hidden, world.ask(*hidden), strict=True):
        assert (status, body) == (
            404,
            json.dumps({"message": f"No such container: {request[1].split('/')[2].split('?')[0]}"}),
        )
    assert world.everything() == before
    assert world.engine.containers.get(f"{stack}-hub").status == "running"
    assert world.proxy.attrs["RestartCount"] == 0
    assert b"Traceback" not in world.proxy.logs()
    assert world.ask(("GET", "/_ping", None)) == [(200, "OK")]


def test_what_a_hub_is_for_works(world: World) -> None:
    home = f"{world.stack}-home-a"
    labels = {"jupyterhub.stack": world.stack, "jupyterhub.user": "a"}
    volume = ("POST", "/v1.41/volumes/create", {"Name": home, "Driver": "local", "Labels": labels})
    version, image, made_volume, made = world.ask(
        ("GET", "/version", None), ("GET", f"/v1.41/images/{world.image}/json", None), volume, world.create()
    )
    assert [answer[0] for answer in (version, image, made_volume, made)] == [200] * 4, made
    assert world.engine.volumes.get(home).attrs["Labels"] == labels
    identifier = json.loads(made[1])["Id"]
    started, inspected, again = world.ask(
        ("POST", f"/v1.41/containers/{identifier}/start", None),
        ("GET", f"/v1.41/containers/{world.stack}-user-a/json", None),
        ("POST", f"/v1.24/containers/{identifier}/start", {"Privileged": True, "Binds": ["/:/host"]}),
    )
    assert (started[0], again[0]) == (200, 304)
    state = json.loads(inspected[1])
    assert state["State"]["Running"]
    assert state["NetworkSettings"]["Networks"][world.network]["IPAddress"]
    _assert_contained(world.engine.containers.get(identifier).attrs)
    (removed_early, stopped) = world.ask(
        ("DELETE", f"/v1.41/containers/{identifier}?v=True&link=False&force=False", None),
        ("POST", f"/v1.41/containers/{identifier}/stop?t=1", None),
    )
    assert (removed_early[0], stopped[0]) == (409, 200)
    assert "running container" in json.loads(removed_early[1])["message"]
    for _ in range(50):
        if world.ask(("GET", f"/v1.41/containers/{identifier}/json", None))[0][0] == 404:
            break
    with pytest.raises(NotFound):
        world.engine.containers.get(identifier)
    assert world.engine.volumes.get(home).name == home


def _assert_contained(container: dict[str, Any]) -> None:
    host = container["HostConfig"]
    assert (host["Privileged"], host["CapAdd"], host["CapDrop"]) == (False, None, ["ALL"])
    assert host["SecurityOpt"] == ["no-new-privileges"]
    assert (host["PidMode"], host["IpcMode"], host["UTSMode"], host["UsernsMode"]) == ("", "private", "", "")
    assert (host["Memory"], host["MemorySwap"], host["PidsLimit"]) == (2**26, 2**26, 50)
    assert (host["PortBindings"], host["Devices"], host["PublishAllPorts"]) == (None, None, False)
    assert host["MaskedPaths"]
    assert host["ReadonlyPaths"]
    assert [(mount["Type"], mount["Destination"]) for mount in container["Mounts"]] == [("volume", "/home/jovyan")]


def test_a_proxy_that_was_killed_serves_again(world: World) -> None:
    world.proxy.kill()
    world.proxy.wait(timeout=10)
    world.proxy.start()
    _wait_until_well(world.proxy)
    assert world.ask(("GET", "/_ping", None)) == [(200, "OK")]


def test_it_ends_when_it_is_asked_to(world: World) -> None:
    started = time.monotonic()
    world.proxy.stop(timeout=10)
    assert time.monotonic() - started < 8
    assert world.proxy.wait(timeout=1)["StatusCode"] == 0
    world.proxy.start()
