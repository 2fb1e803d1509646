"""Step 7: where Pulumi keeps the stacks, and the passphrases of their secrets."""

import json
import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bootstrap.commands import BootstrapError, run_logged
from bootstrap.folders import CHECKOUT, state
from bootstrap.plugins import operators
from bootstrap.progress import Step, say

DEV = "dev"
# Documented, hence no secret: the dev stack holds only what was generated for it, and that in the state folder.
DEV_PASSPHRASE = "jupyterhub-dev"  # noqa: S105


@dataclass(frozen=True)
class Backend:
    """Where the stacks are, and whether that is our own folder or the operator's choice."""

    url: str
    ours: bool


def choose(environment: Mapping[str, str], step: Step) -> Backend:
    """The backend that the operator names, else ours if it has stacks, else the one they are logged in to, else ours.

    Stacks stay where they are: a later `pulumi login` for another project would else make `up` deploy them anew.
    """
    folder = state() / "backend"
    stated = environment.get("PULUMI_BACKEND_URL")
    in_use = any(folder.glob(".pulumi/stacks/**/*.json"))
    chosen = stated if stated and stated != folder.as_uri() else None if in_use else _logged_in(environment)
    if chosen:
        step.outcome = f"yours, {chosen}"
        return Backend(chosen, ours=False)
    folder.mkdir(mode=0o700, exist_ok=True)
    step.outcome = f"the folder {folder}"
    return Backend(folder.as_uri(), ours=True)


def credentials(environment: Mapping[str, str]) -> Path:
    """The folder in which the operator's `pulumi login` is noted."""
    stated = environment.get("PULUMI_CREDENTIALS_PATH")
    return Path(stated) if stated else operators(environment)


def _logged_in(environment: Mapping[str, str]) -> str | None:
    with suppress(OSError, ValueError, AttributeError):
        current = json.loads((credentials(environment) / "credentials.json").read_text()).get("current")
        return str(current) if current else None
    return None


def passphrase_file(stack: str, backend: Backend, environment: Mapping[str, str], *, create: bool) -> Path | None:
    """The file with a stack's passphrase.

    Args:
        stack: The stack's name.
        backend: Where the stack is.
        environment: The operator's variables.
        create: Whether to make up a passphrase for a stack that has none yet.

    Returns:
        The file, or None when the operator sees to the passphrase or the stack needs none.

    Raises:
        BootstrapError: This machine does not have the passphrase.
    """
    folder = state() / "passphrases"
    stated = environment.get("PULUMI_CONFIG_PASSPHRASE_FILE")
    if "PULUMI_CONFIG_PASSPHRASE" in environment or (stated and Path(stated).parent != folder):
        return None
    settings = _stack_file(stack).read_text() if _stack_file(stack).exists() else ""
    salted = "encryptionsalt:" in settings
    if not salted and ("secretsprovider:" in settings or backend.url.startswith(("http:", "https:"))):
        return None
    folder.mkdir(mode=0o700, exist_ok=True)
    file = folder / _name(stack)
    if stack == DEV:
        _write(file, DEV_PASSPHRASE)
    elif not file.exists():
        if salted:
            raise BootstrapError(
                f"{_stack_file(stack).name} needs a passphrase that this machine does not have: put it into {file}."
            )
        if not create:
            raise BootstrapError(f"The stack {stack} is not set up here: `make stack STACK={stack}` does that.")
        _write(file, secrets.token_urlsafe(32))
        say(f"stack {stack}", f"its new passphrase is in {file}: back it up, without it the stack's secrets are lost")
    return file


def select(stack: str, pulumi: Path, variables: Mapping[str, str]) -> None:
    """Select a stack, made if it is missing, and leave a stack file that has its salt as it was."""
    file = _stack_file(stack)
    before = file.read_bytes() if file.exists() else b""
    options = ["--create", stack, "--non-interactive", "--color", "never"]
    try:
        what = f"selecting the stack {stack}"
        run_logged(what, pulumi, "stack", "select", *options, env=variables, cwd=CHECKOUT)
    finally:
        # Pulumi may write it anew, and git would show a change that says nothing.
        if b"encryptionsalt:" in before and file.read_bytes() != before:
            file.write_bytes(before)


def _name(stack: str) -> str:
    if not re.fullmatch(r"(\w[\w.-]*/){0,2}\w[\w.-]*", stack, re.ASCII):
        raise BootstrapError(f"{stack!r} is no stack name: letters, digits, dots, hyphens and underscores make one.")
    return stack.rsplit("/", 1)[-1]


def _stack_file(stack: str) -> Path:
    return CHECKOUT / f"Pulumi.{_name(stack)}.yaml"


def _write(file: Path, passphrase: str) -> None:
    new = file.with_name(f".{file.name}.new")
    new.unlink(missing_ok=True)
    new.touch(mode=0o600)
    new.write_text(passphrase)
    new.replace(file)
