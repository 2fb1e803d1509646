"""The start of a user's server: names, volume, labels, and what Docker is asked for."""

import asyncio
import re
from collections.abc import Callable
from typing import Any

import pytest
from docker.errors import ImageNotFound
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from jupyterhub.spawner import SpawnException

from images.hub.spawner import UserServerSpawner, _listens, version_labels
from tests.unit.images.configured_hub import NOTEBOOK_IMAGE, SECRETS, STACK, ConfiguredHub, runtime_of
from tests.unit.images.engine import RecordingEngine

Configure = Callable[..., ConfiguredHub]
LISTENS = _listens  # the fixture puts another one in its place

# Docker's own rule for names of containers and volumes (github.com/moby/moby, daemon/names).
DOCKER_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+")
# Braces in all the ways in which a formatted string would change or fail.
BRACES = ["{username}", "{prefix}-{0}", "j{0}rg", "{}", "{", "}", "{{}}", "{username.x}", "a{raw_username!r:>9}"]


def start(spawner: UserServerSpawner) -> dict[str, Any]:
    """Start a server; what Docker was asked to make its container of."""
    asyncio.run(spawner.start())
    container: dict[str, Any] = spawner.client.containers[spawner.container_name]
    return container


def environment_of(container: dict[str, Any]) -> dict[str, str]:
    return dict(line.split("=", 1) for line in container["Env"])


# Names

PEOPLE = st.one_of(
    st.sampled_from(
        ["alice", "Alice", "a", "A", "a-", "a--b", "a-2d", "a-2db", "ü", "u\u0308", "hub", "-", "é", "e\u0301"]
    ),
    st.text(st.sampled_from("abAB-_.2d{}éÉ "), min_size=1, max_size=10),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30),
)
SERVERS = st.one_of(st.just(""), st.from_regex(r"[a-z][a-z0-9-]{0,29}", fullmatch=True))


@given(first=st.tuples(PEOPLE, SERVERS), second=st.tuples(PEOPLE, SERVERS))
@example(first=("a", "b"), second=("a--b", ""))
@example(first=("a", "b"), second=("a-", "b"))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_two_servers_have_a_container_in_common_nor_two_people_a_volume(
    hub: ConfiguredHub, first: tuple[str, str], second: tuple[str, str]
) -> None:
    assume(first != second)
    one, other = hub.spawner(*first), hub.spawner(*second)
    assert one.container_name != other.container_name
    assert (set(one.volume_binds) == set(other.volume_binds)) == (first[0] == second[0])


@given(name=PEOPLE, server_name=SERVERS)
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_docker_takes_the_names_of_every_persons_container_and_volume(
    hub: ConfiguredHub, name: str, server_name: str
) -> None:
    spawner = hub.spawner(name, server_name)
    assert DOCKER_NAME.fullmatch(spawner.container_name)
    assert all(DOCKER_NAME.fullmatch(volume) for volume in spawner.volume_binds)


@given(name=PEOPLE, server_name=SERVERS)
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_persons_container_or_volume_is_the_stacks_own(hub: ConfiguredHub, name: str, server_name: str) -> None:
    spawner = hub.spawner(name, server_name)
    assert spawner.container_name.startswith(f"{STACK}-user-")
    assert [volume.startswith(f"{STACK}-home-") for volume in spawner.volume_binds] == [True]


@pytest.mark.parametrize(
    ("name", "server_name", "container", "volume"),
    [
        ("alice", "", "user-alice", "home-alice"),
        ("alice", "gpu", "user-alice--gpu", "home-alice"),
        ("o'neil+x@example.org", "", "user-o-27neil-2bx-40example-2eorg", "home-o-27neil-2bx-40example-2eorg"),
        ("a-b", "c-d", "user-a-2db--c-2dd", "home-a-2db"),
        ("ü", "", "user--c3-bc", "home--c3-bc"),
    ],
)
def test_names_stay_as_they_were_so_that_everybody_finds_their_files(
    hub: ConfiguredHub, name: str, server_name: str, container: str, volume: str
) -> None:
    spawner = hub.spawner(name, server_name)
    assert spawner.container_name == f"{STACK}-{container}"
    assert spawner.volume_binds == {f"{STACK}-{volume}": {"bind": "/home/jovyan", "mode": "rw"}}


def test_another_image_changes_no_name(hub: ConfiguredHub) -> None:
    spawner = hub.spawner()
    before = spawner.container_name, spawner.volume_binds
    spawner.image = "quay.io/jupyter/scipy-notebook:hub-6.1.1"
    assert (spawner.container_name, spawner.volume_binds) == before


# What Docker is asked for


def test_steps_of_a_start_are_in_order(hub: ConfiguredHub, engine: RecordingEngine) -> None:
    start(hub.spawner())
    expected = ["inspect image", "inspect container", "create volume", "create container", "start container"]
    assert engine.calls[:5] == expected


def test_the_home_volume_says_whose_it_is(hub: ConfiguredHub, engine: RecordingEngine) -> None:
    start(hub.spawner("Müller {0}"))
    labels = {"jupyterhub.stack": STACK, "jupyterhub.user": "Müller {0}"}
    assert engine.volumes == [(f"{STACK}-home--4d-c3-bcller-20-7b0-7d", labels)]


@pytest.mark.parametrize("name", ["alice", "o'neil+x@example.org", *BRACES])
def test_the_container_says_whose_it_is_and_what_it_was_made_from(hub: ConfiguredHub, name: str) -> None:
    labels = start(hub.spawner(name))["Labels"]
    assert labels == {
        "jupyterhub.stack": STACK,
        "jupyterhub.user": name,
        "jupyterhub.role": "user-server",
        **version_labels(runtime_of().user_server),
    }


def test_braces_in_the_name_of_a_server_change_nothing(hub: ConfiguredHub) -> None:
    container = start(hub.spawner("{username}"))
    assert container["HostConfig"]["Binds"] == [f"{STACK}-home--7busername-7d:/home/jovyan:rw"]
    assert environment_of(container)["JUPYTERHUB_USER"] == "{username}"


def test_limits_are_asked_for(configure: Configure) -> None:
    limits = {"memory": "1.5G", "cpu": 0.5, "pids": 100}
    asked = start(configure(notebooks={"limits": limits}).spawner())["HostConfig"]
    memory = 3 * 2**29
    assert (asked["Memory"], asked["MemorySwap"], asked["PidsLimit"]) == (memory, memory, 100)
    assert asked["CpuQuota"] / asked["CpuPeriod"] == 0.5


def test_everything_else_is_asked_for_too(hub: ConfiguredHub) -> None:
    container = start(hub.spawner())
    asked = container["HostConfig"]
    assert container["Image"] == NOTEBOOK_IMAGE
    assert container["Cmd"][:4] == ["python", "-s", "-m", "single_user"]
    assert container["Healthcheck"]["Test"] == ["NONE"]
    assert asked["NetworkMode"] == f"{STACK}-users"
    assert asked["AutoRemove"] is True
    assert asked["CapDrop"] == ["ALL"]
    assert asked["SecurityOpt"] == ["no-new-privileges"]
    assert asked["Init"] is True
    assert asked["LogConfig"] == {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "3"}}
    assert not asked.get("PortBindings"), "the server's own machine publishes nothing"
    assert not asked.get("Privileged")
    assert asked["Binds"] == [f"{STACK}-home-alice:/home/jovyan:rw"]


def test_the_sites_environment_reaches_the_container_word_for_word(configure: Configure) -> None:
    environment = {f"NAME_{number}": text for number, text in enumerate([*BRACES, "$HOME %s", "", "a=b"])}
    container = start(configure(notebooks={"environment": environment}).spawner())
    found = environment_of(container)
    assert {name: found[name] for name in environment} == environment


def test_no_secret_of_the_hub_reaches_the_container(hub: ConfiguredHub) -> None:
    found = environment_of(start(hub.spawner()))
    assert not set(SECRETS) & set(found)
    assert not set(SECRETS.values()) & set(found.values())
    assert found["JUPYTERHUB_API_TOKEN"] == "of-this-server"


def test_an_image_that_is_not_there_is_not_pulled(hub: ConfiguredHub, engine: RecordingEngine) -> None:
    engine.images = set()
    with pytest.raises(ImageNotFound):
        asyncio.run(hub.spawner().start())
    assert engine.calls == ["inspect image"]


def test_a_container_that_was_left_behind_is_replaced(hub: ConfiguredHub, engine: RecordingEngine) -> None:
    spawner = hub.spawner()
    engine.left_behind = {spawner.container_name}
    assert start(spawner)["Image"] == NOTEBOOK_IMAGE
    assert engine.calls.index("remove container") < engine.calls.index("create container")


def test_nobody_chooses_an_image_of_their_own(hub: ConfiguredHub) -> None:
    spawner = hub.spawner()
    spawner.user_options = {"image": "evil/image:1"}
    with pytest.raises(Exception, match="Specifying image to launch is not allowed"):
        asyncio.run(spawner.start())


def test_the_address_is_the_containers_on_the_network_of_user_servers(
    hub: ConfiguredHub, engine: RecordingEngine
) -> None:
    assert engine.calls == []
    assert asyncio.run(hub.spawner().start()) == ("10.201.8.1", 8888)


@pytest.mark.usefixtures("engine")
def test_a_start_is_over_when_the_server_listens(hub: ConfiguredHub, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([False, False, True])
    asked = []

    async def listens(address: str, port: int) -> bool:
        asked.append((address, port))
        return next(answers)

    monkeypatch.setattr("images.hub.spawner._listens", listens)
    asyncio.run(hub.spawner().start())
    assert asked == [("10.201.8.1", 8888)] * 3


@pytest.mark.usefixtures("engine")
def test_many_that_start_at_once_are_looked_at_no_more_often_than_few(
    hub: ConfiguredHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    sleep = asyncio.sleep

    async def take_down(seconds: float) -> None:
        pauses.append(seconds)
        await sleep(0)

    async def listens(address: str, port: int) -> bool:  # noqa: ARG001 - as in the spawner
        return len(pauses) >= 60

    async def start_all() -> None:
        await asyncio.gather(*(hub.spawner(f"student{number}").start() for number in range(30)))

    monkeypatch.setattr("images.hub.spawner._listens", listens)
    monkeypatch.setattr("images.hub.spawner.asyncio.sleep", take_down)
    asyncio.run(start_all())
    assert max(pauses) == 0.5
    assert UserServerSpawner._waiting == 0


def test_a_server_that_ends_is_not_waited_for(
    hub: ConfiguredHub, engine: RecordingEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def gone(address: str, port: int) -> bool:  # noqa: ARG001 - as in the spawner
        engine.containers.clear()
        return False

    monkeypatch.setattr("images.hub.spawner._listens", gone)
    monkeypatch.setattr("images.hub.spawner._LISTENS_PAUSE_SECONDS", 0)
    with pytest.raises(SpawnException, match="ended before it was ready"):
        asyncio.run(hub.spawner().start())


@pytest.mark.parametrize("listening", [True, False])
def test_a_port_is_seen_to_be_open_or_not(listening: bool) -> None:
    async def look() -> bool:
        server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        if not listening:
            server.close()
            await server.wait_closed()
        try:
            return await LISTENS("127.0.0.1", port)
        finally:
            server.close()
            await asyncio.sleep(0)  # the other end is closed too

    assert asyncio.run(look()) is listening


# Labels of versions


@pytest.mark.parametrize(
    "change",
    [
        {"notebooks": {"limits": {"memory": "3G"}}},
        {"notebooks": {"limits": {"cpu": 2}}},
        {"notebooks": {"limits": {"pids": 600}}},
        {"notebooks": {"environment": {"COURSE": "1"}}},
        {"notebooks": {"default_url": "/tree"}},
        {"idle": {"kernel_timeout": "2h"}},
        {"storage": {"home": {"mount_path": "/home/someone"}}},
    ],
    ids=str,
)
def test_servers_that_differ_in_a_setting_differ_in_a_label(change: dict[str, object]) -> None:
    before, after = version_labels(runtime_of().user_server), version_labels(runtime_of(**change).user_server)
    assert before["jupyterhub.settings"] != after["jupyterhub.settings"]
    assert before["jupyterhub.image"] == after["jupyterhub.image"]


@pytest.mark.parametrize(
    "change", [{}, {"hub": {"start_timeout": "10m"}}, {"access": {"allowed_users": ["dave"]}}], ids=str
)
def test_what_concerns_no_server_changes_no_label_of_one(change: dict[str, object]) -> None:
    assert version_labels(runtime_of(**change).user_server) == version_labels(runtime_of().user_server)


def test_another_image_changes_only_the_label_of_the_image() -> None:
    server = runtime_of().user_server
    other = version_labels(server.model_copy(update={"image": "another/image:2"}))
    assert other == {**version_labels(server), "jupyterhub.image": "another/image:2"}


# Progress


async def steps(spawner: UserServerSpawner, release: asyncio.Event) -> list[tuple[int, str]]:
    """What somebody who waits is told, until the server has started."""
    told: list[tuple[int, str]] = []

    async def listen() -> None:
        async for event in spawner.progress():
            told.append((event["progress"], event["message"]))

    listener = asyncio.create_task(listen())
    await asyncio.sleep(0)
    release.set()
    await spawner.start()
    await asyncio.sleep(0.25)
    listener.cancel()
    return told


def test_who_waits_is_told_where_the_server_is(hub: ConfiguredHub) -> None:
    told = asyncio.run(steps(hub.spawner(), asyncio.Event()))
    assert told[0] == (0, "Waiting for a place")
    assert told[-1] == (80, "Waiting for JupyterLab to answer")


def test_each_step_is_told_as_it_begins_and_once(
    hub: ConfiguredHub, engine: RecordingEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    spawner = hub.spawner()
    at: dict[str, int] = {}

    def noting(method: str) -> Callable[..., Any]:
        original = getattr(engine, method)

        def call(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - whatever docker-py is called with
            at[method] = spawner._step[0]
            return original(*arguments, **options)

        return call

    for method in ["create_volume", "create_container", "start"]:
        monkeypatch.setattr(engine, method, noting(method))
    asyncio.run(spawner.start())
    assert at == {"create_volume": 20, "create_container": 40, "start": 60}
    assert spawner._step == (80, "Waiting for JupyterLab to answer")


def test_a_step_is_told_once_however_long_it_takes(hub: ConfiguredHub) -> None:
    async def told_in(seconds: float) -> list[dict[str, Any]]:
        told: list[dict[str, Any]] = []

        async def listen() -> None:
            async for event in hub.spawner().progress():
                told.append(event)

        with pytest.raises(TimeoutError):
            await asyncio.wait_for(listen(), seconds)
        return told

    assert asyncio.run(told_in(0.5)) == [{"progress": 0, "message": "Waiting for a place"}]
