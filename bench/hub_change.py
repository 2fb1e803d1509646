"""A change under load: what people at their servers and at the log-in page see of it."""

import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import httpx
from websockets.exceptions import WebSocketException

from bench.arrangement import Arrangement, Image
from bench.recorder import Recorder
from tests.integration.person import Kernel, Person, RefusedError

_PAUSE_SECONDS = 0.1
_AFTERWARDS_SECONDS = 5


@dataclass(frozen=True, kw_only=True)
class Size:
    """How many people work, and how often each image changes."""

    people: int
    rounds: int


_FULL = Size(people=5, rounds=3)
_SMOKE = Size(people=1, rounds=1)


class Worker(NamedTuple):
    """Somebody whose kernel runs."""

    person: Person
    kernel: Kernel
    token: str


class Answer(NamedTuple):
    """What became of a request."""

    failure: str | None
    seconds: float


def measure_hub_change(recorder: Recorder, arrangements: Sequence[Arrangement], *, smoke: bool) -> None:
    """Bring another hub, notebook image and reverse proxy into use while people work."""
    size = _SMOKE if smoke else _FULL
    for number in range(size.rounds):
        for image in [Image.HUB] if smoke else Image:
            for arrangement in arrangements:
                recorder.say(
                    f"another image of {image}, round {number + 1} of {size.rounds}: {arrangement.subject.value}"
                )
                _measure(recorder, arrangement, image, size.people)


def _measure(recorder: Recorder, arrangement: Arrangement, image: Image, people: int) -> None:
    over = threading.Event()
    with ExitStack() as stack:
        at_work = [stack.enter_context(_at_work(arrangement, f"worker{number}")) for number in range(people)]
        with ThreadPoolExecutor(2 * people + 1) as pool:
            requests = [pool.submit(_ask_server, worker, over) for worker in at_work]
            websockets = [pool.submit(_is_dropped, worker.kernel, over) for worker in at_work]
            log_ins = pool.submit(_log_in_again_and_again, arrangement, over)
            try:
                arrangement.renew(image)
                arrangement.up_until_log_in()
                time.sleep(_AFTERWARDS_SECONDS)
            finally:
                over.set()
    answers = [answer for future in requests for answer in future.result()]
    failures = [answer.failure for answer in answers]
    for failure in sorted({failure for failure in failures if failure}):
        recorder.say(f"    failed {failures.count(failure)} times: {failure}")
    recorder.add(f"{image}_failed", arrangement.subject, (1 - failures.count(None) / len(failures)) * 100)
    recorder.add(f"{image}_longest", arrangement.subject, max(answer.seconds for answer in answers))
    dropped = [future.result() for future in websockets]
    recorder.add(f"{image}_dropped", arrangement.subject, dropped.count(True) / len(dropped) * 100)
    moments = log_ins.result()
    recorder.add(f"{image}_outage", arrangement.subject, max(later - earlier for earlier, later in pairwise(moments)))


@contextmanager
def _at_work(arrangement: Arrangement, name: str) -> Iterator[Worker]:
    """Somebody with a running kernel."""
    with arrangement.person(name) as person:
        person.start_server()
        token = person.hub_api("POST", f"/users/{person.path}/tokens", json={"note": "bench"}).json()["token"]
        with person.kernel(keep=True) as kernel:
            kernel.run("1")
            yield Worker(person, kernel, token)
    with arrangement.person(name) as person:  # the connections of before may be gone
        if person.server():
            person.stop_server()


def _ask_server(worker: Worker, over: threading.Event) -> list[Answer]:
    """What became of each request to a server, which asks the hub about every one of them."""
    answers = []
    while not over.wait(_PAUSE_SECONDS):
        began = time.monotonic()
        failure = _failure(worker)
        answers.append(Answer(failure, time.monotonic() - began))
    return answers


def _failure(worker: Worker) -> str | None:
    # A server remembers for five minutes what the hub says of a session; of many people, some are always asked about
    # anew.
    session = f"jupyterhub-session-id={uuid.uuid4().hex}"
    headers = {"Authorization": f"token {worker.token}", "Cookie": session}
    url = f"/user/{worker.person.path}/api/status"
    try:
        answer = worker.person.http.get(url, headers=headers, follow_redirects=False)
    except httpx.TransportError as error:
        return f"{type(error).__name__}: {error}"
    return None if answer.status_code == httpx.codes.OK else f"{answer.status_code} {answer.text[:200]}"


def _is_dropped(kernel: Kernel, over: threading.Event) -> bool:
    """Whether a websocket that is used all the time is dropped."""
    try:
        while not over.wait(_PAUSE_SECONDS):
            kernel.run("1 + 1", seconds=30)
    except (WebSocketException, TimeoutError, OSError):
        return True
    return False


def _log_in_again_and_again(arrangement: Arrangement, over: threading.Event) -> list[float]:
    """When somebody was let in, in seconds, and when it was begun and ended."""
    moments = [time.monotonic()]
    while not over.wait(_PAUSE_SECONDS):
        try:
            arrangement.person("visitor").http.close()
        except (httpx.HTTPError, RefusedError):
            continue
        moments.append(time.monotonic())
    return [*moments, time.monotonic()]
