"""`storage`: where people's files live."""

from settings.model import SettingsModel
from settings.values import PathPrefix


class HomeSettings(SettingsModel):
    """Every user's home: a Docker volume of its own, kept when the server stops."""

    mount_path: PathPrefix = "/home/jovyan"
    """Folder in the user's server where the volume appears; an image's own files there fill a new volume."""


class StorageSettings(SettingsModel):
    """Where people's files live."""

    home: HomeSettings = HomeSettings()
    """Every user's home."""
