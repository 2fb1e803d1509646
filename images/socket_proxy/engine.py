"""The Docker Engine, as far as the proxy asks it for something: every path and query is written here."""

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

from aiohttp import ClientError, ClientSession, ClientTimeout, UnixConnector
from yarl import URL

# More than the hub has threads for calls of Docker.
_CALLS_AT_ONCE = 64
_CONNECT_SECONDS = 10
_ANSWER_SECONDS = 300


class EngineError(Exception):
    """The engine answered with an error, which is passed on as it is."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(f"the engine answers {status}")
        self.status = status
        self.body = body


class UnreachableError(Exception):
    """The engine does not answer."""


class Engine:
    """A client of the engine's own socket. Paths carry no version: the engine then speaks its newest.

    An older one, which a client may choose, has weaker defaults: before 1.40 a container's shared memory can be joined,
    before 1.24 a start takes a whole new host configuration (docs.docker.com/reference/api/engine/version-history).
    """

    def __init__(self, socket: str) -> None:
        self._session = ClientSession(
            connector=UnixConnector(socket, limit=_CALLS_AT_ONCE),
            timeout=ClientTimeout(total=_ANSWER_SECONDS, sock_connect=_CONNECT_SECONDS),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._session.close()

    async def ping(self) -> bytes:
        """`OK`, if the engine is well."""
        return await self._call("GET", "_ping")

    async def version(self) -> bytes:
        """What the engine says of itself."""
        return await self._call("GET", "version")

    async def inspect_image(self, reference: str) -> bytes:
        """What the engine knows of an image."""
        return await self._call("GET", f"images/{quote(reference, safe='/:')}/json")

    async def inspect_container(self, container: str) -> bytes:
        """What the engine knows of a container, by name or identifier."""
        return await self._call("GET", f"containers/{quote(container, safe='')}/json")

    async def inspect_volume(self, name: str) -> bytes:
        """What the engine knows of a volume."""
        return await self._call("GET", f"volumes/{quote(name, safe='')}")

    async def create_container(self, name: str, body: bytes) -> bytes:
        """Make a container."""
        return await self._call("POST", "containers/create", {"name": name}, body)

    async def start_container(self, identifier: str) -> bytes:
        """Start a container."""
        return await self._call("POST", f"containers/{identifier}/start")

    async def stop_container(self, identifier: str, seconds: int | None) -> bytes:
        """Ask a container to stop, and end it if it has not after some seconds (the engine's default: 10)."""
        return await self._call("POST", f"containers/{identifier}/stop", {} if seconds is None else {"t": str(seconds)})

    async def remove_container(self, identifier: str, *, volumes: bool, force: bool) -> bytes:
        """Remove a container, with the volumes that have no name, and also a running one."""
        query = {"v": str(int(volumes)), "force": str(int(force))}
        return await self._call("DELETE", f"containers/{identifier}", query)

    async def create_volume(self, body: bytes) -> bytes:
        """Make a volume, or find the one that has this name."""
        return await self._call("POST", "volumes/create", {}, body)

    async def _call(self, method: str, path: str, query: Mapping[str, str] | None = None, body: bytes = b"") -> bytes:
        url = URL(f"http://docker/{path}", encoded=True).with_query(query or {})
        headers: dict[str, Any] = {"Content-Type": "application/json"} if body else {}
        try:
            async with self._session.request(
                method, url, data=body or None, headers=headers, allow_redirects=False
            ) as response:
                content = await response.read()
        except (ClientError, OSError) as error:  # TimeoutError among the latter
            raise UnreachableError(f"the Docker Engine does not answer ({type(error).__name__})") from None
        if response.status >= 300:  # noqa: PLR2004 - 304, "already so", has no body either
            raise EngineError(response.status, content)
        return content
