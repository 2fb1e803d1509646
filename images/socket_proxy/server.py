"""The served socket: each request is matched against the few that are known here, checked, and sent anew."""

import json
import logging
import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from urllib.parse import parse_qsl

from aiohttp import web

from images.socket_proxy.docker_api import ContainerCreate, MalformedError, VolumeCreate, read, write
from images.socket_proxy.engine import Engine, EngineError, UnreachableError
from images.socket_proxy.policy import Policy

log = logging.getLogger(__name__)

_LARGEST_BODY = 2**20
_LONGEST_STOP_SECONDS = 120
_LONGEST_MESSAGE = 1000
_CONTAINER = r"(?P<container>[a-zA-Z0-9][a-zA-Z0-9_.-]{0,254})"
_IMAGE = r"(?P<image>(?:[a-zA-Z0-9._/:-]|%40){1,500})"
_BOOLEANS = {"True": True, "true": True, "1": True, "False": False, "false": False, "0": False}


class RefusedError(Exception):
    """The request is none that this site allows."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request that matched: what its path and query hold, and its body."""

    path: dict[str, str]
    query: dict[str, str]
    body: bytes


class SocketProxy:
    """The requests that the hub may make of Docker, and what becomes of each."""

    def __init__(self, engine: Engine, policy: Policy) -> None:
        self._engine = engine
        self._policy = policy
        self._routes: list[tuple[str, re.Pattern[str], frozenset[str], Callable[[Request], Awaitable[bytes]]]] = [
            _route("GET", "/_ping", (), self._ping),
            _route("GET", "/version", (), self._version),
            _route("GET", f"/images/{_IMAGE}/json", (), self._inspect_image),
            _route("GET", f"/containers/{_CONTAINER}/json", (), self._inspect_container),
            _route("POST", "/containers/create", ("name",), self._create_container),
            _route("POST", f"/containers/{_CONTAINER}/start", (), self._start_container),
            _route("POST", f"/containers/{_CONTAINER}/stop", ("t",), self._stop_container),
            _route("DELETE", f"/containers/{_CONTAINER}", ("v", "link", "force"), self._remove_container),
            _route("POST", "/volumes/create", (), self._create_volume),
        ]

    def application(self) -> web.Application:
        """The web application that serves the hub."""

        @web.middleware
        async def answer(request: web.Request, handler: object) -> web.Response:  # noqa: ARG001 - its name is aiohttp's
            return await self._answer(request)

        # Not a route: what that does not match, such as `OPTIONS *`, aiohttp answers by itself and tells nobody.
        return web.Application(client_max_size=_LARGEST_BODY, middlewares=[answer])

    async def _answer(self, request: web.Request) -> web.Response:
        try:
            handler, matched = await self._match(request)
            return _response(200, await handler(matched))
        except (RefusedError, MalformedError) as error:
            text = ascii(str(error))[1:-1][:_LONGEST_MESSAGE]
            log.warning("refused %s %s: %s", request.method, ascii(request.raw_path)[1:-1][:_LONGEST_MESSAGE], text)
            return _error(403, f"refused by this site's socket proxy: {text}")
        except EngineError as error:
            return _passed_on(error)
        except UnreachableError as error:
            log.warning("%s", error)
            return _error(503, str(error))
        except Exception:
            log.exception("failed at %s %s", request.method, ascii(request.raw_path)[1:-1][:_LONGEST_MESSAGE])
            return _error(500, "the socket proxy failed at this request; its log says how")

    async def _match(self, request: web.Request) -> tuple[Callable[[Request], Awaitable[bytes]], Request]:
        # As it came, and not decoded: what an escape may stand for is decided here, for the engine it is written anew.
        path, _, query = request.raw_path.partition("?")
        for method, pattern, parameters, handler in self._routes:
            match = pattern.fullmatch(path)
            if match is None or method != request.method:
                continue
            values = _query(query, parameters)
            try:
                body = await request.read()
            except web.HTTPRequestEntityTooLarge:
                raise RefusedError(f"the body is longer than {_LARGEST_BODY} bytes") from None
            except (web.RequestPayloadError, ConnectionError):
                raise RefusedError("the body cannot be read") from None
            return handler, Request(path=match.groupdict(), query=values, body=body)
        raise RefusedError("the hub does not need this call")

    async def _ping(self, _: Request) -> bytes:
        return await self._engine.ping()

    async def _version(self, _: Request) -> bytes:
        return await self._engine.version()

    async def _inspect_image(self, request: Request) -> bytes:
        reference = request.path["image"].replace("%40", "@")
        if not self._policy.allows_image(reference):
            raise RefusedError("the image is none of this site's")
        return await self._engine.inspect_image(reference)

    async def _inspect_container(self, request: Request) -> bytes:
        _, answer = await self._own_container(request)
        return answer

    async def _create_container(self, request: Request) -> bytes:
        name = request.query.get("name", "")
        container = read(ContainerCreate, request.body)
        _require_none(self._policy.problems_of_container(name, container))
        body = write(container)
        await self._require_own_volume(self._policy.home_of(container))
        return await self._engine.create_container(name, body)

    async def _start_container(self, request: Request) -> bytes:
        identifier, _ = await self._own_container(request)
        return await self._engine.start_container(identifier)

    async def _stop_container(self, request: Request) -> bytes:
        seconds = request.query.get("t")
        if seconds is not None and not (re.fullmatch(r"[0-9]{1,3}", seconds) and int(seconds) <= _LONGEST_STOP_SECONDS):
            raise RefusedError(f"t is not between 0 and {_LONGEST_STOP_SECONDS}")
        identifier, _ = await self._own_container(request)
        return await self._engine.stop_container(identifier, None if seconds is None else int(seconds))

    async def _remove_container(self, request: Request) -> bytes:
        choices = {name: _boolean(name, text) for name, text in request.query.items()}
        if choices.get("link"):
            raise RefusedError("links are not removed here")
        identifier, _ = await self._own_container(request)
        return await self._engine.remove_container(
            identifier, volumes=choices.get("v", False), force=choices.get("force", False)
        )

    async def _create_volume(self, request: Request) -> bytes:
        volume = read(VolumeCreate, request.body)
        _require_none(self._policy.problems_of_volume(volume))
        body = write(volume)
        await self._require_own_volume(volume.name)
        return await self._engine.create_volume(body)

    async def _own_container(self, request: Request) -> tuple[str, bytes]:
        """Full identifier of the container that a path names, and what the engine knows of it.

        What is done is done to that identifier: a name can come to mean another container in between.
        """
        name = request.path["container"]
        missing = EngineError(404, json.dumps({"message": f"No such container: {name}"}).encode())
        if not self._policy.may_own_container(name):
            raise missing
        try:
            answer = await self._engine.inspect_container(name)
        except EngineError as error:
            raise (missing if error.status == missing.status else error) from None
        inspected = json.loads(answer)
        if not self._policy.owns_container(inspected):
            log.warning("hid the container %s, which is no user's server of this stack", name)
            raise missing
        return str(inspected["Id"]), answer

    async def _require_own_volume(self, name: str) -> None:
        try:
            inspected = json.loads(await self._engine.inspect_volume(name))
        except EngineError as error:
            if error.status == 404:  # noqa: PLR2004 - it is made now
                return
            raise
        if not self._policy.owns_volume(inspected):
            raise RefusedError("the volume is somebody else's")


def _route(
    method: str, path: str, parameters: Iterable[str], handler: Callable[[Request], Awaitable[bytes]]
) -> tuple[str, re.Pattern[str], frozenset[str], Callable[[Request], Awaitable[bytes]]]:
    # The version is the client's choice, and is not passed on (engine.py).
    return method, re.compile(rf"(?:/v1\.[0-9]{{1,3}})?{path}", re.ASCII), frozenset(parameters), handler


def _query(text: str, known: frozenset[str]) -> dict[str, str]:
    try:
        pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=True, errors="strict") if text else []
    except ValueError:
        raise RefusedError("the query cannot be read") from None
    if len(dict(pairs)) != len(pairs) or not dict(pairs).keys() <= known:
        raise RefusedError(f"the query holds more than {', '.join(sorted(known)) or 'nothing'}, each once")
    return dict(pairs)


def _boolean(name: str, text: str) -> bool:
    if text not in _BOOLEANS:
        raise RefusedError(f"{name} is neither true nor false")
    return _BOOLEANS[text]


def _require_none(problems: Iterable[str]) -> None:
    found = list(problems)
    if found:
        raise RefusedError("; ".join(found))


def _response(status: int, body: bytes) -> web.Response:
    # The engine's errors and answers are JSON, but for that of `_ping` and empty ones.
    return web.Response(status=status, body=body, content_type="application/json" if body else "text/plain")


def _passed_on(error: EngineError) -> web.Response:
    try:
        json.loads(error.body or b"{}")
    except ValueError:
        return _error(error.status, error.body.decode(errors="replace")[:_LONGEST_MESSAGE])
    return _response(error.status, error.body)


def _error(status: int, message: str) -> web.Response:
    return _response(status, json.dumps({"message": message}).encode())
