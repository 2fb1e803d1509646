"""Docker: the engine that answers, the one we start, and what is said when neither is possible."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from bootstrap import apt, base_image, docker_engine
from bootstrap.commands import BootstrapError
from bootstrap.progress import Step

Program = Callable[[str, str], Path]
# Answers once the file `running` is there; its context is the default one.
DOCKER = """case $1 in
context) echo unix:///var/run/docker.sock ;;
version) test -e "$HOME/running" && echo 20.10.24+dfsg1 ;;
esac"""
STAYS = 'echo $$ > "$HOME/pid"; touch "$HOME/running"; exec sleep 3'


@pytest.fixture(autouse=True)
def root(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(docker_engine, "_SYSTEMD", tmp_path / "no systemd")


def test_engine_that_answers(home: Path, program: Program) -> None:
    program("docker", DOCKER)
    (home / "running").touch()
    step = Step("Docker engine")
    assert docker_engine.ensure(step) is None
    assert (step.name, step.outcome) == ("Docker engine 20.10.24+dfsg1", "present")


def test_address_of_another_context_is_told(program: Program) -> None:
    program("docker", "case $1 in context) echo unix:///run/user/1000/docker.sock;; version) echo 28.5.2;; esac")
    assert docker_engine.ensure(Step("Docker engine")) == "unix:///run/user/1000/docker.sock"


def test_stopped_engine_is_started(home: Path, program: Program) -> None:
    program("docker", DOCKER)
    program("iptables", "")
    program("dockerd", STAYS)
    step = Step("Docker engine")
    docker_engine.ensure(step)
    assert step.outcome == "started"
    status = Path("/proc", (home / "pid").read_text().strip(), "status").read_text()
    assert f"PPid:\t{os.getpid()}\n" not in status, "a child would stay as a zombie when it ends"


def test_stopped_engine_is_started_by_systemd(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(docker_engine, "_SYSTEMD", tmp_path)
    program("docker", DOCKER)
    program("iptables", "")
    program("dockerd", "exit 1")
    program("systemctl", 'test "$*" = "start docker" && touch "$HOME/running"')
    docker_engine.ensure(Step("Docker engine"))


def test_engine_that_does_not_start_says_why(program: Program) -> None:
    program("docker", DOCKER)
    program("iptables", "")
    program("dockerd", "echo failed to start daemon: no cgroups >&2; exit 1")
    with pytest.raises(BootstrapError, match=r"failed to start daemon: no cgroups \(its log is .*dockerd.log\)"):
        docker_engine.ensure(Step("Docker engine"))


def test_missing_engine_is_installed(home: Path, program: Program) -> None:
    program(
        "apt-get",
        f'echo "$*" >> "$HOME/apt"; test "$1" = update || for p in docker dockerd iptables; do '
        f'cp "$HOME/docker" "{home.parent}/programs/$p"; done',
    )
    (home.parent / "tools" / "cp").symlink_to("/bin/cp")
    program("apt-cache", 'test "$3" = docker-cli && echo "Package: docker-cli"')
    (home / "docker").write_text("#!/bin/sh\ncase $0 in *dockerd) " + STAYS + " ;; esac\n" + DOCKER)
    (home / "docker").chmod(0o755)
    step = Step("Docker engine")
    docker_engine.ensure(step)
    assert step.outcome == "installed and started"
    update, install = (home / "apt").read_text().splitlines()
    assert update.startswith("update")
    assert " docker.io iptables docker-cli" in install


def test_missing_engine_and_no_root(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    program("docker", DOCKER)
    with pytest.raises(BootstrapError, match=r"install Docker Engine 20.10 or newer"):
        docker_engine.ensure(Step("Docker engine"))


def test_engine_that_this_user_may_not_use(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    for name in ("docker", "dockerd", "iptables"):
        program(name, DOCKER)
    with pytest.raises(BootstrapError, match="or not to this user"):
        docker_engine.ensure(Step("Docker engine"))


def test_named_engine_is_not_replaced_by_a_local_one(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    program("docker", "exit 1")
    monkeypatch.setenv("DOCKER_HOST", "tcp://docker.example.org:2376")
    with pytest.raises(BootstrapError, match=r"No Docker engine answers at tcp://docker.example.org:2376"):
        docker_engine.ensure(Step("Docker engine"))


def test_old_engine(program: Program) -> None:
    program("docker", "case $1 in version) echo 19.03.15;; esac")
    with pytest.raises(BootstrapError, match=r"version 19.03.15, which is too old"):
        docker_engine.ensure(Step("Docker engine"))


@pytest.mark.parametrize(
    ("script", "pulled"),
    [
        ("echo Pulling; echo Done", True),
        ("echo Pulling; exit 1", False),
        ("echo Pulling; sleep 60", False),
        # As long as something moves it may take its time.
        ("for i in 1 2 3 4 5 6; do echo $i; sleep 0.1; done", True),
    ],
    ids=["done", "failed", "stuck", "slow"],
)
def test_pull(program: Program, script: str, pulled: bool) -> None:
    assert base_image.pull(str(program("docker", script)), seconds=0.4) is pulled


def test_image_that_is_there_is_neither_pulled_nor_made(program: Program) -> None:
    program("docker", 'test "$1 $2" = "image inspect" && echo sha256:0123')
    step = Step("base image")
    base_image.ensure(step)
    assert step.outcome == "present"


def test_image_that_can_neither_be_pulled_nor_made(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    program("docker", "exit 1")
    monkeypatch.setattr(apt, "usable", lambda: False)
    with pytest.raises(BootstrapError, match="`docker load` the image debian:trixie-slim, or install mmdebstrap"):
        base_image.ensure(Step("base image"))


def test_failed_mmdebstrap_imports_nothing(home: Path, program: Program) -> None:
    program("docker", 'echo "$*" >> "$HOME/docker"; exit 1')
    program("mmdebstrap", "echo E: cannot reach the mirror; exit 1")
    with pytest.raises(BootstrapError, match="making debian:trixie-slim with mmdebstrap failed: E: cannot reach"):
        base_image.ensure(Step("base image"))
    assert "import" not in (home / "docker").read_text()
