"""What the program tells the firewall, and what the firewall says of itself.

Imported by the program and by the firewall; needs nothing but pydantic and the standard library.
"""

import hashlib
import json
from ipaddress import IPv4Address, IPv4Network
from pathlib import PurePosixPath
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

RUNTIME_VARIABLE = "FIREWALL_RUNTIME"
# On a volume that the hub reads.
HEARTBEAT_FILE = PurePosixPath("/run/firewall/heartbeat.json")
HEARTBEAT_SECONDS = 1
# An older heartbeat is nobody's: several times what the slowest repair took.
HEARTBEAT_LIMIT_SECONDS = 10

# The start tells stacks' chains from everybody else's; Linux takes no longer name for an interface.
Bridge = Annotated[str, Field(pattern=r"^jh-[A-Za-z0-9_.-]{1,12}$")]
Port = Annotated[int, Field(ge=1, le=65535)]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ExceptionRuntime(_Model):
    """A place on a private network that users may reach all the same; without a port, every port."""

    to: IPv4Network
    protocol: Literal["tcp", "udp"]
    port: Port | None = None


class EgressRuntime(_Model):
    """What user servers reach outside."""

    mode: Literal["open", "internet", "blocked", "allowlist"]
    """Everything, everything but private networks, nothing, or what the egress proxy lets through."""
    exceptions: tuple[ExceptionRuntime, ...] = ()
    """Only in mode `internet`."""
    resolvers: tuple[IPv4Address, ...] = ()
    """Name servers on private networks, for mode `internet`; without any, those of the host."""
    proxy: IPv4Address | None = None
    proxy_port: Port | None = None

    @model_validator(mode="after")
    def _one_proxy(self) -> Self:
        if (self.mode == "allowlist") != (self.proxy is not None and self.proxy_port is not None):
            raise ValueError("the mode allowlist, and no other, has a proxy and a proxy_port")
        return self


class FirewallRuntime(_Model):
    """Everything the firewall is told."""

    bridge: Bridge
    subnet: IPv4Network
    user_range: IPv4Network
    """The part of the subnet from which Docker gives user servers their addresses."""
    hub: IPv4Address
    proxy: IPv4Address
    hub_port: Port
    """Where user servers reach the hub."""
    user_port: Port
    """Where hub and proxy reach user servers."""
    egress: EgressRuntime

    @model_validator(mode="after")
    def _addresses_are_apart(self) -> Self:
        if not self.user_range.subnet_of(self.subnet):
            raise ValueError("user_range is no part of subnet")
        for address in (self.hub, self.proxy, self.egress.proxy):
            # Docker could give it to a user server, which would then have its rights.
            if address is not None and (address in self.user_range or address not in self.subnet):
                raise ValueError(f"{address} belongs into subnet and out of user_range")
        return self

    @property
    def fingerprint(self) -> str:
        """Short name of exactly this runtime."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:16]


class Heartbeat(_Model):
    """Written after the firewall has seen that every rule of a runtime is in force."""

    boot_id: str
    """Which start of the machine the time belongs to."""
    monotonic: float
    """CLOCK_BOOTTIME in seconds: no container has its own, and no one sets it."""
    fingerprint: str

    def problem(self, boot_id: str, now: float, fingerprint: str) -> str | None:
        """Why this says nothing about the present, or nothing of this runtime."""
        if self.boot_id != boot_id:
            return "the firewall has not reported since the machine started"
        age = now - self.monotonic
        if not 0 <= age <= HEARTBEAT_LIMIT_SECONDS:
            return f"the firewall last reported {age:.0f} seconds ago"
        if self.fingerprint != fingerprint:
            return "the firewall enforces other settings than the present ones"
        return None
