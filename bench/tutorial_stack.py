"""The arrangement of the tutorial "Medium-scale JupyterHub deployments", brought up by Docker Compose."""

import io
import itertools
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import docker
import trustme
from docker.models.containers import Container

from bench.arrangement import Arrangement, Image, address
from bench.compose import compose
from bench.figures import Subject
from bench.untuned_image import untuned_image, watched_image
from tests.integration.built_image import build_image

_FOLDER = Path(__file__).with_name("tutorial")
_PROJECT = "bench-tutorial"
_HTTPS_PORT = 29443
# The variable of its file that names an image.
_VARIABLES = {Image.HUB: "HUB_IMAGE", Image.NOTEBOOK: "NOTEBOOK_IMAGE", Image.REVERSE_PROXY: "PROXY_IMAGE"}


class TutorialStack(Arrangement):
    """What its Compose file describes."""

    def __init__(self, engine: docker.DockerClient, authority: trustme.CA, variables: dict[str, str]) -> None:
        super().__init__(
            engine,
            Subject.TUTORIAL,
            url=f"https://localhost:{_HTTPS_PORT}",
            ca_certificate_pem=authority.cert_pem.bytes().decode(),
            password=variables["PASSWORD"],
        )
        self._variables = variables
        self._renewals = itertools.count(1)
        self._limits = itertools.count(1024)

    @property
    def front_door(self) -> str:
        """The proxy's own address and port."""
        return f"https://{address(self.engine, f'{_PROJECT}-reverse-proxy', f'{_PROJECT}_default')}:443"

    def server(self, name: str) -> Container:
        """The container of a user's server."""
        return self.engine.containers.get(f"{_PROJECT}_default-{name}")

    def up(self) -> None:
        """Run `docker compose up --detach`."""
        compose("--file", str(_FOLDER / "docker-compose.yml"), "up", "--detach", variables=self._variables)

    def renew(self, image: Image) -> None:
        """Build the image anew with nothing in it changed, and have the file name that."""
        variable = _VARIABLES[image]
        number = next(self._renewals)
        name = f"{_PROJECT}-{image.replace('_', '-')}:{number}"
        dockerfile = f"FROM {self._variables[variable]}\nLABEL renewed={number}\n"
        self.engine.images.build(fileobj=io.BytesIO(dockerfile.encode()), tag=name, rm=True, forcerm=True)
        self._variables = {**self._variables, variable: name}

    def have_servers_watched(self) -> None:
        """Have the file name the image that is watched, for containers of stopped servers as well."""
        for container in self.engine.containers.list(all=True, filters={"name": f"{_PROJECT}_default-"}):
            container.remove(force=True)
        self._variables = {**self._variables, _VARIABLES[Image.NOTEBOOK]: watched_image(self.engine)}
        self.up_until_log_in()

    def change_setting(self) -> None:
        """Give servers another limit of memory."""
        self._variables = {**self._variables, "MEMORY_LIMIT": f"{next(self._limits)}M"}

    def remove(self) -> None:
        """Remove whatever is of it, users' servers and volumes included."""
        _remove(self.engine)


@contextmanager
def tutorial_stack(engine: docker.DockerClient, folder: Path, images: Mapping[str, str]) -> Iterator[TutorialStack]:
    """Bring it up, and remove it afterwards.

    Args:
        engine: The engine.
        folder: For its certificate.
        images: Ours, by name: those of the hub and the reverse proxy are what its own are made of.
    """
    certificates = folder / "certificates"
    certificates.mkdir()
    authority = trustme.CA()
    pair = authority.issue_cert("localhost")
    pair.private_key_pem.write_to_path(str(certificates / "key.pem"))
    pair.cert_chain_pems[0].write_to_path(str(certificates / "certificate.pem"))
    variables = {
        "COMPOSE_PROJECT_NAME": _PROJECT,
        "HUB_IMAGE": build_image(engine, _FOLDER / "hub", {"HUB_IMAGE": images["hub"]}),
        "NOTEBOOK_IMAGE": untuned_image(engine),
        "PROXY_IMAGE": images["reverse_proxy"],
        "CERTIFICATES": str(certificates),
        "HTTPS_PORT": str(_HTTPS_PORT),
        "PASSWORD": secrets.token_hex(),
        "MEMORY_LIMIT": "10G",
    }
    _remove(engine)  # of a run that was killed
    try:
        stack = TutorialStack(engine, authority, variables)
        stack.up_until_log_in()
        yield stack
    finally:
        _remove(engine)
        _remove_images(engine)


def _remove(engine: docker.DockerClient) -> None:
    for container in engine.containers.list(all=True, filters={"name": _PROJECT}):
        container.remove(force=True)
    for volume in engine.volumes.list(filters={"name": _PROJECT}):
        volume.remove(force=True)
    for network in engine.networks.list(filters={"name": _PROJECT}):
        network.remove()


def _remove_images(engine: docker.DockerClient) -> None:
    for image in engine.images.list():
        for name in image.tags:
            if name.startswith(f"{_PROJECT}-"):
                engine.images.remove(name)
