"""Settings of imaginary sites, as an operator would write them, and what the product says of them."""

from typing import Any

from components.names import Names
from settings import Settings
from settings.problems import SettingsError, validate_settings

NAMES = Names(project="jupyterhub", stack="test")
SECRET = "hunter2-secret"
SMALLEST: dict[str, Any] = {
    "site": {"domain": "hub.example.org"},
    "tls": {"kind": "self_signed"},
    "auth": {"kind": "shared_password"},
    "access": {"allowed_users": ["alice", "bob"]},
}


def settings_of(**concerns: object) -> Settings:
    """The settings of a site that says no more than it must, apart from these."""
    return validate_settings({**SMALLEST, **concerns})


def problems_of(**concerns: object) -> list[str]:
    """What is wrong with such a site."""
    try:
        settings_of(**concerns)
    except SettingsError as error:
        return error.problems
    return []
