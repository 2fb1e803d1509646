"""Images that only tests and measurements run, built from a folder beside them."""

import io
import tarfile
from collections.abc import Mapping
from pathlib import Path

import docker
from docker.errors import BuildError, ImageNotFound

from components.built_image import content_hash, context_files
from tests.integration.deployment import CHECKOUT


def build_image(engine: docker.DockerClient, folder: Path, build_args: Mapping[str, str] | None = None) -> str:
    """Name and tag of the folder's image, built unless it is there; the tag is a hash of what goes into it.

    Raises:
        AssertionError: it cannot be built; with the end of what the build printed.
    """
    arguments = dict(build_args or {})
    reference = f"jhub.invalid/tests/{folder.name}:{content_hash(folder, arguments)}"
    try:
        engine.images.get(reference)
    except ImageNotFound:
        try:
            engine.images.build(
                fileobj=_build_context(folder),
                custom_context=True,
                buildargs=arguments,
                tag=reference,
                rm=True,
                forcerm=True,
            )
        except BuildError as error:
            log = "".join(str(line.get("stream", "")) for line in error.build_log)
            raise AssertionError(f"{error}\n{log[-3000:]}") from None
    return reference


def _build_context(folder: Path) -> io.BytesIO:
    """The folder, and the authorities that the network of this machine needs."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for file in context_files(folder):
            archive.add(file, file.relative_to(folder).as_posix())
        archive.add(CHECKOUT / ".bootstrap/ca-bundle.pem", "ca-bundle.pem")
    stream.seek(0)
    return stream
