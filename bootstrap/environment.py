"""The variables with which plain `pulumi` works on this project."""

import os
import shlex
from collections.abc import Mapping
from pathlib import Path

from bootstrap import backend, plugins
from bootstrap.folders import VENV
from bootstrap.pulumi_cli import PulumiCli


def variables(cli: PulumiCli, home: Path, docker_host: str | None, environment: Mapping[str, str]) -> dict[str, str]:
    """The variables that find Pulumi, its plugins and Docker."""
    found = {
        # First our environment: an older language host runs the `python` it finds on PATH.
        "PATH": with_folders(environment.get("PATH", ""), VENV / "bin", cli.folder),
        "VIRTUAL_ENV": str(VENV),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }
    if home == plugins.ours():
        found["PULUMI_HOME"] = str(home)
        # `pulumi login` is noted where the operator's other projects see it too.
        found["PULUMI_CREDENTIALS_PATH"] = str(backend.credentials(environment))
    if docker_host:
        found["DOCKER_HOST"] = docker_host
    return found


def with_folders(path: str, *folders: Path) -> str:
    """A PATH that begins with these folders and has each of them once."""
    first = [str(folder) for folder in folders]
    return os.pathsep.join([*first, *(entry for entry in path.split(os.pathsep) if entry and entry not in first)])


def add_system_folders() -> None:
    """Put the administrator's programs on PATH: plain `su` gives root one on which dpkg and Docker lack theirs."""
    folders = [
        folder for folder in ("/usr/sbin", "/sbin") if folder not in os.environ.get("PATH", "").split(os.pathsep)
    ]
    os.environ["PATH"] = os.pathsep.join([os.environ.get("PATH", ""), *folders])


def exports(variables: Mapping[str, str]) -> str:
    """Lines for a shell."""
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in variables.items())
