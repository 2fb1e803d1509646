"""Opening the served socket, and becoming nobody special before the first request is read."""

import os
import socket
from pathlib import Path

_USER = 10002


class UnusableSocketError(Exception):
    """The engine's socket is not there, or not for its group to use."""


def listen(path: Path, group: int) -> socket.socket:
    """A listening socket at `path` that only root and the members of `group` can use."""
    path.unlink(missing_ok=True)  # what a killed proxy left behind
    served = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o117), os.getegid()
    # Made with its final group: giving it one later takes a capability.
    os.setegid(group)
    served.bind(str(path))
    os.umask(before[0])
    os.setegid(before[1])
    served.listen(128)
    return served


def drop(engine_socket: Path) -> None:
    """Become a user without a name or a capability who may use the engine's socket.

    Its group is the server's own number, which only a look at the socket tells.

    Raises:
        UnusableSocketError: that user could not use it.
    """
    try:
        group = engine_socket.stat().st_gid
    except FileNotFoundError:
        raise UnusableSocketError(f"there is no Docker socket at {engine_socket}") from None
    os.setgroups([group])
    os.setresgid(_USER, _USER, _USER)
    os.setresuid(_USER, _USER, _USER)
    if not os.access(engine_socket, os.R_OK | os.W_OK):
        raise UnusableSocketError("the engine's socket is not for its group to use; give it the mode 0660")
