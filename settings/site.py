"""`site`: where people find the hub."""

from ipaddress import IPv4Address

from pydantic import Field, model_validator

from settings.model import SettingsModel
from settings.values import Address, DnsName, Port


class SiteSettings(SettingsModel):
    """Where people find the hub."""

    domain: DnsName = Field(examples=["jupyter.example.org"])
    """Host name that people type into the browser; it must lead to this server."""

    https_port: Port = 443
    """Port of the front door."""

    http_port: Port = 80
    """Port that only redirects to the front door."""

    bind_address: Address = IPv4Address("0.0.0.0")  # noqa: S104 - a hub is there to be reached
    """Address of the server on which both ports are published; 127.0.0.1 keeps the hub on this machine."""

    title: str = Field(default="JupyterHub", min_length=1, max_length=60)
    """Name of the site, shown as the title of the hub's pages."""

    @model_validator(mode="after")
    def _ports_differ(self) -> "SiteSettings":
        if self.http_port == self.https_port:
            raise ValueError(f"uses port {self.http_port} twice; give http_port and https_port two different ports")
        return self

    @property
    def url(self) -> str:
        """Address of the hub, with a slash at the end; the port only where it is not 443."""
        port = "" if self.https_port == 443 else f":{self.https_port}"  # noqa: PLR2004 - the port of https
        return f"https://{self.domain}{port}/"

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the hub."""
        return self.bind_address.is_loopback
