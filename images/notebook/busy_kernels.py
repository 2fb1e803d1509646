"""Jupyter Server extension: a kernel that computes counts as activity, even one that prints nothing for hours.

The server's own measure of activity is the last message of a kernel, so that a long silent computation looks idle
and would be stopped in the middle.
"""

from typing import Any

from jupyter_server._tz import utcnow
from tornado.ioloop import PeriodicCallback

_INTERVAL_SECONDS = 5


def _load_jupyter_server_extension(server: Any) -> None:  # noqa: ANN401 - a ServerApp, which ships no types
    def look() -> None:
        kernels = server.kernel_manager.list_kernels()
        if any(kernel["execution_state"] == "busy" for kernel in kernels):
            server.web_app.settings["api_last_activity"] = utcnow()

    PeriodicCallback(look, _INTERVAL_SECONDS * 1000).start()
