"""`idle`: when what nobody uses is stopped."""

from pydantic import Field

from settings.model import SettingsModel
from settings.values import Duration


class IdleSettings(SettingsModel):
    """When what nobody uses is stopped. Files stay; what was only in memory goes."""

    server_timeout: Duration = Field(default=3600, ge=0)
    """Stop a server after this long without activity; 0s never."""

    max_age: Duration = Field(default=0, ge=0)
    """Stop a server at this age even when it is busy, so that it picks up a new image; 0s never."""

    check_every: Duration = Field(default=300, ge=1)
    """How often servers are looked at, and how often each reports its activity."""

    kernel_timeout: Duration = Field(default=3600, ge=0)
    """Stop a kernel that has executed nothing for this long, even with its page open; 0s never."""
