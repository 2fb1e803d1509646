import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder of the test's own, and none of the variables that tell where things are."""
    for name in list(os.environ):
        if name.startswith(("DOCKER_", "PULUMI_", "SSL_CERT_", "XDG_")):
            monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    return home


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], Path]:
    """Makes a stand-in for a program; PATH holds only these and what a shell script needs."""
    folder, tools = tmp_path / "programs", tmp_path / "tools"
    for each in (folder, tools):
        each.mkdir()
    for name in ("cat", "sh", "sleep", "touch"):
        (tools / name).symlink_to(shutil.which(name) or name)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{tools}")

    def make(name: str, script: str) -> Path:
        file = folder / name
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(0o755)
        return file

    return make
