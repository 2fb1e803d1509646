"""What the program hands the egress proxy: who may ask it, and for what.

Imported by the program and by the proxy; needs nothing but pydantic and the standard library.
"""

import os
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv4Network
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

# The environment variable that holds the runtime as JSON.
RUNTIME_VARIABLE = "EGRESS_PROXY_RUNTIME"
EGRESS_PROXY_PORT = 3128
# Nothing has this name (RFC 2606); the proxy is well when it refuses it.
HEALTH_NAME = "health.invalid"
# A name, or with a dot before it that name and all below it; nothing that could be more than one word of squid.conf.
Domain = Annotated[str, Field(pattern=r"^\.?[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$")]


class EgressProxyRuntime(BaseModel):
    """What the proxy is told."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    address: IPv4Address
    """Where it listens: its address on the user network."""
    users: IPv4Network
    """Addresses of user servers, which alone may ask."""
    allowed_domains: Annotated[list[Domain], Field(min_length=1)]

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "EgressProxyRuntime":
        """The runtime of this process.

        Raises:
            pydantic.ValidationError: it is missing or wrong.
        """
        return cls.model_validate_json(environment.get(RUNTIME_VARIABLE, ""))
