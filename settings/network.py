"""`network`: the addresses of the stack's own networks."""

from ipaddress import IPv4Address, IPv4Network

from pydantic import model_validator

from settings.model import SettingsModel
from settings.values import Subnet


class NetworkSettings(SettingsModel):
    """The addresses of the stack's own networks. Neither may overlap another network this server can reach."""

    subnet: Subnet = IPv4Network("10.201.0.0/20")
    """Network of the user servers, /16 to /26; the upper half is theirs. A change stops every server."""

    control_subnet: Subnet = IPv4Network("10.201.16.0/28")
    """Network between hub and reverse proxy, /28 or larger."""

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
