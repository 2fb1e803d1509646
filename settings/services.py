"""`services`: other web services behind the same front door."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from settings.model import SettingsModel
from settings.values import DnsName, PathPrefix

# Below these the hub answers: jupyterhub's own handlers, user servers, its services and its health check.
_HUB_PATHS = {"/hub", "/user", "/services", "/user-redirect", "/_chp_healthz"}


def _target(value: str) -> str:
    match = re.fullmatch(r"(https?://([A-Za-z0-9._-]+|\[[0-9a-f:]+\])(:(?P<port>[0-9]{1,5}))?)/?", value)
    if match is None or not 1 <= int(match["port"] or 1) <= 65535:  # noqa: PLR2004 - the last port
        raise ValueError("is no address of a service; write for example http://grafana:3000")
    return match[1]


def _service_name(value: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,30}", value):
        raise ValueError("is no name for a service; write lower-case letters, digits and -, for example grafana")
    return value


ServiceName = Annotated[str, AfterValidator(_service_name)]


class ServiceSettings(SettingsModel):
    """Another web service behind the same front door, found by host name or by path."""

    host: DnsName | None = None
    """Host name of the service; the certificate must cover it."""

    path: PathPrefix | None = None
    """Path of the service on the site's own host name."""

    strip_path: bool = False
    """Take the path off before the request is passed on, for a service that does not know of it."""

    target: Annotated[str, AfterValidator(_target)] = Field(examples=["http://grafana:3000"])
    """Where the service listens: a container on the stack's services network by name, or any address."""

    @model_validator(mode="after")
    def _host_or_path(self) -> "ServiceSettings":
        if (self.host is None) == (self.path is None):
            raise ValueError("needs a host or a path, one of the two")
        if self.strip_path and self.path is None:
            raise ValueError("has strip_path without a path; remove strip_path")
        if self.path and "/" + self.path.split("/")[1] in _HUB_PATHS:
            raise ValueError(f"has the path {self.path}, which belongs to the hub; choose another")
        return self
