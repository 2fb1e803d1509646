"""The real proxy and an engine that notes everything, each on a Unix socket, and a client that may send any bytes."""

import asyncio
import contextlib
import hashlib
import json
import socket
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from http.client import HTTPResponse
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qs, unquote

from aiohttp import web

from images.socket_proxy.engine import Engine
from images.socket_proxy.policy import Policy
from images.socket_proxy.runtime import SocketProxyRuntime
from images.socket_proxy.server import SocketProxy

Result = TypeVar("Result")
_PATIENCE = 20
_QUIET = 0.06
_PAUSE = 0.02


class Loop:
    """An event loop in a thread of its own, so that clients may block."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Result of something that runs in the loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_PATIENCE)

    def close(self) -> None:
        """End the loop and its thread."""
        self.run(self._end_tasks())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_PATIENCE)
        self._loop.close()

    async def _end_tasks(self) -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._loop.shutdown_asyncgens()


@dataclass(frozen=True)
class Asked:
    """A request as it reached the engine."""

    method: str
    path: str
    query: str
    body: bytes
    headers: dict[str, str] = field(compare=False, default_factory=dict)

    @property
    def line(self) -> str:
        """Method, path and query."""
        return f"{self.method} {self.path}" + (f"?{self.query}" if self.query else "")


Answering = Callable[[web.BaseRequest], Awaitable[web.StreamResponse | None]]


class FakeEngine:
    """Notes every request, and behaves like an engine that makes whatever it is asked for."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.containers: dict[str, dict[str, Any]] = {}
        self.volumes: dict[str, dict[str, Any]] = {}
        self.answering: Answering | None = None

    def forget(self) -> None:
        """Be as new."""
        self.asked.clear()
        self.containers.clear()
        self.volumes.clear()
        self.answering = None

    @property
    def lines(self) -> list[str]:
        """Method, path and query of every request."""
        return [asked.line for asked in self.asked]

    @property
    def changes(self) -> list[Asked]:
        """Requests that change something."""
        return [asked for asked in self.asked if asked.method not in {"GET", "HEAD"}]

    def add_container(self, name: str, labels: dict[str, str] | None, host_config: object = None) -> str:
        """A container that is there; its identifier."""
        identifier = hashlib.sha256(f"{name} {len(self.containers)}".encode()).hexdigest()
        networks = {f"{name.partition('-user-')[0]}-users": {"IPAddress": "10.201.8.1"}}
        self.containers[identifier] = {
            "Id": identifier,
            "Name": f"/{name}",
            "Config": {"Labels": labels, "Env": ["JUPYTERHUB_API_TOKEN=left-behind"]},
            "HostConfig": host_config,
            "State": {"Running": False, "Status": "created", "ExitCode": 0},
            "NetworkSettings": {"Networks": networks},
        }
        return identifier

    def add_volume(self, name: str, labels: dict[str, str] | None) -> None:
        """A volume that is there."""
        self.volumes[name] = {"Name": name, "Labels": labels, "Driver": "local", "Options": None}

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        path, _, query = request.raw_path.partition("?")
        body = await request.read()
        self.asked.append(Asked(request.method, path, query, body, dict(request.headers.items())))
        if self.answering is not None:
            answer = await self.answering(request)
            if answer is not None:
                return answer
        return self._answer(request.method, path.strip("/").split("/"), query, body)

    def _answer(  # noqa: PLR0911 - one for each call
        self, method: str, path: list[str], query: str, body: bytes
    ) -> web.Response:
        match method, path:
            case "GET", ["_ping"]:
                return web.Response(text="OK")
            case "GET", ["version"]:
                return web.json_response({"ApiVersion": "1.41", "Version": "20.10.24"})
            case "GET", ["images", *_, "json"]:
                return web.json_response({"Id": "sha256:" + "cd" * 32, "Config": {"Cmd": ["true"]}})
            case "POST", ["volumes", "create"]:
                asked = json.loads(body)
                self.volumes.setdefault(asked["Name"], asked)
                return web.json_response(self.volumes[asked["Name"]], status=201)
            case "GET", ["volumes", name]:
                return _found(self.volumes.get(unquote(name)), f"get {unquote(name)}: no such volume")
            case "POST", ["containers", "create"]:
                name, asked = parse_qs(query)["name"][0], json.loads(body)
                identifier = self.add_container(name, asked["Labels"], asked["HostConfig"])
                return web.json_response({"Id": identifier, "Warnings": []}, status=201)
            case _, ["containers", name, *action]:
                return self._act(method, unquote(name), action)
        return web.json_response({"message": "page not found"}, status=404)

    def _act(self, method: str, name: str, action: list[str]) -> web.Response:
        found = next((c for c in self.containers.values() if name == c["Id"] or f"/{name}" == c["Name"]), None)
        if found is None:
            return _found(None, f"No such container: {name}")
        match method, action:
            case "GET", ["json"]:
                return web.json_response(found)
            case "POST", ["start"]:
                found["State"].update(Running=True, Status="running")
            case "POST", ["stop"]:
                found["State"].update(Running=False, Status="exited")
            case "DELETE", []:
                del self.containers[found["Id"]]
        return web.Response(status=204)


def _found(value: object, otherwise: str) -> web.Response:
    if value is None:
        return web.json_response({"message": otherwise}, status=404)
    return web.json_response(value)


@dataclass(frozen=True)
class Answer:
    """What the proxy answered."""

    status: int
    body: bytes
    headers: dict[str, str] = field(compare=False, default_factory=dict)

    @property
    def json(self) -> Any:  # noqa: ANN401 - whatever it is
        """The body."""
        assert self.headers["content-type"].startswith("application/json"), self
        return json.loads(self.body)

    @property
    def message(self) -> str:
        """The reason that every error gives."""
        message = self.json["message"]
        assert isinstance(message, str)
        assert len(message) > 10, self
        return message


@dataclass(frozen=True, kw_only=True)
class RunningProxy:
    """The proxy as its hub sees it, and the engine behind it."""

    path: Path
    engine: FakeEngine

    def connect(self) -> socket.socket:
        """A new connection."""
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(_PATIENCE)
        connection.connect(str(self.path))
        return connection

    def ask(
        self, method: str, target: str, body: bytes | None = None, headers: tuple[tuple[str, str], ...] = ()
    ) -> Answer:
        """Send one request whose method and target may hold anything but spaces."""
        lines = [f"{method} {target} HTTP/1.1", "Host: docker", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in headers]
        if body is not None:
            lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
        with self.connect() as connection:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                connection.sendall("\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape") + (body or b""))
            return read_answer(connection, method)

    def send(self, *parts: bytes) -> list[Answer]:
        """Send any bytes, and read answers until the proxy closes the connection or is quiet for long."""
        with self.connect() as connection:
            received = b""
            for part in parts:
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    connection.sendall(part)
                connection.settimeout(_QUIET if part is parts[-1] else _PAUSE)
                with contextlib.suppress(ConnectionResetError, TimeoutError):
                    while more := connection.recv(65536):
                        received += more
        return _answers(received)


def read_answer(connection: socket.socket, method: str = "GET") -> Answer:
    """One answer."""
    response = HTTPResponse(connection, method=method)
    try:
        response.begin()
        headers = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, response.read(), headers)
    finally:
        response.close()


def _answers(received: bytes) -> list[Answer]:
    answers: list[Answer] = []
    while received:
        head, _, received = received.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        protocol, status, *_ = first.split(" ")
        assert protocol in {"HTTP/1.1", "HTTP/1.0", "HTTP/0.9"}, first
        length = int(headers.get("content-length", 0))
        answers.append(Answer(int(status), received[:length], headers))
        received = received[length:]
    return answers


@contextlib.contextmanager
def running(loop: Loop, runtime: SocketProxyRuntime, folder: Path) -> Iterator[RunningProxy]:
    """The proxy of a site, with an engine behind it."""
    engine_socket, served_socket = folder / "engine.sock", folder / "served.sock"
    engine = FakeEngine()

    async def start() -> Callable[[], Coroutine[Any, Any, None]]:
        engine_runner = web.ServerRunner(web.Server(engine.handle))
        await engine_runner.setup()
        await web.UnixSite(engine_runner, str(engine_socket)).start()
        client = Engine(str(engine_socket))
        runner = web.AppRunner(SocketProxy(client, Policy(runtime)).application(), access_log=None)
        await runner.setup()
        await web.UnixSite(runner, str(served_socket)).start()

        async def end() -> None:
            await runner.cleanup()
            await client.__aexit__(None, None, None)
            await engine_runner.cleanup()

        return end

    end = loop.run(start())
    try:
        yield RunningProxy(path=served_socket, engine=engine)
    finally:
        loop.run(end())
