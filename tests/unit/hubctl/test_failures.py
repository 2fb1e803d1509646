"""A command that fails says why in a sentence."""

import json
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture
def pulumi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for Pulumi, which is given its answer."""
    file = tmp_path / "pulumi"
    file.touch(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    return file


def down() -> tuple[int, str]:
    run = subprocess.run([sys.executable, "-m", "hubctl", "down"], check=False, capture_output=True, text=True)
    return run.returncode, run.stdout + run.stderr


def test_docker_engine_that_does_not_answer(pulumi: Path, tmp_path: Path) -> None:
    config = {"jupyterhub:docker": {"objectValue": {"host": f"unix://{tmp_path}/docker.sock"}}}
    pulumi.write_text(f"#!/bin/sh\necho '{json.dumps(config)}'\n")
    code, told = down()
    assert code == 1
    assert "See that `docker version` answers, then run this again" in told
    assert "Traceback" not in told


def test_pulumi_command_that_fails(pulumi: Path) -> None:
    pulumi.write_text("#!/bin/sh\necho 'error: no stack named [dev] found' >&2\nexit 1\n")
    assert down() == (1, "error: no stack named [dev] found\n")
