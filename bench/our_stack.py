"""A stack of this project, deployed from a copy of the checkout."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from docker.models.containers import Container

from bench.arrangement import Arrangement, Image, address
from bench.figures import Subject
from components.traefik import HTTPS_PORT
from tests.integration.deployment import Deployment, copy_checkout

_STACK = "bench"
_SETTINGS = {
    "site": {"domain": "localhost", "https_port": 28443, "http_port": 28080, "bind_address": "127.0.0.1"},
    "tls": {"kind": "self_signed"},
    "auth": {"kind": "shared_password"},
    "access": {"allow_all": True, "admins": ["admin"]},
    "network": {"subnet": "10.217.0.0/22", "control_subnet": "10.217.16.0/28"},
}


class OurStack(Arrangement):
    """A stack that Pulumi deploys."""

    def __init__(self, deployment: Deployment) -> None:
        super().__init__(
            deployment.engine,
            Subject.OURS,
            url=deployment.output("url"),
            ca_certificate_pem=deployment.output("ca_certificate_pem"),
            password=deployment.output("user_password"),
        )
        self.deployment = deployment
        self._limits = itertools.count(1024)
        self.images: dict[str, str] = deployment.output("images")
        self.admin_password: str = deployment.output("admin_password")

    @property
    def front_door(self) -> str:
        """The proxy's own address and port."""
        prefix = self.deployment.prefix
        return f"https://{address(self.engine, f'{prefix}-proxy', f'{prefix}-control')}:{HTTPS_PORT}"

    def server(self, name: str) -> Container:
        """The container of a user's server."""
        return self.deployment.container(f"user-{name}")

    def up(self) -> None:
        """Run `pulumi up`."""
        self.deployment.up()

    def renew(self, image: Image) -> None:
        """Change what its image is made from in a way that changes nothing in it."""
        dockerfile = self.deployment.folder / "images" / image / "Dockerfile"
        dockerfile.write_text(f"{dockerfile.read_text()}# and built anew\n")

    def have_servers_watched(self) -> None:
        """Change nothing: our hub turns the health check of every image off."""

    def change_setting(self) -> None:
        """Give servers another limit of memory."""
        self.deployment.configure(**_SETTINGS, notebooks={"limits": {"memory": f"{next(self._limits)}M"}})

    def remove(self) -> None:
        """Purge it; the stack is there again, empty."""
        self.deployment.hubctl("purge", "--yes")
        self.deployment.pulumi("stack", "init", self.deployment.stack, named=False)


@contextmanager
def our_stack(folder: Path) -> Iterator[OurStack]:
    """Deploy it, and remove it afterwards."""
    checkout = folder / "checkout"
    checkout.mkdir()
    deployment = Deployment(copy_checkout(checkout), folder / "backend", _STACK)
    deployment.remove_everything()  # of a run that was killed
    deployment.configure(**_SETTINGS)
    try:
        deployment.up()
        yield OurStack(deployment)
    finally:
        deployment.hubctl("purge", "--yes", check=False)
        deployment.remove_everything()
