"""The hub's own spawner, with the real docker-py, behind the proxy of the same settings."""

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import docker
import pytest
from docker.errors import APIError
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from jupyterhub.spawner import Spawner
from traitlets.config import Config

from components.notebook_image import NotebookImage, NotebookImageArgs
from components.socket_proxy import SocketProxy, SocketProxyArgs
from images.hub.spawner import UserServerSpawner
from images.socket_proxy.runtime import SocketProxyRuntime
from tests.unit.images.configured_hub import NOTEBOOK_IMAGE, SETTINGS, STACK, ConfiguredHub
from tests.unit.images.engine import RecordingEngine
from tests.unit.images.socket_proxy.wire import Loop, RunningProxy, running
from tests.unit.recording import record
from tests.unit.sites import NAMES, settings_of

Served = Callable[..., tuple[ConfiguredHub, RunningProxy]]


def runtime_of(**concerns: object) -> SocketProxyRuntime:
    """What the program tells the proxy of a site with these settings."""
    site = settings_of(**{**SETTINGS, **concerns})

    def program() -> None:
        image = NotebookImageArgs(names=NAMES, image=site.notebooks.image, build=site.build)
        args = SocketProxyArgs(
            names=NAMES, settings=site, notebook_image=NotebookImage("notebook", image), docker_api_volume="x"
        )
        SocketProxy("socket-proxy", args)

    (line,) = record(program)["socket-proxy"].inputs["envs"]
    name, _, value = line.partition("=")
    found = SocketProxyRuntime.from_environment({name: value})
    return found.model_copy(update={"images": [NOTEBOOK_IMAGE]})


@pytest.fixture
def served(
    loop: Loop,
    configure: Callable[..., ConfiguredHub],
    engine: RecordingEngine,  # noqa: ARG001 - what it puts in place of Docker is put back after the test
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Iterator[Served]:
    """Make a hub that reaches Docker through its proxy, and the proxy."""
    with ExitStack() as stack:

        def make(**concerns: object) -> tuple[ConfiguredHub, RunningProxy]:
            folder = tmp_path / "sockets"
            folder.mkdir()
            proxy = stack.enter_context(running(loop, runtime_of(**concerns), folder))
            client = docker.APIClient(base_url=f"unix://{proxy.path}", version="auto")
            stack.callback(client.close)
            monkeypatch.setattr(UserServerSpawner, "_client", client)
            return configure(**concerns), proxy

        yield make


async def live(spawner: UserServerSpawner) -> None:
    """Start, look, stop, and look again."""
    assert await spawner.start() == ("10.201.8.1", 8888)
    assert await spawner.poll() is None
    await spawner.stop()
    assert await spawner.poll() == 0


def assert_lived(proxy: RunningProxy, container: str, volume: str) -> None:
    name = f"name={container}"
    acts = [(asked.method, asked.path.rpartition("/")[2], asked.query) for asked in proxy.engine.changes]
    (identifier,) = {asked.path.split("/")[2] for asked in proxy.engine.changes} - {"create"}
    assert acts == [
        ("POST", "create", ""),
        ("POST", "create", name),
        ("POST", "start", ""),
        ("POST", "stop", ""),
        ("DELETE", identifier, "v=1&force=0"),
    ]
    assert list(proxy.engine.volumes) == [volume]
    assert proxy.engine.containers == {}


PEOPLE = {
    "alice": "alice",
    "a-b": "a-2db",
    "_a_": "-5fa-5f",
    "-": "-2d",
    ".": "-2e",
    "..": "-2e-2e",
    "../../etc": "-2e-2e-2f-2e-2e-2fetc",
    "a:b": "a-3ab",
    "a@example.org": "a-40example-2eorg",
    "o'neil+x": "o-27neil-2bx",
    "ü": "-c3-bc",
    "\N{GRINNING FACE}": "-f0-9f-98-80",
    "Alice": "-41lice",
    "0": "0",
    "{username}": "-7busername-7d",
    "a b": "a-20b",
    "a\nb": "a-ab",
    "a" * 230: "a" * 230,
    "é" * 38: "-c3-a9" * 38,
}


@pytest.mark.parametrize("server", ["", "gpu", "Mein Server", "ü"])
def test_servers_of_all_names_live(served: Served, server: str) -> None:
    hub, proxy = served()
    for user, escaped in PEOPLE.items():
        proxy.engine.forget()
        spawner = hub.spawner(user, server)
        assert spawner.volume_binds.keys() == {f"{STACK}-home-{escaped}"}
        if len(spawner.container_name) > 255:
            assert len(escaped) > 220
            continue
        asyncio.run(live(spawner))
        assert_lived(proxy, spawner.container_name, f"{STACK}-home-{escaped}")
        assert json.loads(proxy.engine.changes[1].body)["Labels"]["jupyterhub.user"] == user


_CHARACTERS = st.characters(exclude_categories=["Cs"])
_shared = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


@given(user=st.text(_CHARACTERS, min_size=1, max_size=60), server=st.text(_CHARACTERS, max_size=10))
@example(user="a" * 234, server="")
@example(user="a" * 235, server="")
@_shared
def test_every_server_either_lives_or_is_refused_for_the_length_of_its_name(
    hub_and_proxy: tuple[ConfiguredHub, RunningProxy], user: str, server: str
) -> None:
    hub, proxy = hub_and_proxy
    proxy.engine.forget()
    spawner = hub.spawner(user, server)
    (volume,) = spawner.volume_binds
    if max(len(spawner.container_name), len(volume)) <= 255:
        asyncio.run(live(spawner))
        assert_lived(proxy, spawner.container_name, volume)
    else:
        with pytest.raises(APIError) as caught:
            asyncio.run(spawner.start())
        assert caught.value.status_code == 403
        assert not [asked for asked in proxy.engine.changes if asked.path == "/containers/create"]


@pytest.fixture
def hub_and_proxy(served: Served) -> tuple[ConfiguredHub, RunningProxy]:
    return served()


@pytest.mark.parametrize(
    "concerns",
    [
        {"notebooks": {"limits": {"memory": "4G", "cpu": 2.5, "pids": 1024}}},
        {"notebooks": {"limits": {"memory": "256M", "cpu": 0.01, "pids": 64}}},
        {"notebooks": {"limits": {"cpu": 0.1234567}}},
        {"notebooks": {"limits": {"cpu": 1.15}}},
        {"notebooks": {"environment": {"COURSE": "{username}", "A": "ü\N{GRINNING FACE}"}}},
        {"storage": {"home": {"mount_path": "/home/someone/work"}}},
        {"network": {"isolation": "off", "egress": "open", "resolvers": ["10.0.0.53", "10.0.1.53"]}},
        {"idle": {"kernel_timeout": "0s"}},
    ],
    ids=str,
)
def test_servers_of_all_sites_live(served: Served, concerns: dict[str, object]) -> None:
    hub, proxy = served(**concerns)
    asyncio.run(live(hub.spawner()))
    assert_lived(proxy, f"{STACK}-user-alice", f"{STACK}-home-alice")


def _options_of(spawner: Spawner, **options: Any) -> None:  # noqa: ANN401 - as traitlets
    spawner.update_config(Config({"Spawner": options, "DockerSpawner": options}))
    for name, value in options.items():
        setattr(spawner, name, value)


@pytest.mark.parametrize("limit", [{"mem_limit": "64M"}, {"cpu_limit": 0.25}, {"mem_limit": 2**20, "cpu_limit": 0.01}])
def test_a_groups_lower_limits_are_allowed(served: Served, limit: dict[str, Any]) -> None:
    hub, proxy = served()
    spawner = hub.spawner()
    _options_of(spawner, **limit)
    asyncio.run(live(spawner))
    made = json.loads(proxy.engine.changes[1].body)["HostConfig"]
    if "mem_limit" in limit:
        assert made["Memory"] < made["MemorySwap"]
    if "cpu_limit" in limit:
        assert made["CpuQuota"] == limit["cpu_limit"] * made["CpuPeriod"]


@pytest.mark.parametrize(
    "option",
    [
        {"mem_limit": "1T"},
        {"cpu_limit": 1000},
        {"mem_limit": None},
        {"cpu_limit": None},
        {"network_name": "bridge"},
        {"image": "debian:trixie-slim"},
        {"volumes": {"/": "/host"}},
        {"volumes": {"{username}": "/home/jovyan"}},
        {"read_only_volumes": {f"{STACK}-home-bob": "/bob"}},
        {"extra_host_config": {"privileged": True}},
        {"extra_host_config": {"cap_add": ["SYS_ADMIN"]}},
        {"extra_host_config": {"memswap_limit": -1}},
        {"extra_create_kwargs": {"user": "0"}},
        {"object_name": "other"},
        {"post_start_cmd": "true"},
        {"remove": False},
        {"pull_policy": "always"},
        {"use_internal_ip": False},
        {"links": {"a": "b"}},
        {"mounts": [{"type": "bind", "source": "/", "target": "/host"}]},
    ],
    ids=str,
)
def test_what_a_hub_is_made_to_ask_for_besides_is_refused(served: Served, option: dict[str, Any]) -> None:
    hub, proxy = served()
    spawner = hub.spawner()
    if "extra_host_config" in option:
        option = {"extra_host_config": {**spawner.extra_host_config, **option["extra_host_config"]}}
    _options_of(spawner, **option)
    with pytest.raises(APIError, match="refused by this site's socket proxy") as caught:
        asyncio.run(spawner.start())
    assert caught.value.status_code == 403
    started = [asked for asked in proxy.engine.changes if asked.path == "/containers/create"]
    assert started == [] or "post_start_cmd" in option


def test_a_server_that_was_left_behind_is_replaced(served: Served) -> None:
    hub, proxy = served()
    proxy.engine.add_container(f"{STACK}-user-alice", {"jupyterhub.stack": STACK, "jupyterhub.role": "user-server"})
    asyncio.run(live(hub.spawner()))
    assert [asked.method for asked in proxy.engine.changes][:3] == ["DELETE", "POST", "POST"]


def test_somebody_elses_container_under_a_users_name_is_not_replaced(served: Served) -> None:
    hub, proxy = served()
    proxy.engine.add_container(f"{STACK}-user-alice", {"jupyterhub.stack": "jupyterhub-prod"})
    asyncio.run(hub.spawner().start())  # a real engine says that the name is taken
    assert [asked.method for asked in proxy.engine.changes] == ["POST"] * 3
    assert len(proxy.engine.containers) == 2
