"""Step 1: uv, and with it `.venv` exactly as uv.lock says."""

import importlib.util
import sys
from pathlib import Path

from bootstrap import apt
from bootstrap.commands import BootstrapError, run_logged
from bootstrap.folders import CHECKOUT, VENV, all_or_nothing, cache, scratch
from bootstrap.progress import Step

UV_VERSION = "0.13.9"


def ensure(step: Step) -> None:
    """Make `.venv` equal to uv.lock."""
    # uv brings authorities of its own; those of the machine may have one more, of a network that intercepts TLS.
    # Compiled once for all: where Python may not write beside its modules, each command would do it anew (`pulumi
    # preview` 4.0 s instead of 3.1 s, measured).
    options = ["--frozen", "--quiet", "--system-certs", "--compile-bytecode"]
    if not (VENV / "bin" / "python").exists():
        step.starting("installing what uv.lock lists")
        step.outcome = "made"
        options += ["--python", sys.executable]
    what = "installing the Python packages of uv.lock"
    run_logged(what, uv(), "sync", *options, env={"UV_PROJECT_ENVIRONMENT": str(VENV)}, cwd=CHECKOUT)


def uv() -> Path:
    """Our uv, fetched with pip when it is missing; always the same one, whatever else is on PATH."""
    target = cache() / f"uv-{UV_VERSION}"
    if not target.exists():
        if importlib.util.find_spec("ensurepip") is None:
            _install_venv()
        with all_or_nothing(target) as folder, scratch() as venv:
            run_logged("making a Python environment for uv", sys.executable, "-m", "venv", venv)
            pip = venv / "bin" / "pip"
            run_logged("installing uv with pip", pip, "install", "--retries", "1", f"uv=={UV_VERSION}")
            (folder / "bin").mkdir()
            (venv / "bin" / "uv").rename(folder / "bin" / "uv")
    return target / "bin" / "uv"


def _install_venv() -> None:
    if not apt.usable():
        raise BootstrapError(
            f"{sys.executable} has no ensurepip: install the package that holds it (Debian, Ubuntu: `apt install "
            "python3-venv`), then run this again."
        )
    apt.refresh()
    apt.install("python3-venv")
