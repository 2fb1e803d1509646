"""The front door: requests, files and websockets to a user's server, itself and through either arrangement."""

import os
import time
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import docker
import httpx

from bench.arrangement import Arrangement
from bench.figures import Subject
from bench.load import HOST, echo_latency, percentiles, request_rate, unchecked
from bench.recorder import Recorder
from images.hub.runtime import USER_SERVER_PORT

_API, _STATIC = "/api", "/static/favicons/favicon.ico"
_CHUNK = 2**20  # bytes; JupyterLab sends a large file in pieces of this size
_KERNELS = 10


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much is sent in a round."""

    seconds: int
    """How long requests are sent for."""
    megabytes: int
    sockets: int
    echoes: int
    rounds: int


_FULL = Size(seconds=5, megabytes=200, sockets=100, echoes=500, rounds=5)
_SMOKE = Size(seconds=1, megabytes=10, sockets=10, echoes=20, rounds=1)


@dataclass(frozen=True, kw_only=True)
class Way:
    """One way to a user's server."""

    subject: Subject
    address: str
    path: str
    token: str
    kernels: list[str]

    def client(self) -> httpx.Client:
        """A client that shows who it is."""
        headers = {"Authorization": f"token {self.token}", "Host": HOST}
        return httpx.Client(
            base_url=self.address + self.path, headers=headers, verify=unchecked(), timeout=120, trust_env=False
        )


def measure_front_door(
    recorder: Recorder, engine: docker.DockerClient, arrangements: Sequence[Arrangement], *, smoke: bool
) -> None:
    """Measure every way in turn, round by round."""
    size = _SMOKE if smoke else _FULL
    with ExitStack() as servers:
        ways = [way for arrangement in arrangements for way in servers.enter_context(_ways(arrangement))]
        for number in range(size.rounds):
            for way in ways:
                recorder.say(f"front door, round {number + 1} of {size.rounds}: {way.subject.value}")
                _measure_requests(recorder, engine, way, size)
                _measure_files(recorder, way, size)
                _measure_echoes(recorder, way, size)


@contextmanager
def _ways(arrangement: Arrangement) -> Iterator[list[Way]]:
    """The ways to a new server: through the arrangement's front door and, with ours, past it."""
    with arrangement.person("load") as person:
        person.start_server()
        try:
            token = person.hub_api("POST", f"/users/{person.path}/tokens", json={"note": "bench"}).json()["token"]
            kernels = [person.server_api("POST", "/kernels").json()["id"] for _ in range(_KERNELS)]
            doors = {arrangement.subject: arrangement.front_door}
            if arrangement.subject is Subject.OURS:
                [network] = arrangement.server(person.name).attrs["NetworkSettings"]["Networks"].values()
                doors[Subject.SERVER_ITSELF] = f"http://{network['IPAddress']}:{USER_SERVER_PORT}"
            path = f"/user/{person.path}"
            yield [
                Way(subject=subject, address=address, path=path, token=token, kernels=kernels)
                for subject, address in doors.items()
            ]
        finally:
            person.stop_server()


def _measure_requests(recorder: Recorder, engine: docker.DockerClient, way: Way, size: Size) -> None:
    for name, file in (("api", _API), ("static", _STATIC)):
        rate = request_rate(engine, way.address + way.path + file, size.seconds)
        recorder.add(f"{name}_rate", way.subject, rate.requests)
        recorder.add(f"{name}_p50", way.subject, rate.p50)
        recorder.add(f"{name}_p99", way.subject, rate.p99)


def _measure_files(recorder: Recorder, way: Way, size: Size) -> None:
    chunk = b64encode(os.urandom(_CHUNK)).decode()
    with way.client() as client:
        began = time.perf_counter()
        for number in [*range(1, size.megabytes), -1]:  # the last one is -1
            model = {"type": "file", "format": "base64", "content": chunk, "chunk": number}
            client.put("/api/contents/large.bin", json=model).raise_for_status()
        recorder.add("upload", way.subject, size.megabytes / (time.perf_counter() - began))
        began = time.perf_counter()
        with client.stream("GET", "/files/large.bin") as answer:
            answer.raise_for_status()
            received = sum(len(piece) for piece in answer.iter_raw())
        recorder.add("download", way.subject, received / _CHUNK / (time.perf_counter() - began))
    if received != size.megabytes * _CHUNK:
        raise RuntimeError(f"{received} bytes came back of {size.megabytes * _CHUNK}")


def _measure_echoes(recorder: Recorder, way: Way, size: Size) -> None:
    milliseconds = echo_latency(way.address, way.path, way.token, way.kernels, sockets=size.sockets, echoes=size.echoes)
    p50, p99 = percentiles(milliseconds)
    recorder.add("echo_p50", way.subject, p50)
    recorder.add("echo_p99", way.subject, p99)
