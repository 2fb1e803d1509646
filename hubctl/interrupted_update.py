"""Repairing what an update that was killed half-way left behind, so that the next one can go on."""

import json
import os
import shutil
import socket
from pathlib import Path

from rich.console import Console

from hubctl.containers import StackObjects
from hubctl.pulumi_stack import PulumiStack


def repair(stack: PulumiStack, console: Console) -> None:
    """Free the state of a killed update's lock, and remove what it made without having written it down.

    A network power cut or `kill -9` is enough for this: Pulumi writes its state before and after each step, but not in
    the same moment as Docker acts.
    """
    restored = False
    folder = _local_backend()
    if folder is not None:
        _remove_stale_locks(folder / ".pulumi/locks/organization" / stack.project / stack.name, console)
        restored = _restore_checkpoint(folder / ".pulumi/stacks" / stack.project / f"{stack.name}.json", console)
    deployment = stack.state()["deployment"]
    if not restored and not deployment.get("pending_operations"):
        return
    console.print("The last update did not come to its end; making good for what it left behind.")
    known = {resource["id"] for resource in deployment.get("resources", []) if "id" in resource}
    for name in StackObjects(stack).remove_unknown(known):
        console.print(f"  removed {name}, which was being made")
    stack.run("refresh", "--yes", "--skip-preview", "--clear-pending-creates", "--suppress-outputs")


def _local_backend() -> Path | None:
    """Folder of the state, where it is kept in one; a Pulumi service looks after its own."""
    url = os.environ.get("PULUMI_BACKEND_URL", "")
    return Path(url.removeprefix("file://")).expanduser() if url.startswith("file://") else None


def _remove_stale_locks(folder: Path, console: Console) -> None:
    for lock in folder.glob("*.json"):
        holder = json.loads(lock.read_text())
        if holder["hostname"] == socket.gethostname() and not Path(f"/proc/{holder['pid']}").exists():
            lock.unlink()
            console.print("Removed the lock of an update that was killed.")


def _restore_checkpoint(checkpoint: Path, console: Console) -> bool:
    """Put Pulumi's own backup in the place of a state that was cut off while it was written."""
    backup = checkpoint.with_name(f"{checkpoint.name}.bak")
    if not checkpoint.exists() or _is_json(checkpoint) or not backup.exists() or not _is_json(backup):
        return False
    shutil.copy2(backup, checkpoint)
    console.print("The state was cut off while it was written; went back to the one before it.")
    return True


def _is_json(file: Path) -> bool:
    try:
        json.loads(file.read_text())
    except ValueError:
        return False
    return True
