"""Settings of imaginary sites, as an operator would write them."""

from typing import Any

from components.names import Names
from settings import Settings
from settings.problems import validate_settings

NAMES = Names(project="jupyterhub", stack="test")

SMALLEST: dict[str, Any] = {
    "site": {"domain": "hub.example.org"},
    "tls": {"kind": "self_signed"},
    "auth": {"kind": "shared_password"},
    "access": {"allowed_users": ["alice", "bob"]},
}


def settings_of(**concerns: object) -> Settings:
    """The settings of a site that says no more than it must, apart from these."""
    return validate_settings({**SMALLEST, **concerns})
