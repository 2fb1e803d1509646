"""`idle`: when what nobody uses is stopped."""

from pydantic import Field, model_validator

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

    @model_validator(mode="after")
    def _activity_is_seen_in_time(self) -> "IdleSettings":
        # JupyterHub notes activity with a resolution of 30 s (JupyterHub.activity_resolution).
        if 0 < self.server_timeout < max(60, 2 * self.check_every):
            raise ValueError(
                "has a server_timeout in which activity would be missed; write at least 60s, and twice check_every"
            )
        return self
