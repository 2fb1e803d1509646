"""Docker Compose: the one that is installed, else built from the Go module proxy."""

import os
import subprocess
from functools import cache as once

from bootstrap import go_build
from bootstrap.commands import output_of
from bootstrap.folders import all_or_nothing, cache

_VERSION = "2.40.3"
_PACKAGE = "github.com/docker/compose/v2/cmd"


def compose(*arguments: str, variables: dict[str, str]) -> None:
    """Run Docker Compose with these variables for its file.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    subprocess.run([*compose_command(), *arguments], env=os.environ | variables, check=True, capture_output=True)


@once
def compose_command() -> list[str]:
    """The words that run Docker Compose."""
    if output_of("docker", "compose", "version"):
        return ["docker", "compose"]
    target = cache() / f"compose-{_VERSION}"
    if not target.exists():
        with all_or_nothing(target) as folder:
            version = f"github.com/docker/compose/v2/internal.Version=v{_VERSION}"
            go_build.build("compose", [_PACKAGE], folder, variables=version)
    return [str(target / "cmd")]
