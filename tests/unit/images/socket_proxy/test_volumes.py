"""Volumes that a hub makes for homes, and no others."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.images.socket_proxy.site import STACK, VOLUME, accepted_volume, encoded
from tests.unit.images.socket_proxy.wire import RunningProxy

TARGET = "/v1.41/volumes/create"
LABELS = accepted_volume()["Labels"]


def _changed(**fields: object) -> bytes:
    return encoded({**accepted_volume(), **fields})


def _without(field: str) -> bytes:
    return encoded({key: value for key, value in accepted_volume().items() if key != field})


_OTHER_LABELS: list[object] = [
    None,
    {},
    {"jupyterhub.user": "alice"},
    {"jupyterhub.stack": "jupyterhub-prod"},
    {"jupyterhub.stack": STACK, "jupyterhub.role": "hub"},
    {**LABELS, "com.docker.volume.anonymous": ""},
    {**LABELS, "jupyterhub.user": 1},
    [],
]
REFUSED: dict[str, bytes] = {
    **{
        f"name {name!r}": _changed(Name=name)
        for name in [
            "",
            "x",
            None,
            f"{STACK}-home-",
            f"{STACK}-hub-data",
            f"{STACK}-docker-api",
            "jupyterhub-prod-home-alice",
            f"{STACK}-home-../../etc",
            f"{STACK}-home-a/b",
            f"{STACK}-home-a\n",
            f"{STACK}-home-A",
            f"{STACK}-home-ü",
            f"x{STACK}-home-a",
            f"{STACK}-home-{'a' * 235}",
            [VOLUME],
        ]
    },
    **{
        f"driver {driver!r}": _changed(Driver=driver)
        for driver in ["", "Local", "nfs", "vieux/sshfs", "local ", None, ["local"]]
    },
    **{
        f"options {options}": _changed(DriverOpts=options)
        for options in [
            {"type": "none", "o": "bind", "device": "/"},
            {"type": "nfs", "o": "addr=10.0.0.1", "device": ":/"},
            {"type": "tmpfs", "device": "tmpfs"},
            {"o": "bind"},
            {"size": "1T"},
            {"": ""},
            [],
            "o=bind",
        ]
    },
    **{f"labels {labels}": _changed(Labels=labels) for labels in _OTHER_LABELS},
    **{
        f"field {field}": _changed(**{field: value})
        for field, value in {
            "ClusterVolumeSpec": {},
            "Options": {"o": "bind"},
            "driveropts": {"type": "none", "o": "bind", "device": "/"},
            "driverOpts": {},
            "Mountpoint": "/",
            "Scope": "global",
            "name": "x",
        }.items()
    },
    **{f"without {field}": _without(field) for field in ["Name", "Driver", "Labels"]},
    "options twice": encoded(accepted_volume())[:-1] + b', "DriverOpts": {}, "DriverOpts": {"o": "bind"}}',
    "name twice": encoded(accepted_volume())[:-1] + b', "Name": "x"}',
    "half a character": _changed(Labels={**LABELS, "jupyterhub.user": "\ud800"}),
    "empty": b"",
    "not an object": b"[]",
    "text after it": encoded(accepted_volume()) + b"{}",
    "2 MiB": encoded(accepted_volume()) + b" " * 2**21,
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused(proxy: RunningProxy, caplog: pytest.LogCaptureFixture, what: str) -> None:
    answer = proxy.ask("POST", TARGET, REFUSED[what])
    assert answer.status == 403, answer
    assert answer.message.startswith("refused by this site's socket proxy: ")
    assert proxy.engine.asked == []
    assert [text for text in caplog.messages if text.startswith(f"refused POST {TARGET}: ")]
    assert_made_as_asked(proxy)


def assert_made_as_asked(proxy: RunningProxy) -> None:
    proxy.engine.forget()
    assert proxy.ask("POST", TARGET, encoded(accepted_volume())).json["Name"] == VOLUME
    assert proxy.engine.lines == [f"GET /volumes/{VOLUME}", "POST /volumes/create"]
    assert json.loads(proxy.engine.asked[-1].body) == accepted_volume()


@pytest.mark.parametrize("query", ["?name=x", "?", "?x"])
def test_it_has_no_query(proxy: RunningProxy, query: str) -> None:
    assert proxy.ask("POST", TARGET + query, encoded(accepted_volume())).status == (200 if query == "?" else 403)
    assert all(asked.query == "" for asked in proxy.engine.asked)


@pytest.mark.parametrize("options", [None, {}])
def test_no_options_are_allowed(proxy: RunningProxy, options: object) -> None:
    assert proxy.ask("POST", TARGET, _changed(DriverOpts=options)).status == 200
    assert not json.loads(proxy.engine.asked[-1].body).get("DriverOpts")


@pytest.mark.parametrize("suffix", ["a", "-c3-bc", "-", "a" * (255 - len(f"{STACK}-home-"))])
def test_names_that_the_hub_makes_are_taken(proxy: RunningProxy, suffix: str) -> None:
    assert proxy.ask("POST", TARGET, _changed(Name=f"{STACK}-home-{suffix}")).status == 200


def _another_stacks(volume: dict[str, Any]) -> None:
    volume["Labels"] = {"jupyterhub.stack": "jupyterhub-prod"}


def _nobodys(volume: dict[str, Any]) -> None:
    volume["Labels"] = None


@pytest.mark.parametrize(("whose", "status"), [(_another_stacks, 403), (_nobodys, 200)])
def test_one_that_is_there_is_looked_at_first(
    proxy: RunningProxy, whose: Callable[[dict[str, Any]], None], status: int
) -> None:
    proxy.engine.add_volume(VOLUME, {})
    whose(proxy.engine.volumes[VOLUME])
    answer = proxy.ask("POST", TARGET, encoded(accepted_volume()))
    assert answer.status == status
    assert len(proxy.engine.changes) == (status == 200)


def test_what_reaches_the_engine_is_written_anew(proxy: RunningProxy) -> None:
    body = json.dumps({**accepted_volume(), "DriverOpts": None}, indent=4).encode()
    assert proxy.ask("POST", TARGET, body).status == 200
    assert proxy.engine.asked[-1].body == json.dumps(accepted_volume(), separators=(",", ":")).encode()
