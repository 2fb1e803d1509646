"""Starting servers, one and many at once, against containers that are run by hand; and what an idle one takes."""

import json
import subprocess
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from typing import Any, Protocol, cast

import docker
import httpx
from docker.models.containers import Container

from bench.arrangement import Arrangement
from bench.figures import Subject
from bench.load import LABELS
from bench.recorder import Recorder
from bench.untuned_image import untuned_image, watched_image
from images.hub.runtime import USER_SERVER_PORT
from tests.integration.person import Person

_PAUSE_SECONDS = 0.02
_TIMEOUT_SECONDS = 300
_CLICK_AGAIN_SECONDS = 1
# Not `jupyter lab`, which starts another Python first.
_ALONE = ["jupyter-lab", "--no-browser", "--ip=0.0.0.0", "--IdentityProvider.token="]


@dataclass(frozen=True, kw_only=True)
class Size:
    """How often so many servers are started at once, and how often and for how long an idle one is watched."""

    rounds: dict[int, int]
    idle_rounds: int
    idle_seconds: int


_FULL = Size(rounds={1: 5, 10: 2, 30: 3}, idle_rounds=3, idle_seconds=30)
_SMOKE = Size(rounds={1: 1}, idle_rounds=1, idle_seconds=4)


class Servers(Protocol):
    """Servers that can be started by number."""

    subject: Subject

    def start(self, number: int) -> int:
        """Start one and wait until it answers; how often that failed before."""

    def container(self, number: int) -> Container:
        """The container of one that was started."""

    def stop(self, count: int) -> None:
        """Stop the first ones."""


def measure_server_starts(
    recorder: Recorder,
    engine: docker.DockerClient,
    arrangements: Sequence[Arrangement],
    images: dict[str, str],
    *,
    smoke: bool,
) -> None:
    """Start servers by every means in turn; `images` are ours by name."""
    size = _SMOKE if smoke else _FULL
    of_hubs = [HubServers(arrangement, max(size.rounds)) for arrangement in arrangements]
    by_hand = [
        RunServers(engine, Subject.UNTUNED_RUN, untuned_image(engine)),
        RunServers(engine, Subject.OUR_RUN, images["notebook"]),
    ]
    everything: list[Servers] = [*by_hand, *of_hubs]
    remove_run_by_hand(engine)  # of a run that was killed
    try:
        for count, rounds in size.rounds.items():
            for number in range(rounds):
                for servers in everything:
                    recorder.say(f"{count} servers at once, round {number + 1} of {rounds}: {servers.subject.value}")
                    _measure_start(recorder, servers, count)
        for arrangement in arrangements:
            arrangement.have_servers_watched()
        watched = RunServers(engine, Subject.UNTUNED_RUN, watched_image(engine))
        for number in range(size.idle_rounds):
            recorder.say(f"one idle server of each kind, round {number + 1} of {size.idle_rounds}")
            _measure_idle(recorder, [watched, *of_hubs], size.idle_seconds)
    finally:
        remove_run_by_hand(engine)


def _measure_start(recorder: Recorder, servers: Servers, count: int) -> None:
    began = time.perf_counter()
    with ThreadPoolExecutor(count) as pool:
        failed = list(pool.map(servers.start, range(count)))
    recorder.add(f"start_{count}", servers.subject, time.perf_counter() - began)
    recorder.add(f"start_{count}_failed", servers.subject, sum(failed) / (count + sum(failed)) * 100)
    servers.stop(count)


def _measure_idle(recorder: Recorder, everything: Sequence[Servers], seconds: int) -> None:
    """Leave one server of each kind alone, all at the same time."""
    for servers in everything:
        servers.start(0)
    time.sleep(seconds / 2)  # what a start puts off is not idleness
    before = [_stats(servers.container(0)) for servers in everything]
    time.sleep(seconds)
    after = [_stats(servers.container(0)) for servers in everything]
    for servers, earlier, later in zip(everything, before, after, strict=True):
        share = (_processor_seconds(later) - _processor_seconds(earlier)) / (_moment(later) - _moment(earlier))
        recorder.add("idle_processor", servers.subject, share * 100)
        recorder.add("idle_memory", servers.subject, _memory(later) / 1e6)
        servers.stop(1)


def _stats(container: Container) -> dict[str, Any]:
    return cast(dict[str, Any], container.stats(stream=False, one_shot=True))


def _processor_seconds(stats: dict[str, Any]) -> float:
    return float(stats["cpu_stats"]["cpu_usage"]["total_usage"]) / 1e9


def _moment(stats: dict[str, Any]) -> float:
    # Python's own takes no nanoseconds: 2026-01-01T00:00:00.123456789Z
    return datetime.fromisoformat(stats["read"][:26].rstrip("Z") + "+00:00").timestamp()


def _memory(stats: dict[str, Any]) -> float:
    """Bytes, without the page cache: files of an image count for whichever container read them first."""
    memory = stats["memory_stats"]
    page_cache = memory["stats"].get("total_cache", memory["stats"].get("file", 0))  # of either version of cgroups
    return float(memory["usage"] - page_cache)


class RunServers:
    """Containers of an image that are run by hand, without a hub."""

    def __init__(self, engine: docker.DockerClient, subject: Subject, image: str) -> None:
        self.subject = subject
        self._engine = engine
        self._image = image
        self._started: dict[int, Container] = {}

    def start(self, number: int) -> int:
        """Run JupyterLab and wait until it answers.

        Raises:
            TimeoutError: it does not.
        """
        labels = [f"--label={name}={value}" for name, value in LABELS.items()]
        command = ["docker", "run", "--detach", *labels, self._image, *_ALONE]
        answer = subprocess.run(command, check=True, capture_output=True, text=True)
        self._started[number] = self._engine.containers.get(answer.stdout.strip())
        address = self._started[number].attrs["NetworkSettings"]["IPAddress"]
        deadline = time.monotonic() + _TIMEOUT_SECONDS
        while not _answers(address):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self._image} did not answer")
            time.sleep(_PAUSE_SECONDS)
        return 0

    def container(self, number: int) -> Container:
        """The container of one that was started."""
        return self._started[number]

    def stop(self, count: int) -> None:
        """Remove the first ones."""
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda number: self._started.pop(number).remove(force=True), range(count)))


def remove_run_by_hand(engine: docker.DockerClient) -> None:
    """Remove every container that was run by hand."""
    for container in engine.containers.list(all=True, filters={"label": [f"{key}={LABELS[key]}" for key in LABELS]}):
        container.remove(force=True)


def _answers(address: str) -> bool:
    # The cheapest client there is: what asks takes time from what starts.
    connection = HTTPConnection(address, USER_SERVER_PORT, timeout=5)
    try:
        connection.request("GET", "/api")
        return connection.getresponse().status == HTTPStatus.OK
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


class HubServers:
    """Servers that a hub starts, each for a person of its own who has logged in before."""

    def __init__(self, arrangement: Arrangement, count: int) -> None:
        self.subject = arrangement.subject
        self._arrangement = arrangement
        self._people = [arrangement.person(f"student{number}") for number in range(count)]

    def start(self, number: int) -> int:
        """Click, and wait until the hub says that the server is ready and it answers; click again if it fails.

        Raises:
            TimeoutError: it never came up.
        """
        person = self._people[number]
        deadline = time.monotonic() + _TIMEOUT_SECONDS
        failed = 0
        while not _is_started(person):
            failed += 1
            if time.monotonic() > deadline:
                raise TimeoutError(f"the server of {person.name} did not come up")
            time.sleep(_CLICK_AGAIN_SECONDS)
        return failed

    def container(self, number: int) -> Container:
        """The container of one that was started."""
        return self._arrangement.server(self._people[number].name)

    def stop(self, count: int) -> None:
        """Stop those that were started first."""
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(Person.stop_server, self._people[:count]))


def _is_started(person: Person) -> bool:
    """Click once; whether the server comes up by that, and answers: in a burst, some are gone once they are ready."""
    try:
        return _click(person) and person.http.get(f"/user/{person.path}/api").is_success
    except httpx.TransportError:
        return False


def _click(person: Person) -> bool:
    """Ask for the server and read what the page with the progress bar reads; whether the server is ready at its end."""
    answer = person.hub_api("POST", f"/users/{person.path}/server")
    if answer.status_code != httpx.codes.ACCEPTED:
        return answer.status_code in {httpx.codes.CREATED, httpx.codes.BAD_REQUEST}  # the latter if it runs already
    with person.http.stream("GET", f"/hub/api/users/{person.path}/server/progress") as events:
        told = [json.loads(line.removeprefix("data:")) for line in events.iter_lines() if line.startswith("data:")]
    return bool(told and told[-1].get("ready"))
