"""A server of somebody else's in a container, which can go away and come back."""

import io
import json
import socket
import tarfile
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import docker
import httpx
import trustme
from docker.models.containers import Container

from tests.integration.built_image import build_image
from tests.integration.person import wait_until


class Peer:
    """One server, on an address of this machine that containers reach and nobody outside does."""

    def __init__(
        self,
        engine: docker.DockerClient,
        folder: Path,
        authority: trustme.CA,
        environment: Mapping[str, str],
        port: int,
        alias: str | None = None,
    ) -> None:
        self.address = bridge_address(engine)
        self.port = port
        self._engine = engine
        self._alias = alias
        self._authority = authority
        pair = authority.issue_cert(alias or self.address)
        self._container: Container = engine.containers.create(
            build_image(engine, folder),
            environment=dict(environment),
            labels={"jupyterhub.role": "test"},
            # On this machine's own network, since containers of one Docker network cannot reach those of another; one
            # with a name gets a network to have it on.
            network_mode="bridge" if alias else "host",
            init=True,
        )
        chain = b"".join(each.bytes() for each in pair.cert_chain_pems)
        files = {"certificate.pem": chain, "key.pem": pair.private_key_pem.bytes()}
        self._container.put_archive("/etc", _archive("provider", files))

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._container.remove(force=True)

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self._container.start()
        try:
            wait_until(self._answers, "its start", seconds=60)
        except TimeoutError as error:
            raise AssertionError(f"{error}:\n{self.log}") from None

    def join(self, network: str) -> None:
        """Be known by its name to containers of a network."""
        if self._alias:
            self._engine.networks.get(network).connect(self._container, aliases=[self._alias])

    def stop(self) -> None:
        """Let it go away."""
        self._container.stop(timeout=2)

    def run(self, command: str) -> None:
        """Run a shell command in its container.

        Raises:
            AssertionError: it fails; with what it printed.
        """
        code, printed = self._container.exec_run(["sh", "-c", command])
        assert code == 0, printed

    @property
    def log(self) -> str:
        """What it printed."""
        return str(self._container.logs().decode())

    def tell(self, people: Mapping[str, Any]) -> None:
        """Say who can log in: passwords and groups by name."""
        context = httpx.create_ssl_context(trust_env=False)
        self._authority.configure_trust(context)
        url = f"https://{self.address}:{self.port}/people"
        httpx.put(url, content=json.dumps(people), verify=context, trust_env=False).raise_for_status()

    def _answers(self) -> bool:
        self._container.reload()
        address = self._container.attrs["NetworkSettings"]["IPAddress"] or self.address
        with socket.socket() as attempt:
            return attempt.connect_ex((address, self.port)) == 0


def bridge_address(engine: docker.DockerClient) -> str:
    """This machine's own address on Docker's default network, which is the first one there.

    The engine tells it as well, but not when it has started for the first time (seen with 20.10).
    """
    (docker0,) = engine.networks.get("bridge").attrs["IPAM"]["Config"]
    return str(ip_network(docker0["Subnet"])[1])


def _archive(folder: str, files: Mapping[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(f"{folder}/{name}")
            # Whoever the server runs as may read it; nobody else is in its container.
            entry.size, entry.mode = len(content), 0o644
            archive.addfile(entry, io.BytesIO(content))
    return stream.getvalue()
