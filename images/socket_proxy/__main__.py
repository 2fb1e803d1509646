"""The socket proxy: the only container that can reach the Docker Engine, and the little of it that the hub needs."""

import asyncio
import logging
import signal
import socket
import sys
from pathlib import Path

from aiohttp import web

from images.socket_proxy.engine import Engine
from images.socket_proxy.policy import Policy
from images.socket_proxy.privileges import UnusableSocketError, drop, listen
from images.socket_proxy.runtime import ENGINE_SOCKET, SERVED_SOCKET, SocketProxyRuntime
from images.socket_proxy.server import SocketProxy


async def serve(runtime: SocketProxyRuntime, engine_socket: Path, served: socket.socket) -> None:
    """Answer the hub until the process is asked to end."""
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    async with Engine(str(engine_socket)) as engine:
        runner = web.AppRunner(SocketProxy(engine, Policy(runtime)).application(), access_log=None)
        await runner.setup()
        await web.SockSite(runner, served).start()
        logging.info("serving Docker to the hub of %s", runtime.stack)
        await ended.wait()
        await runner.cleanup()


def _without_traceback(record: logging.LogRecord) -> bool:
    if record.exc_info:
        record.msg = f"{record.msg}: {ascii(str(record.exc_info[1]))[:200]}"
        record.exc_info = None
    return True


def main() -> int:
    """Serve until asked to end; one sentence where that cannot be."""
    logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(levelname)s %(message)s")
    # A request that is no HTTP is one line: with its traceback, many of them would push refusals out of the log.
    logging.getLogger("aiohttp.server").addFilter(_without_traceback)
    runtime = SocketProxyRuntime.from_environment()
    try:
        served = listen(Path(SERVED_SOCKET), runtime.client_group)
        drop(Path(ENGINE_SOCKET))
    except UnusableSocketError as error:
        logging.critical("the socket proxy does not start: %s", error)
        return 1
    asyncio.run(serve(runtime, Path(ENGINE_SOCKET), served))
    return 0


if __name__ == "__main__":
    sys.exit(main())
