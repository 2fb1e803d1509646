"""What the program hands the socket proxy: which containers and volumes the hub may make, start, stop and see.

Imported by the program and by the proxy; needs nothing but pydantic and the standard library.
"""

import os
from collections.abc import Mapping
from pathlib import PurePosixPath

from pydantic import BaseModel, ConfigDict

# The environment variable that holds the runtime as JSON.
RUNTIME_VARIABLE = "SOCKET_PROXY_RUNTIME"
# Where the engine's own socket is mounted, and the folder in which the hub finds what is served.
ENGINE_SOCKET = PurePosixPath("/run/engine/docker.sock")
SERVED_FOLDER = PurePosixPath("/run/docker-api")
SERVED_SOCKET = SERVED_FOLDER / "docker.sock"


class SocketProxyRuntime(BaseModel):
    """What this site allows. Sizes in bytes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    stack: str
    """Value of every `jupyterhub.stack` label; what carries another one is not there for the hub."""
    images: list[str]
    """Images that a user's server may be made of."""
    network: str
    """Name of the only network that it may join."""
    container_prefix: str
    volume_prefix: str
    home_path: str
    """Where a user's volume is mounted."""
    port: int
    """Port that a user's server listens on; it is never published."""
    memory_limit: int
    cpu_limit: float
    pids_limit: int
    resolvers: list[str]
    """Name servers that it is given; without any, the engine's own."""
    client_group: int
    """Group of the user that the hub runs as, who alone may use the served socket."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "SocketProxyRuntime":
        """The runtime of this process.

        Raises:
            pydantic.ValidationError: it is missing or wrong.
        """
        return cls.model_validate_json(environment.get(RUNTIME_VARIABLE, ""))
