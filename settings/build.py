"""`build`: how images are built."""

import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from settings.model import SettingsModel
from settings.values import ImageReference


def _url(value: str) -> str:
    # It becomes a build argument: no white space or quotes, and a password would stay in the image's history.
    if not re.fullmatch(r"https?://[^\s'\"$`\\]+", value):
        raise ValueError("is no address; write for example https://mirror.example.org/simple")
    if "@" in value:
        raise ValueError("holds a user or password, which would stay readable in the image; use an address without")
    return value


Url = Annotated[str, AfterValidator(_url)]


class BuildSettings(SettingsModel):
    """How images are built."""

    base_image: ImageReference = "debian:trixie-slim"
    """Image that ours start from: Debian 13, or one made from it."""

    revision: int = Field(default=1, ge=1)
    """Raise it to build every image anew, with the security updates of the day."""

    ca_bundle: Path | None = None
    """PEM file with the authorities to trust during builds, where the network intercepts TLS."""

    pip_index_url: Url | None = None
    """Package index for pip instead of the public one."""

    apt_mirror: Url | None = None
    """Debian mirror for apt instead of the public one."""
