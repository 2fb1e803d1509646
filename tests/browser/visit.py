"""A visit to a deployed site by a real Chromium, in a container built from `visitor/`."""

import io
import json
import tarfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
from docker.models.containers import Container

from tests.integration.built_image import build_image
from tests.integration.deployment import Deployment

_SECONDS = 300


@dataclass(frozen=True, kw_only=True)
class Visit:
    """What the visitor told of each step, and everything that was printed."""

    name: str
    steps: dict[str, dict[str, Any]]
    log: str
    screenshots: Path

    def __getitem__(self, step: str) -> dict[str, Any]:
        assert step in self.steps, f"The visit never came to the step {step!r}:\n{self.log}"
        return self.steps[step]


def build_visitor(engine: docker.DockerClient) -> str:
    """Name and tag of the visitor's image, built unless it is there."""
    return build_image(engine, Path(__file__).parent / "visitor")


def visit_site(site: Deployment, image: str, *, name: str, http_url: str, elsewhere: bool, screenshots: Path) -> Visit:
    """Send a visitor of this name to the site, from this machine or as if from elsewhere."""
    proxy = site.container("proxy")
    container = site.engine.containers.create(
        image,
        labels={"jupyterhub.stack": site.prefix, "jupyterhub.role": "test"},
        # On this machine each server that starts or stops is a network interface that comes or goes, which Chromium
        # takes for a change of the whole network. In the proxy's own network it sees as little as from far away.
        network_mode=f"container:{proxy.id}" if elsewhere else "host",
        environment={
            "VISITOR_NAME": name,
            "VISITOR_PASSWORD": site.output("user_password"),
            "SITE_HTTP_URL": http_url,
            "SITE_HTTPS_URL": site.output("url"),
            "SITE_CA_CERTIFICATE": site.output("ca_certificate_pem"),
            "CHROMIUM_ARGUMENTS": json.dumps([_port_rules(proxy)] if elsewhere else []),
        },
        init=True,
        shm_size="512m",
        mem_limit="2g",
        cap_drop=["ALL"],
        security_opt=["no-new-privileges"],
    )
    try:
        # A server starts too fast for anybody to see the page that says how far it is.
        with site.no_docker_for_the_hub():
            container.start()
            _read_until(container, '"step": "progress"')
        container.wait(timeout=_SECONDS)
        log = container.logs().decode()
        _copy_folder(container, "/home/visitor/screenshots", screenshots)
    finally:
        container.remove(force=True)
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    return Visit(name=name, steps={line["step"]: line for line in lines}, log=log, screenshots=screenshots)


def _read_until(container: Container, text: str) -> None:
    """Wait until the container has printed this, or has ended."""
    deadline = time.monotonic() + _SECONDS
    while text not in container.logs().decode() and time.monotonic() < deadline:
        time.sleep(0.2)
        container.reload()
        if container.status == "exited":
            return


def _port_rules(proxy: Container) -> str:
    """Chromium's argument that leads each published port to the proxy's own."""
    published: Mapping[str, list[dict[str, str]] | None] = proxy.attrs["NetworkSettings"]["Ports"]
    rules = [
        f"MAP localhost:{binding['HostPort']} 127.0.0.1:{inside.removesuffix('/tcp')}"
        for inside, bindings in published.items()
        for binding in bindings or []
    ]
    return f"--host-resolver-rules={','.join(rules)}"


def _copy_folder(container: Container, source: str, target: Path) -> None:
    """Copy the files of a folder out of a container."""
    target.mkdir(parents=True, exist_ok=True)
    stream, _ = container.get_archive(source)
    with tarfile.open(fileobj=io.BytesIO(b"".join(stream))) as archive:
        for member in archive:
            content = archive.extractfile(member)
            if content is not None:
                (target / Path(member.name).name).write_bytes(content.read())
