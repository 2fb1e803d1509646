"""Debian packages, where we may install them."""

import os
import shutil
from contextlib import suppress

from bootstrap.commands import BootstrapError, output_of, run_logged

_QUIETLY = {"DEBIAN_FRONTEND": "noninteractive"}


def usable() -> bool:
    """Whether this is Debian or one of its descendants, and we are root."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def refresh() -> None:
    """Fetch the package lists; old ones may still serve, and if not the installation says so."""
    with suppress(BootstrapError):
        run_logged("refreshing the package lists", "apt-get", "update", "-q", env=_QUIETLY)


def install(*packages: str) -> None:
    """Install packages without those they recommend."""
    options = ["-y", "-q", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=120"]
    run_logged(f"installing {' '.join(packages)}", "apt-get", "install", *options, *packages, env=_QUIETLY)


def knows(package: str) -> bool:
    """Whether the distribution has a package of that name."""
    return bool(output_of("apt-cache", "show", "--no-all-versions", package))
