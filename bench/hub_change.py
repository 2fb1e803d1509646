"""A change under load: what people at their servers and at the log-in page see of it."""

import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import pairwise

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
            requests = [pool.submit(_ask_server, person, over) for person, _ in at_work]
            websockets = [pool.submit(_is_dropped, kernel, over) for _, kernel in at_work]
            log_ins = pool.submit(_log_in_again_and_again, arrangement, over)
            try:
                arrangement.renew(image)
                arrangement.up_until_log_in()
                time.sleep(_AFTERWARDS_SECONDS)
            finally:
                over.set()
    failures = [failure for future in requests for failure in future.result()]
    for failure in sorted({failure for failure in failures if failure}):
        recorder.say(f"    failed {failures.count(failure)} times: {failure}")
    recorder.add(f"{image}_failed", arrangement.subject, (1 - failures.count(None) / len(failures)) * 100)
    dropped = [future.result() for future in websockets]
    recorder.add(f"{image}_dropped", arrangement.subject, dropped.count(True) / len(dropped) * 100)
    moments = log_ins.result()
    recorder.add(f"{image}_outage", arrangement.subject, max(later - earlier for earlier, later in pairwise(moments)))


@contextmanager
def _at_work(arrangement: Arrangement, name: str) -> Iterator[tuple[Person, Kernel]]:
    """Somebody with a running kernel."""
    with arrangement.person(name) as person:
        person.start_server()
        with person.kernel(keep=True) as kernel:
            kernel.run("1")
            yield person, kernel
    with arrangement.person(name) as person:  # the connections of before may be gone
        if person.server():
            person.stop_server()


def _ask_server(person: Person, over: threading.Event) -> list[str | None]:
    """How each request to the server failed, or not; the hub is asked about each of them."""
    failures = []
    token = person.hub_api("POST", f"/users/{person.path}/tokens", json={"note": "bench"}).json()["token"]
    while not over.wait(_PAUSE_SECONDS):
        # A server remembers for five minutes what the hub says of a session; of many people, some are always asked
        # about anew.
        session = f"jupyterhub-session-id={uuid.uuid4().hex}"
        headers = {"Authorization": f"token {token}", "Cookie": session}
        try:
            answer = person.http.get(f"/user/{person.path}/api/status", headers=headers)
            said = f"{answer.status_code} {answer.text[:200]}"
            failures.append(None if answer.status_code == httpx.codes.OK else said)
        except httpx.TransportError as error:
            failures.append(f"{type(error).__name__}: {error}")
    return failures


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
