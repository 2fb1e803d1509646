"""What is sent: requests by wrk, files, and echoes over kernel websockets."""

import asyncio
import json
import re
import ssl
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from urllib.parse import urlsplit

import docker
import httpx
from websockets.asyncio.client import ClientConnection, connect

from tests.integration.built_image import build_image

HOST = "localhost"
# Of every container that is run by hand.
LABELS = {"jupyterhub.bench": "yes"}
_CONNECTIONS = 32
_UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


@dataclass(frozen=True, kw_only=True)
class Rate:
    """What wrk found: requests a second, and milliseconds that half and all but a hundredth of them took at most."""

    requests: float
    p50: float
    p99: float


def request_rate(engine: docker.DockerClient, url: str, seconds: int) -> Rate:
    """Send as many requests as are answered, over 32 connections from one thread.

    Raises:
        RuntimeError: an answer was none of 200, so that something else than the file was measured.
    """
    sample = httpx.get(url, headers={"Host": HOST}, verify=unchecked(), trust_env=False)
    if sample.status_code != httpx.codes.OK:
        raise RuntimeError(f"{url} answers {sample.status_code}")
    image = build_image(engine, Path(__file__).with_name("load"))
    command = ["-t1", f"-c{_CONNECTIONS}", f"-d{seconds}s", "--latency", "-H", f"Host: {HOST}", url]
    output = engine.containers.run(image, command, network_mode="host", labels=LABELS, remove=True).decode()
    if "Non-2xx" in output or "Socket errors" in output:
        raise RuntimeError(f"wrk was refused something at {url}:\n{output}")
    return Rate(
        requests=float(_found(r"Requests/sec:\s+([\d.]+)", output)[1]),
        p50=_milliseconds("50", output),
        p99=_milliseconds("99", output),
    )


def _milliseconds(percentile: str, output: str) -> float:
    found = _found(rf"{percentile}%\s+([\d.]+)(us|ms|s)", output)
    return float(found[1]) * _UNITS[found[2]]


def _found(pattern: str, output: str) -> re.Match[str]:
    match = re.search(pattern, output)
    if match is None:
        raise RuntimeError(f"wrk printed nothing like {pattern}:\n{output}")
    return match


def echo_latency(address: str, path: str, token: str, kernels: list[str], *, sockets: int, echoes: int) -> list[float]:
    """Open so many websockets, spread over the kernels, and have each in turn ask its kernel something.

    Args:
        address: With `http` or `https`, host and port.
        path: Of the user's server, without `/` at its end.
        token: Shows who asks.
        kernels: Identifiers of kernels that run.
        sockets: How many websockets are open at the same time.
        echoes: How many questions are asked, one after the other.

    Returns:
        Milliseconds from each question to its answer.
    """

    async def measure() -> list[float]:
        opened = []
        url = urlsplit(address)
        tls = unchecked() if url.scheme == "https" else None
        try:
            for number in range(sockets):
                kernel = f"/api/kernels/{kernels[number % len(kernels)]}/channels?session_id={uuid.uuid4().hex}"
                socket = await connect(
                    f"{'wss' if tls else 'ws'}://{HOST}{path}{kernel}",
                    host=url.hostname,
                    port=url.port,
                    ssl=tls,
                    additional_headers={"Authorization": f"token {token}"},
                    max_size=None,
                    open_timeout=60,
                )
                opened.append(socket)
            return [await _echo(opened[number % sockets]) for number in range(echoes)]
        finally:
            await asyncio.gather(*(socket.close() for socket in opened))

    return asyncio.run(measure())


def unchecked() -> ssl.SSLContext:
    """For certificates of the site's name, where its address is asked."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


async def _echo(socket: ClientConnection) -> float:
    request = uuid.uuid4().hex
    header = {
        "msg_id": request,
        "msg_type": "kernel_info_request",
        "username": "",
        "session": request,
        "version": "5.3",
    }
    message = {"header": header, "parent_header": {}, "metadata": {}, "content": {}, "channel": "shell"}
    asked = time.perf_counter()
    await socket.send(json.dumps(message))
    while True:
        answer = json.loads(await asyncio.wait_for(socket.recv(), 30))
        if answer["msg_type"] == "kernel_info_reply" and answer["parent_header"].get("msg_id") == request:
            return (time.perf_counter() - asked) * 1000


def percentiles(values: list[float]) -> tuple[float, float]:
    """The 50th and the 99th."""
    cuts = quantiles(values, n=100, method="inclusive")
    return cuts[49], cuts[98]
