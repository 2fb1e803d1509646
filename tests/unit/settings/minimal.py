"""The least that an operator must say, and what the product says of more."""

from typing import Any

from settings import Settings
from settings.problems import SettingsError, validate_settings

SECRET = "hunter2-secret"
MINIMAL: dict[str, Any] = {
    "site": {"domain": "jupyter.example.org"},
    "tls": {"kind": "self_signed"},
    "auth": {"kind": "shared_password"},
    "access": {"allowed_users": ["alice", "bob"]},
}


def settings_of(**concerns: object) -> Settings:
    """Settings of a site that says no more than it must, except for these concerns."""
    return validate_settings({**MINIMAL, **concerns})


def problems_of(**concerns: object) -> list[str]:
    """What is wrong with such a site."""
    try:
        settings_of(**concerns)
    except SettingsError as error:
        return error.problems
    return []
