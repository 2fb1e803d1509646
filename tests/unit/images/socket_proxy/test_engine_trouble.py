"""An engine that misbehaves: each request is answered, and the next one works."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable

import pytest
from aiohttp import web

from images.socket_proxy import engine as engine_module
from tests.unit.images.socket_proxy.site import (
    CONTAINER,
    CREATE,
    IMAGE,
    RUNTIME,
    accepted,
    accepted_volume,
    container,
    encoded,
)
from tests.unit.images.socket_proxy.wire import Loop, RunningProxy, running

Answering = Callable[[web.BaseRequest], Awaitable[web.StreamResponse | None]]

CALLS: dict[str, tuple[str, str, bytes | None]] = {
    "ping": ("GET", "/_ping", None),
    "version": ("GET", "/version", None),
    "image": ("GET", f"/images/{IMAGE}/json", None),
    "inspect": ("GET", f"/containers/{CONTAINER}/json", None),
    "create": ("POST", CREATE, encoded(accepted())),
    "start": ("POST", f"/containers/{CONTAINER}/start", None),
    "stop": ("POST", f"/containers/{CONTAINER}/stop", None),
    "remove": ("DELETE", f"/containers/{CONTAINER}", None),
    "volume": ("POST", "/volumes/create", encoded(accepted_volume())),
}


async def _close(request: web.BaseRequest) -> web.StreamResponse | None:
    assert request.transport is not None
    request.transport.close()
    return None


async def _close_half_way(request: web.BaseRequest) -> web.StreamResponse | None:
    assert request.transport is not None
    request.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
    request.transport.close()
    return None


async def _garbage(request: web.BaseRequest) -> web.StreamResponse | None:
    assert request.transport is not None
    request.transport.write(b"SSH-2.0-OpenSSH\r\n\r\n")
    request.transport.close()
    return None


@pytest.mark.parametrize("how", [_close, _close_half_way, _garbage])
@pytest.mark.parametrize("call", CALLS)
def test_an_engine_that_goes_away(
    proxy: RunningProxy, caplog: pytest.LogCaptureFixture, call: str, how: Answering
) -> None:
    proxy.engine.answering = how
    answer = proxy.ask(*CALLS[call])
    assert answer.status == 503
    assert answer.message.startswith("the Docker Engine does not answer (")
    assert answer.message in caplog.messages
    assert_works(proxy)


def _answering(status: int, body: bytes, content_type: str, **headers: str) -> Answering:
    async def answer(_: web.BaseRequest) -> web.StreamResponse | None:
        return web.Response(status=status, body=body, content_type=content_type, headers=headers)

    return answer


@pytest.mark.parametrize("status", [400, 409, 500, 503])
@pytest.mark.parametrize("call", CALLS)
def test_an_error_is_passed_on(proxy: RunningProxy, call: str, status: int) -> None:
    proxy.engine.answering = _answering(status, b'{"message": "as the engine says"}', "application/json")
    answer = proxy.ask(*CALLS[call])
    assert (answer.status, answer.json) == (status, {"message": "as the engine says"})
    assert_works(proxy)


@pytest.mark.parametrize("body", [b"<html>it is broken</html>", b"<html>it is broken</html>\xff", b"\0" * 5000])
@pytest.mark.parametrize("call", CALLS)
def test_an_error_that_is_no_json_is_passed_on_in_json(proxy: RunningProxy, call: str, body: bytes) -> None:
    proxy.engine.answering = _answering(500, body, "text/html")
    answer = proxy.ask(*CALLS[call])
    assert answer.status == 500
    assert answer.message.startswith(body[:20].decode())
    assert len(answer.message) <= 1000
    assert_works(proxy)


@pytest.mark.parametrize("call", ["inspect", "start", "stop", "remove", "create", "volume"])
@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"null", b"[]", b"1", b"{}", b'{"Id": "x"}', b'{"Config": null}', b'{"Labels": 1}', b"\xff"],
)
def test_an_answer_that_makes_no_sense_changes_nothing(
    proxy: RunningProxy, caplog: pytest.LogCaptureFixture, call: str, body: bytes
) -> None:
    proxy.engine.answering = _answering(200, body, "application/json")
    answer = proxy.ask(*CALLS[call])
    if answer.status == 200:  # a volume of which nothing is said is nobody else's
        assert call in {"create", "volume"}
        assert body in {b"{}", b'{"Id": "x"}', b'{"Config": null}'}
        return
    assert (answer.status, bool(answer.message)) == (500, True)
    assert proxy.engine.changes == []
    assert [record for record in caplog.records if record.levelno == logging.ERROR]
    assert_works(proxy)


@pytest.mark.parametrize("call", CALLS)
def test_no_redirection_is_followed(proxy: RunningProxy, call: str) -> None:
    proxy.engine.answering = _answering(307, b"", "text/plain", Location="/containers/json?all=1")
    proxy.ask(*CALLS[call])
    assert len(proxy.engine.asked) == 1
    assert_works(proxy)


@pytest.mark.parametrize("call", ["start", "stop"])
def test_what_is_so_already_is_said(proxy: RunningProxy, call: str) -> None:
    proxy.engine.add_container(**container())

    async def already(request: web.BaseRequest) -> web.StreamResponse | None:
        return web.Response(status=304) if request.method == "POST" else None

    proxy.engine.answering = already
    answer = proxy.ask(*CALLS[call])
    assert (answer.status, answer.body) == (304, b"")
    assert_works(proxy)


@pytest.mark.parametrize("call", ["version", "inspect", "create"])
def test_an_engine_that_is_slow(
    loop: Loop, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    # Long enough for what follows on a busy machine.
    monkeypatch.setattr(engine_module, "_ANSWER_SECONDS", 0.5)
    told = asyncio.Event()

    async def slow(_: web.BaseRequest) -> web.StreamResponse | None:
        await told.wait()
        return None

    async def tell() -> None:
        told.set()

    with running(loop, RUNTIME, tmp_path_factory.mktemp("slow")) as proxy:
        proxy.engine.answering = slow
        answer = proxy.ask(*CALLS[call])
        loop.run(tell())
        assert (answer.status, answer.message) == (503, "the Docker Engine does not answer (TimeoutError)")
        assert_works(proxy)


def test_an_engine_that_is_not_there(loop: Loop, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("gone")
    with running(loop, RUNTIME, folder) as proxy:
        (folder / "engine.sock").unlink()
        for call in CALLS.values():
            answer = proxy.ask(*call)
            assert answer.status == 503
            assert str(folder) not in answer.message


def test_one_who_waits_for_the_engine_keeps_nobody_out(proxy: RunningProxy) -> None:
    async def slow_to_stop(request: web.BaseRequest) -> web.StreamResponse | None:
        if request.raw_path.endswith("/stop"):
            await asyncio.sleep(0.3)
        return None

    proxy.engine.add_container(**container())
    proxy.engine.answering = slow_to_stop
    with proxy.connect() as waiting:
        waiting.sendall(f"POST /containers/{CONTAINER}/stop HTTP/1.1\r\nHost: d\r\n\r\n".encode())
        waiting.settimeout(0.1)
        assert proxy.ask("GET", "/version").status == 200
        with pytest.raises(TimeoutError):
            waiting.recv(1)


def test_an_engine_has_many_seconds_to_stop_a_container() -> None:
    assert engine_module._ANSWER_SECONDS > 120 + 60


def assert_works(proxy: RunningProxy) -> None:
    """The next server is made, started, stopped and removed."""
    proxy.engine.forget()
    made = proxy.ask("POST", CREATE, encoded(accepted()))
    assert made.status == 200
    assert proxy.ask("POST", f"/containers/{made.json['Id']}/start").status == 200
    assert json.loads(proxy.ask("GET", f"/containers/{CONTAINER}/json").body)["State"]["Running"]
    assert proxy.ask("POST", f"/containers/{made.json['Id']}/stop").status == 200
    assert proxy.ask("DELETE", f"/containers/{made.json['Id']}?v=True&link=False&force=False").status == 200
    assert proxy.ask("GET", f"/containers/{CONTAINER}/json").status == 404
