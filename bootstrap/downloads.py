"""Pulumi's own archives, where they can be reached."""

import platform
import shutil
import tarfile
import threading
import urllib.request
import zlib
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from typing import IO

from bootstrap.commands import BootstrapError

BASE_URL = "https://get.pulumi.com/releases"
SECONDS = 10.0
_MACHINES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


def target() -> str:
    """This machine, as in the names of Pulumi's archives: linux-amd64."""
    return f"{platform.system().lower()}-{_MACHINES.get(platform.machine(), platform.machine())}"


def unpack(url: str, folder: Path, *, seconds: float = SECONDS) -> None:
    """Put the files of a remote archive side by side into a folder, executable.

    Args:
        url: A .tar.gz archive.
        folder: Where they go; what is there after a failure is of no use.
        seconds: How long to wait for an answer, and for each further piece.

    Raises:
        BootstrapError: It cannot be had, or not all of it.
    """
    try:
        with _open(url, seconds) as answer, tarfile.open(fileobj=answer, mode="r|gz") as archive:
            for member in archive:
                content = archive.extractfile(member)
                # Only names without folders are used, so that no archive can write elsewhere.
                if content is not None and member.isfile():
                    file = folder / Path(member.name).name
                    with file.open("wb") as output:
                        shutil.copyfileobj(content, output)
                    file.chmod(0o755)
    except (OSError, EOFError, tarfile.TarError, zlib.error, HTTPException) as error:
        raise BootstrapError(f"{url} cannot be had: {error}.") from error


def _open(url: str, seconds: float) -> IO[bytes]:
    """The answer to a request; asked in a thread, because looking up a name knows no time-out."""
    answers: list[IO[bytes]] = []

    def ask() -> None:
        with suppress(OSError, HTTPException):
            answers.append(urllib.request.urlopen(url, timeout=seconds))  # noqa: S310 (the address is ours)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(seconds)
    if not answers:
        raise TimeoutError(f"no answer within {seconds:.0f} s")
    return answers[0]
