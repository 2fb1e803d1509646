"""Two runs at once: the second waits for the first."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bootstrap.progress import say


@contextmanager
def only_one(path: Path) -> Iterator[None]:
    """Hold the lock file; the kernel gives it back whatever way the process ends."""
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("lock", f"another run is at work, waiting for it ({path})")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
