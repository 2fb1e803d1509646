"""Running other programs, and saying in one sentence what went wrong."""

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

from bootstrap.folders import state


class BootstrapError(Exception):
    """One sentence for the operator: what is missing and what to do."""


def output_of(*command: str | Path, env: Mapping[str, str] | None = None) -> str | None:
    """What a program prints; None when it is missing, fails or does not answer within ten seconds."""
    try:
        return subprocess.run(command, env=env, check=True, capture_output=True, text=True, timeout=10).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None


def run_logged(what: str, *command: str | Path, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> None:
    """Run a program with its output in a log file, which the error names.

    Args:
        what: What it does, as the error's subject: "building the plugins".
        command: The program and its arguments.
        env: Variables beyond those of this process.
        cwd: Where it runs.

    Raises:
        BootstrapError: The program is missing or failed.
    """
    logs = state() / "logs"
    logs.mkdir(exist_ok=True)
    log = logs / f"{re.sub(r'[^a-z0-9]+', '-', what.lower())}.log"
    with log.open("wb") as output:
        try:
            variables = os.environ | dict(env or {})
            subprocess.run(
                command, env=variables, cwd=cwd, check=True, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )
        except OSError as error:
            raise BootstrapError(f"{what} failed: {error}") from error
        except subprocess.CalledProcessError as error:
            raise BootstrapError(f"{what} failed: {last_line(log)} (all of it: {log})") from error


def last_line(log: Path) -> str:
    """The last line of a log that is not empty."""
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1] if lines else "it printed nothing"


def version(text: str | None) -> tuple[int, ...]:
    """The numbers of the first version in a text, to compare; empty, hence older than any, when there is none."""
    found = re.search(r"\d+(?:\.\d+)+", text or "")
    return tuple(int(number) for number in found[0].split(".")) if found else ()
