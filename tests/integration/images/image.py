"""One image, looked at from outside, without a hub or a network around it."""

import io
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass

import docker
from docker.models.images import Image as DockerImage

# Tells what a test left behind that was killed before it could clean up.
_OF_EVERY_DEBIAN = {"/root/.bashrc", "/root/.profile"}
LABELS = {"jupyterhub.role": "test"}


@dataclass(frozen=True, kw_only=True)
class Image:
    """An image by name and tag."""

    engine: docker.DockerClient
    reference: str

    @property
    def content(self) -> DockerImage:
        """What the engine knows of it."""
        return self.engine.images.get(self.reference)

    @property
    def variables(self) -> set[str]:
        """Names of the environment variables that every container of it starts with."""
        return {line.partition("=")[0] for line in self.content.attrs["Config"]["Env"]}

    @property
    def build_leftovers(self) -> list[str]:
        """Files that a build writes for itself and should not have kept."""
        folders = ["/run", "/tmp", "/root", "/var/lib/apt/lists", "/var/cache/apt"]
        found = self.run("find", *folders, "-type", "f", "-size", "+0", user="0").splitlines()
        return [file for file in found if file not in _OF_EVERY_DEBIAN]

    def run(
        self,
        *command: str,
        files: Mapping[str, str] | None = None,
        environment: Mapping[str, str] | None = None,
        exit_code: int = 0,
        user: str | None = None,
    ) -> str:
        """What a command prints in a new container of the image.

        Raises:
            AssertionError: with that, where the command ends with another exit code.
        """
        container = self.engine.containers.create(
            self.reference,
            list(command[1:]),
            entrypoint=[command[0]],
            environment=dict(environment or {}),
            labels=LABELS,
            network_mode="none",
            user=user,
        )
        try:
            container.put_archive("/", _archive(files or {}))
            container.start()
            found = container.wait(timeout=300)["StatusCode"]
            output = container.logs().decode()
        finally:
            container.remove(force=True)
        assert found == exit_code, f"{' '.join(command)} ended with {found}:\n{output}"
        return output


def _archive(files: Mapping[str, str]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for path, content in files.items():
            entry = tarfile.TarInfo(path.lstrip("/"))
            entry.size, entry.mode = len(content.encode()), 0o644
            archive.addfile(entry, io.BytesIO(content.encode()))
    return stream.getvalue()
