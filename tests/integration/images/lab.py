"""JupyterLab in a container of a notebook image, without a hub: what a person gets who runs the image by hand."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from websockets.sync.client import connect

from tests.integration.images.image import LABELS, Image
from tests.integration.person import Kernel, wait_until


class Lab:
    """A running JupyterLab and the token that it wants."""

    def __init__(self, host: str, token: str) -> None:
        self.host = host
        self.token = token
        headers = {"Authorization": f"token {token}"}
        self.http = httpx.Client(base_url=f"http://{host}", headers=headers, timeout=60, trust_env=False)

    def answers(self) -> bool:
        """Whether it has come up."""
        try:
            return self.http.get("/api/status").status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    @contextmanager
    def kernel(self, name: str = "python3") -> Iterator[Kernel]:
        """A new kernel with one open websocket."""
        answer = self.http.post("/api/kernels", json={"name": name})
        answer.raise_for_status()
        kernel_id = answer.json()["id"]
        with connect(f"ws://{self.host}/api/kernels/{kernel_id}/channels?token={self.token}", max_size=None) as socket:
            yield Kernel(socket, kernel_id)
        self.http.delete(f"/api/kernels/{kernel_id}")


@contextmanager
def lab_of(image: Image) -> Iterator[Lab]:
    """Start JupyterLab on a free port of this machine, and stop it."""
    token = secrets.token_hex()
    container = image.engine.containers.run(
        image.reference,
        ["jupyter", "lab", "--no-browser", "--ip=0.0.0.0", f"--IdentityProvider.token={token}"],
        labels=LABELS,
        ports={"8888/tcp": ("127.0.0.1", 0)},
        cap_drop=["ALL"],
        security_opt=["no-new-privileges"],
        detach=True,
    )
    try:
        container.reload()
        [published] = container.ports["8888/tcp"] or []
        lab = Lab(f"127.0.0.1:{published['HostPort']}", token)
        with lab.http:
            wait_until(lab.answers, "the start of JupyterLab")
            yield lab
    finally:
        container.remove(force=True)
