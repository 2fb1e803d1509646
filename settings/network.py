"""`network`: what user servers can reach, and the addresses of the stack's own networks."""

from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network
from typing import Literal

from pydantic import Field, model_validator

from settings.model import SettingsModel
from settings.values import AllowedDomain, Destination, EntryName, Port, ResolverAddress, Subnet


class Isolation(StrEnum):
    """What keeps user servers from each other and from this server."""

    FIREWALL = "firewall"
    DOCKER = "docker"
    OFF = "off"


class Egress(StrEnum):
    """What user servers reach outside of the stack."""

    OPEN = "open"
    INTERNET = "internet"
    ALLOWLIST = "allowlist"
    BLOCKED = "blocked"


class EgressException(SettingsModel):
    """A place on a private network that user servers may reach although the rest of it is closed."""

    to: Destination
    """Address, such as 10.1.2.3, or network, such as 10.1.2.0/24."""

    port: Port | None = None
    """The only port that is open there; without it, every port is."""

    protocol: Literal["tcp", "udp"] = "tcp"
    """Protocol of the ports, tcp or udp."""


class NetworkSettings(SettingsModel):
    """What user servers can reach, and the addresses of the stack's own networks."""

    isolation: Isolation = Isolation.FIREWALL
    """What keeps user servers from each other and from this server. `firewall`: rules of ours, which need iptables.
    `docker`: an internal network without any, where users reach each other's servers, and this server on engines before
    28. `off`: nothing, for a site whose users trust each other with everything."""

    egress: Egress = Egress.INTERNET
    """What user servers reach outside. `internet`: everything but private networks, this server and the metadata
    service of a cloud. `allowlist`: the web servers of `allowed_domains`, through a proxy. `blocked`: nothing. `open`:
    everything that this server reaches, your other machines too."""

    allowed_domains: frozenset[AllowedDomain] = frozenset()
    """Domains for `egress: allowlist`: `data.example.org` for that name only, `.python.org` for it and all below it."""

    egress_exceptions: dict[EntryName, EgressException] = Field(default={})
    """Places on private networks that user servers may reach all the same with `egress: internet`, by name."""

    resolvers: tuple[ResolverAddress, ...] = ()
    """Name servers for user servers; without any, those that this server itself uses. Name them where this server asks
    one on a loopback address (systemd-resolved) that asks one on a private network. With a list of domains it is the
    proxy that asks them."""

    subnet: Subnet = IPv4Network("10.201.0.0/20")
    """Network of the user servers, /16 to /26; the upper half is theirs. A change stops every server."""

    control_subnet: Subnet = IPv4Network("10.201.16.0/28")
    """Network between hub and reverse proxy, /28 or larger. Neither may overlap another that this server can reach."""

    @model_validator(mode="after")
    def _isolation_can_do_it(self) -> "NetworkSettings":
        if self.isolation is Isolation.DOCKER and self.egress is not Egress.BLOCKED:
            raise ValueError(
                "has isolation: docker, which lets nothing out; write egress: blocked beside it, or isolation: firewall"
            )
        if self.isolation is Isolation.OFF and self.egress is not Egress.OPEN:
            raise ValueError(
                "has isolation: off, which lets everything out; write egress: open beside it, or isolation: firewall"
            )
        if self.egress_exceptions and self.egress is not Egress.INTERNET:
            raise ValueError(
                f"has egress_exceptions, which mean nothing with egress: {self.egress}; remove them, "
                "or write egress: internet"
            )
        if self.resolvers and self.egress is Egress.BLOCKED:
            raise ValueError("has resolvers, which egress: blocked cuts off; remove one of the two")
        if self.egress is Egress.ALLOWLIST and not self.allowed_domains:
            raise ValueError("has egress: allowlist without a list; write allowed_domains, or egress: blocked")
        if self.allowed_domains and self.egress is not Egress.ALLOWLIST:
            raise ValueError(
                f"has allowed_domains, which mean nothing with egress: {self.egress}; remove them, "
                "or write egress: allowlist"
            )
        return self

    @model_validator(mode="after")
    def _sizes_fit(self) -> "NetworkSettings":
        if not 16 <= self.subnet.prefixlen <= 26:  # noqa: PLR2004
            raise ValueError(
                f"has a subnet of /{self.subnet.prefixlen}; a user network is between /16 and /26 (a /20 serves 2000)"
            )
        if self.control_subnet.prefixlen > 28:  # noqa: PLR2004
            raise ValueError(f"has a control_subnet of /{self.control_subnet.prefixlen}; write /28 or larger")
        if self.subnet.overlaps(self.control_subnet):
            raise ValueError(
                f"has subnet {self.subnet} and control_subnet {self.control_subnet} overlap; choose two apart"
            )
        return self

    # The user network has its final addresses from the first day: every input of a Docker network forces a
    # replacement, and replacing it means stopping everyone. Infrastructure sits below, users above the middle, so
    # that Docker never hands a user the address of a hub that is down.

    @property
    def user_range(self) -> IPv4Network:
        """Addresses of user servers: the upper half of the subnet."""
        return list(self.subnet.subnets(prefixlen_diff=1))[1]

    @property
    def gateway(self) -> IPv4Address:
        """The server's own address on the user network."""
        return self.subnet[1]

    @property
    def hub_address(self) -> IPv4Address:
        """The hub's address on the user network."""
        return self.subnet[10]

    @property
    def proxy_address(self) -> IPv4Address:
        """The reverse proxy's address on the user network."""
        return self.subnet[20]

    @property
    def egress_proxy_address(self) -> IPv4Address:
        """The egress proxy's address on the user network."""
        return self.subnet[30]

    @property
    def control_gateway(self) -> IPv4Address:
        """The server's own address on the control network."""
        return self.control_subnet[1]

    @property
    def hub_control_address(self) -> IPv4Address:
        """The hub's address on the control network."""
        return self.control_subnet[2]

    @property
    def proxy_control_address(self) -> IPv4Address:
        """The reverse proxy's address on the control network; its API listens nowhere else."""
        return self.control_subnet[3]
