"""Repairing a local backend after an update that was killed."""

import json
import os
import socket
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from hubctl.interrupted_update import repair
from hubctl.pulumi_stack import PulumiStack

STATE: dict[str, Any] = {"deployment": {"resources": []}}


class QuietStack(PulumiStack):
    """A stack whose state has nothing pending; no pulumi runs."""

    def state(self) -> dict[str, Any]:
        return STATE

    def run(self, *arguments: str) -> None:
        raise AssertionError(f"nothing is pending, so nothing is to be done: {arguments}")


@pytest.fixture
def backend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{tmp_path}")
    return tmp_path / ".pulumi"


def lock_of(backend: Path, pid: int, hostname: str) -> Path:
    lock = backend / "locks/organization/jupyterhub/dev/some-id.json"
    lock.parent.mkdir(parents=True)
    lock.write_text(json.dumps({"pid": pid, "hostname": hostname, "username": "root"}))
    return lock


def checkpoint_of(backend: Path, content: str, backup: str | None) -> Path:
    checkpoint = backend / "stacks/jupyterhub/dev.json"
    checkpoint.parent.mkdir(parents=True)
    checkpoint.write_text(content)
    if backup is not None:
        checkpoint.with_name("dev.json.bak").write_text(backup)
    return checkpoint


def test_the_lock_of_a_process_that_is_gone_is_removed(backend: Path) -> None:
    ended = os.fork()
    if ended == 0:
        os._exit(0)
    os.waitpid(ended, 0)
    lock = lock_of(backend, ended, socket.gethostname())
    repair(QuietStack("dev"), Console(quiet=True))
    assert not lock.exists()


@pytest.mark.parametrize(
    ("pid", "hostname"), [(os.getpid(), socket.gethostname()), (2**22 + 1, "another-machine.example.org")]
)
def test_the_lock_of_an_update_that_may_still_run_stays(backend: Path, pid: int, hostname: str) -> None:
    lock = lock_of(backend, pid, hostname)
    repair(QuietStack("dev"), Console(quiet=True))
    assert lock.exists()


def test_a_good_state_is_left_alone(backend: Path) -> None:
    checkpoint = checkpoint_of(backend, '{"good": 1}', '{"older": 1}')
    repair(QuietStack("dev"), Console(quiet=True))
    assert checkpoint.read_text() == '{"good": 1}'


@pytest.mark.parametrize("cut_off", ["", '{"version": 3, "checkp'])
def test_a_state_that_was_cut_off_is_replaced_by_pulumis_backup(
    backend: Path, monkeypatch: pytest.MonkeyPatch, cut_off: str
) -> None:
    checkpoint = checkpoint_of(backend, cut_off, '{"older": 1}')
    removed: list[set[str]] = []
    monkeypatch.setattr("hubctl.interrupted_update.StackObjects", lambda _: _Objects(removed))
    stack = QuietStack("dev")
    ran: list[tuple[str, ...]] = []
    monkeypatch.setattr(stack, "run", lambda *arguments: ran.append(arguments))
    repair(stack, Console(quiet=True))
    assert checkpoint.read_text() == '{"older": 1}'
    assert removed == [set()], "what that state does not know is removed"
    assert [arguments[0] for arguments in ran] == ["refresh"]


def test_a_backup_that_is_cut_off_too_is_not_used(backend: Path) -> None:
    checkpoint = checkpoint_of(backend, "", '{"version"')
    repair(QuietStack("dev"), Console(quiet=True))
    assert checkpoint.read_text() == ""


class _Objects:
    def __init__(self, removed: list[set[str]]) -> None:
        self._removed = removed

    def remove_unknown(self, known: set[str]) -> list[str]:
        self._removed.append(known)
        return []
