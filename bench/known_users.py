"""How long a hub takes that knows few people or many, each time with another database."""

import time
from statistics import median

from bench.figures import Subject
from bench.our_stack import OurStack
from bench.recorder import Recorder
from images.hub.runtime import DATA_FOLDER
from tests.integration.person import Person

_KNOWN = {Subject.KNOWN_100: 100, Subject.KNOWN_1000: 1_000, Subject.KNOWN_10000: 10_000}
_ROUNDS = 3
_ASKED = 20  # times in each round
_AT_ONCE = 500  # people made known in one request


def measure_known_users(recorder: Recorder, stack: OurStack, *, smoke: bool) -> None:
    """Log people in and ask the hub's API, with each database in turn."""
    before = _database(stack)
    databases = _databases(recorder, stack, {subject: _KNOWN[subject] for subject in list(_KNOWN)[: 2 if smoke else 3]})
    for number in range(1 if smoke else _ROUNDS):
        for subject, database in databases.items():
            recorder.say(f"known users, round {number + 1}: {subject.value}")
            recorder.add("known_start", subject, _restart_with(stack, database))
            _measure(recorder, stack, subject)
    _restart_with(stack, before)


def _databases(recorder: Recorder, stack: OurStack, known: dict[Subject, int]) -> dict[Subject, bytes]:
    """The hub's database, as an archive, with that many people in it."""
    databases = {}
    made = 0
    for subject, count in known.items():
        recorder.say(f"people are made known: {subject.value}")
        with _admin(stack) as admin:
            for first in range(made, count, _AT_ONCE):
                names = [_name(number) for number in range(first, min(first + _AT_ONCE, count))]
                admin.hub_api("POST", "/users", json={"usernames": names}).raise_for_status()
        made = count
        databases[subject] = _database(stack)
    return databases


def _database(stack: OurStack) -> bytes:
    """The hub's database as it is, in an archive."""
    hub = stack.deployment.container("hub")
    hub.stop()
    stream, _ = hub.get_archive(f"{DATA_FOLDER}/jupyterhub.sqlite")
    database = b"".join(stream)
    hub.start()
    stack.wait_for_log_in()
    return database


def _restart_with(stack: OurStack, database: bytes) -> float:
    """Give the hub another database; the seconds from its start to its log-in page."""
    hub = stack.deployment.container("hub")
    hub.stop()
    hub.put_archive(str(DATA_FOLDER), database)
    began = time.perf_counter()
    hub.start()
    stack.wait_for_log_in()
    return time.perf_counter() - began


def _measure(recorder: Recorder, stack: OurStack, subject: Subject) -> None:
    log_ins = []
    for number in range(_ASKED):
        began = time.perf_counter()
        stack.person(_name(number)).http.close()
        log_ins.append(time.perf_counter() - began)
    recorder.add("known_log_in", subject, median(log_ins) * 1000)
    with _admin(stack) as admin:
        for figure, path in {"known_user": f"/users/{_name(7)}", "known_page": "/users?limit=50"}.items():
            recorder.add(figure, subject, median(_milliseconds(admin, path) for _ in range(_ASKED)))


def _milliseconds(person: Person, path: str) -> float:
    began = time.perf_counter()
    person.hub_api("GET", path).raise_for_status()
    return (time.perf_counter() - began) * 1000


def _admin(stack: OurStack) -> Person:
    return Person("admin", stack.url, stack.ca_certificate_pem).log_in(stack.admin_password)


def _name(number: int) -> str:
    return f"known{number}"
