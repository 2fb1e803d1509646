"""Where bootstrap keeps things: a cache and a state folder of the user's, and two folders in the checkout."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
VENV = CHECKOUT / ".venv"
LOCAL = CHECKOUT / ".bootstrap"


def cache() -> Path:
    """The folder of everything that can be made again."""
    return _user_folder("XDG_CACHE_HOME", ".cache")


def state() -> Path:
    """The folder of what must be kept: stacks, passphrases, logs; nobody else may look into it."""
    folder = _user_folder("XDG_STATE_HOME", ".local/state")
    folder.chmod(0o700)
    return folder


def _user_folder(variable: str, default: str) -> Path:
    folder = Path(os.environ.get(variable) or Path.home() / default) / "jupyterhub-pulumi"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder that is gone afterwards, on the cache's file system so that its content can be moved there."""
    parent = cache() / "tmp"
    parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=parent) as folder:
        yield Path(folder)


@contextmanager
def all_or_nothing(target: Path) -> Iterator[Path]:
    """A folder to fill, which becomes `target` when all went well; interrupted work leaves nothing behind."""
    with scratch() as folder:
        filled = folder / target.name
        filled.mkdir()
        yield filled
        shutil.rmtree(target, ignore_errors=True)
        filled.rename(target)


def remove_leftovers() -> None:
    """Remove what a killed run left; only the holder of the lock may do this."""
    shutil.rmtree(cache() / "tmp", ignore_errors=True)
