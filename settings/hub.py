"""`hub`: the hub itself."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from settings.model import SettingsModel
from settings.values import Duration, ImageReference, MemorySize


class DerivedSecret(StrEnum):
    """A secret derived from the stack's root key, which can be rotated by itself."""

    COOKIE_SECRET = "cookie_secret"  # noqa: S105 - a name
    CRYPT_KEY = "crypt_key"
    PROXY_API_PASSWORD = "proxy_api_password"  # noqa: S105 - a name
    USER_PASSWORD = "user_password"  # noqa: S105 - a name
    ADMIN_PASSWORD = "admin_password"  # noqa: S105 - a name


class HubSettings(SettingsModel):
    """The hub itself."""

    base_image: ImageReference | None = None
    """Image to build the hub's on instead of `build.base_image`, such as quay.io/jupyterhub/jupyterhub:6.1.1."""

    memory: MemorySize = Field(default=2**30, ge=256 * 2**20)
    """Memory of the hub's container; JupyterHub with 500 users takes about 150M."""

    concurrent_spawn_limit: int = Field(default=64, ge=1)
    """Servers that may be starting at once; whoever comes next is asked to wait a moment."""

    active_server_limit: int = Field(default=0, ge=0)
    """Servers that may run at once; 0 for no limit."""

    start_timeout: Duration = Field(default=300, ge=10)
    """How long a server may take to start."""

    docker_threads: int = Field(default=8, ge=1, le=32)
    """Calls to Docker at once. With one, a server slow to stop would hold up everybody else's start."""

    secret_rotation: dict[DerivedSecret, Annotated[int, Field(ge=0, le=1000)]] = Field(default={})
    """Raise a secret's number to replace it: a new cookie_secret logs everybody out, a new crypt_key keeps the
    old ones for reading."""
