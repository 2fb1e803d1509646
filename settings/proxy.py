"""`proxy`: the front door, Traefik."""

from pydantic import Field

from settings.model import SettingsModel
from settings.values import Duration, ImageReference, MemorySize


class ProxySettings(SettingsModel):
    """The front door, Traefik."""

    image: ImageReference | None = None
    """Published Traefik image, such as traefik:v3.7.15, instead of the one built here."""

    memory: MemorySize = Field(default=512 * 2**20, ge=64 * 2**20)
    """Memory of Traefik's container."""

    hsts: Duration = Field(default=31536000, ge=0)
    """How long browsers remember to use HTTPS only for this host name; 0s sends no such header."""
