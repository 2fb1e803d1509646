"""What lies outside of the server: public and private addresses in a network namespace that the server routes to."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

HERE = Path(__file__).parent
NAMESPACE = "jht-world"
INTERFACE = "jht-world"
# The server's own address towards the world (RFC 5737): the one that the site is published on.
SERVER = "198.51.100.1"
PUBLIC = "198.51.100.80"
PRIVATE = "10.99.7.5"
EXCEPTION = "10.99.7.8"
RESOLVER = "10.99.7.53"
LINK_LOCAL = "169.254.77.254"  # of the network that clouds keep their metadata in
CARRIER = "100.64.7.1"
OTHER_PRIVATE = ["172.31.9.1", "192.168.77.1"]
PORT, OTHER_PORT = 7777, 7778
_ADDRESSES = [PUBLIC, PRIVATE, EXCEPTION, RESOLVER, LINK_LOCAL, CARRIER, *OTHER_PRIVATE]


class World:
    """The world, reached through one cable. On the server: an interface and routes, gone again at the end."""

    def __enter__(self) -> Self:
        self._tear_down()  # of a run that was killed
        _ip("netns", "add", NAMESPACE)
        _ip("link", "add", INTERFACE, "type", "veth", "peer", "name", "eth0", "netns", NAMESPACE)
        _ip("addr", "add", f"{SERVER}/24", "dev", INTERFACE)
        _ip("link", "set", INTERFACE, "up")
        for address in _ADDRESSES:
            _ip("addr", "add", f"{address}/{24 if address == PUBLIC else 32}", "dev", "eth0", world=True)
        for device in ("lo", "eth0"):
            _ip("link", "set", device, "up", world=True)
        for address in _ADDRESSES:
            if address != PUBLIC:
                _ip("route", "add", f"{address}/32", "via", PUBLIC, "dev", INTERFACE)
        self._listener = self.serve("listener.py", str(PORT), str(OTHER_PORT), "53")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._listener.kill()
        self._listener.communicate()
        self._tear_down()

    def serve(self, script: str, *arguments: str) -> "subprocess.Popen[str]":
        """Start a script of this folder in the world, once it has said that it is ready."""
        process = subprocess.Popen(_inside(str(HERE / script), *arguments), stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process

    def run(self, script: str, *arguments: str) -> str:
        """What a script of this folder prints in the world."""
        done = subprocess.run(_inside(str(HERE / script), *arguments), check=True, capture_output=True, text=True)
        return done.stdout

    @contextmanager
    def knowing(self, network: str) -> Iterator[None]:
        """Let the world know that a network of the server's own lies behind the server, which it does not by itself."""
        _ip("route", "add", network, "via", SERVER, world=True)
        yield
        _ip("route", "del", network, "via", SERVER, world=True)

    @staticmethod
    def _tear_down() -> None:
        # With one end of the cable goes the other, and with it the routes.
        for command in (["link", "del", INTERFACE], ["netns", "del", NAMESPACE]):
            subprocess.run(["ip", *command], check=False, capture_output=True)


def _ip(*arguments: str, world: bool = False) -> None:
    subprocess.run(["ip", *(["-n", NAMESPACE] if world else []), *arguments], check=True, capture_output=True)


def _inside(*command: str) -> list[str]:
    return ["ip", "netns", "exec", NAMESPACE, sys.executable, *command]
