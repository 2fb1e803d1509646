"""`docker`: the engine that everything runs on."""

import re
from typing import Annotated

from pydantic import AfterValidator

from settings.model import SettingsModel


def _host(value: str) -> str:
    if not re.fullmatch(r"unix:///[^\s]+", value):
        raise ValueError("is no local Docker socket; write for example unix:///var/run/docker.sock")
    return value


class DockerSettings(SettingsModel):
    """The engine that everything runs on."""

    host: Annotated[str, AfterValidator(_host)] = "unix:///var/run/docker.sock"
    """Socket of the Docker Engine on this server."""

    @property
    def socket_path(self) -> str:
        """The socket's path on the server."""
        return self.host.removeprefix("unix://")
