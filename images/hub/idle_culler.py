"""Stopping servers that nobody uses, by jupyterhub-idle-culler as a service of the hub."""

import sys

from traitlets.config import Config

from images.hub.runtime import HubRuntime

_NEVER = 100 * 365 * 24 * 3600
_NAME = "idle-culler"
_SCOPES = ["list:users", "read:users:activity", "read:servers", "delete:servers"]


def apply_idle_culler(runtime: HubRuntime, c: Config) -> None:
    """Run the idle culler, unless nothing is ever to be stopped."""
    idle = runtime.idle_culler
    if not idle.server_timeout and not idle.max_age:
        return
    command = [
        sys.executable,
        "-m",
        "jupyterhub_idle_culler",
        # To the culler 0 is a limit that every server is over.
        f"--timeout={idle.server_timeout or _NEVER}",
        f"--max-age={idle.max_age}",
        f"--cull-every={idle.check_every}",
        "--api-page-size=200",
    ]
    c.JupyterHub.services = [{"name": _NAME, "command": command}]
    c.JupyterHub.load_roles = [{"name": _NAME, "services": [_NAME], "scopes": _SCOPES}]
