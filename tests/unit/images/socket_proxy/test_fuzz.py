"""Requests that nobody thought of: whatever they are, nothing that is not harmless reaches the engine."""

import copy
import json
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.unit.images.socket_proxy.refusals import BODIES
from tests.unit.images.socket_proxy.rules import objection
from tests.unit.images.socket_proxy.site import (
    CONTAINER,
    CREATE,
    IMAGE,
    STACK,
    VOLUME,
    accepted,
    accepted_volume,
    container,
    encoded,
)
from tests.unit.images.socket_proxy.wire import Asked, RunningProxy

_fuzzed = settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

_WORDS = [
    "Privileged",
    "privileged",
    "HostConfig",
    "hostconfig",
    "HOSTCONFIG",
    "Binds",
    "Mounts",
    "CapAdd",
    "PidMode",
    "NetworkMode",
    "Devices",
    "Memory",
    "Image",
    "User",
    "Entrypoint",
    "Labels",
    "jupyterhub.stack",
    "jupyterhub.role",
    "traefik.enable",
    "Type",
    "Config",
    "Test",
    "DriverOpts",
    "Name",
    "Driver",
    "o",
    "device",
    "Runtime",
    "host_config",
    "Ho\u017ftConfig",
]
_TEXTS = st.one_of(
    st.sampled_from(
        [
            *[
                "",
                "host",
                "ALL",
                "SYS_ADMIN",
                "seccomp=unconfined",
                "no-new-privileges",
                "/",
                "/:/host:rw",
                "local",
                "syslog",
                "NONE",
            ],
            *[
                "hub",
                "user-server",
                STACK,
                "jupyterhub-prod",
                IMAGE,
                "debian",
                VOLUME,
                f"{VOLUME}:/home/jovyan:rw",
                CONTAINER,
            ],
            *[
                "/var/run/docker.sock",
                f"{VOLUME}:/:rw",
                "bind",
                "10m",
                "8888/tcp",
                f"{STACK}-users",
                "container:hub",
                "..",
                "\0",
            ],
        ]
    ),
    st.text(max_size=5),
)
_SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([0, -1, 1, 2, 1000, 100_000, 150_000, 2**30, 2**30 + 1, 2**63, 10**400, 0.5, 1e9]),
    st.integers(),
    st.floats(),
    _TEXTS,
)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.one_of(st.sampled_from(_WORDS), _TEXTS), inner, max_size=3)
    ),
    max_leaves=5,
)
_CASES = [str.upper, str.lower, str.swapcase, str.title, lambda text: text + " ", lambda text: text[:-1]]


class _Repeated(str):
    """A key that is equal to no other, so that an object may hold it twice."""

    __slots__ = ()

    def __hash__(self) -> int:
        return id(self)

    def __eq__(self, other: object) -> bool:
        return self is other


def _places(value: Any) -> list[Any]:  # noqa: ANN401 - any JSON
    """Every object and list in a value."""
    found = []
    if isinstance(value, dict | list):
        found.append(value)
        for inner in value.values() if isinstance(value, dict) else value:
            found += _places(inner)
    return found


def _edit(data: st.DataObject, body: Any) -> None:  # noqa: ANN401 - any JSON
    place = data.draw(st.sampled_from(_places(body)))
    keys = list(place) if isinstance(place, dict) else list(range(len(place)))
    acts = ["add"] if not keys else ["add", "replace", "replace", "remove", "repeat", "case", "move"]
    act = data.draw(st.sampled_from(acts))
    key = data.draw(st.sampled_from(keys)) if keys else None
    if act == "add":
        if isinstance(place, dict):
            place[data.draw(st.one_of(st.sampled_from(_WORDS), _TEXTS))] = data.draw(_VALUES)
        else:
            place.append(data.draw(_VALUES))
    elif act == "replace":
        place[key] = data.draw(_VALUES)
    elif act == "remove":
        del place[key]
    elif act == "repeat":
        value = data.draw(st.one_of(st.just(place[key]), _VALUES))
        if isinstance(place, dict):
            place[_Repeated(key)] = value
        else:
            place.append(value)
    elif isinstance(place, dict) and act == "case":
        place[data.draw(st.sampled_from(_CASES))(str(key))] = place.pop(key)
    else:
        other = data.draw(st.sampled_from(_places(body)))
        value = copy.deepcopy(place[key])
        if isinstance(other, dict):
            other[str(key)] = value
        else:
            other.append(value)


def assert_harmless(proxy: RunningProxy, own: set[str] | None = None) -> None:
    """Nothing that reached the engine is forbidden."""
    for asked in proxy.engine.asked:
        assert objection(asked, own or set()) is None, (objection(asked, own or set()), asked)


@given(data=st.data())
@_fuzzed
def test_changed_containers(proxy: RunningProxy, data: st.DataObject) -> None:
    proxy.engine.forget()
    body: Any = accepted()
    for _ in range(data.draw(st.integers(0, 4))):
        _edit(data, body)
    answer = proxy.ask("POST", CREATE, json.dumps(body).encode("utf-8", "surrogatepass"))
    assert answer.status in {200, 403}, answer
    assert (answer.status == 200) == (len(proxy.engine.changes) == 1)
    assert_harmless(proxy)


@given(data=st.data())
@_fuzzed
def test_changed_volumes(proxy: RunningProxy, data: st.DataObject) -> None:
    proxy.engine.forget()
    body: Any = {**accepted_volume(), "DriverOpts": {}}
    for _ in range(data.draw(st.integers(0, 3))):
        _edit(data, body)
    answer = proxy.ask("POST", "/volumes/create", json.dumps(body).encode("utf-8", "surrogatepass"))
    assert answer.status in {200, 403}, answer
    assert (answer.status == 200) == (len(proxy.engine.changes) == 1)
    assert_harmless(proxy)


@given(data=st.data())
@_fuzzed
def test_changed_bytes(proxy: RunningProxy, data: st.DataObject) -> None:
    proxy.engine.forget()
    body = bytearray(encoded(accepted()))
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(body)))
        end = data.draw(st.integers(start, min(len(body), start + 20)))
        body[start:end] = data.draw(
            st.one_of(st.binary(max_size=4), st.sampled_from([b"{", b"}", b'"', b",", b":", b"null"]))
        )
    answer = proxy.ask("POST", CREATE, bytes(body))
    assert answer.status in {200, 403}, answer
    assert_harmless(proxy)


_SEGMENTS = st.one_of(
    st.sampled_from(
        [
            *[
                "v1.41",
                "v1.24",
                "containers",
                "images",
                "volumes",
                "create",
                "json",
                "start",
                "stop",
                "exec",
                "..",
                ".",
                "",
                "%2e%2e",
            ],
            *[
                CONTAINER,
                VOLUME,
                IMAGE,
                f"{STACK}-hub",
                "_ping",
                "version",
                "info",
                "%2f",
                "%00",
                "archive",
                "OWN",
                "OTHER",
                "kill",
            ],
        ]
    ),
    st.text(max_size=4).map(lambda text: text.replace(" ", "").replace("\r", "").replace("\n", "")),
)
_QUERIES = st.one_of(
    st.just(""),
    st.sampled_from(
        [
            f"?name={CONTAINER}",
            "?name=x",
            "?t=1",
            "?t=999",
            "?v=True&link=False&force=False",
            "?force=1",
            "?link=1",
            "?x",
            "?",
        ]
    ),
)


@given(
    method=st.sampled_from(["GET", "POST", "DELETE", "PUT", "HEAD", "PATCH", "CONNECT", "OPTIONS", "get", "X"]),
    segments=st.lists(_SEGMENTS, min_size=1, max_size=6),
    query=_QUERIES,
    body=st.sampled_from([None, b"", encoded(accepted()), encoded(accepted_volume()), b'{"HostConfig": {}}']),
)
@example("POST", ["containers", "create"], f"?name={CONTAINER}", encoded(accepted()))
@example("POST", ["containers", "OWN", "start"], "", b"{}")
@example("DELETE", ["containers", "OTHER"], "?force=1", None)
@_fuzzed
def test_any_method_and_path(
    proxy: RunningProxy, method: str, segments: list[str], query: str, body: bytes | None
) -> None:
    proxy.engine.forget()
    own = proxy.engine.add_container(**container())
    other = proxy.engine.add_container(f"{STACK}-hub", {"jupyterhub.stack": STACK, "jupyterhub.role": "hub"})
    path = "/" + "/".join(segments).replace("OWN", own).replace("OTHER", other)
    answer = proxy.ask(method, path + query, body)
    assert 200 <= answer.status < 500, answer
    assert_harmless(proxy, {own})
    assert other in proxy.engine.containers


@given(
    parts=st.lists(
        st.one_of(
            st.binary(max_size=20),
            st.sampled_from(
                [
                    b"GET /_ping HTTP/1.1\r\nHost: d\r\n\r\n",
                    b"POST /volumes/create HTTP/1.1\r\nHost: d\r\n",
                    CREATE.join(["POST ", " HTTP/1.1\r\nHost: d\r\n"]).encode(),
                    b"Content-Length: 2\r\n",
                    b"Transfer-Encoding: chunked\r\n",
                    b"\r\n",
                    b"2\r\n{}\r\n0\r\n\r\n",
                    b"Connection: Upgrade\r\nUpgrade: tcp\r\n",
                    encoded(accepted_volume()),
                    BODIES["HostConfig.Privileged"],
                ]
            ),
        ),
        max_size=8,
    )
)
@settings(_fuzzed, max_examples=60)
def test_any_bytes(proxy: RunningProxy, parts: list[bytes]) -> None:
    proxy.engine.forget()
    with proxy.connect() as connection:
        connection.sendall(b"".join(parts) + b"\r\n\r\n")
    assert proxy.ask("GET", "/version").json["ApiVersion"] == "1.41"
    assert_harmless(proxy)


def test_what_judges_takes_the_accepted_and_none_of_the_refused() -> None:
    def judged(body: bytes) -> str | None:
        return objection(Asked("POST", "/containers/create", f"name={CONTAINER}", body), set())

    assert judged(encoded(accepted())) is None
    for what, body in BODIES.items():
        try:
            reason = judged(body)
        except (ValueError, AssertionError, RecursionError, KeyError):
            continue
        harmless = ("2 MiB", "half a character", "label with half a character", "byte order")
        assert reason is not None or what.startswith(harmless), what
