"""The command line: what it prints and runs, one run at a time, and sentences instead of tracebacks."""

import os
import subprocess
import threading
import time
from pathlib import Path

import pytest

from bootstrap import __main__, environment, folders, lock, plugins, steps
from bootstrap.backend import Backend
from bootstrap.commands import BootstrapError, run_logged
from bootstrap.progress import Step
from bootstrap.pulumi_cli import PulumiCli


@pytest.fixture
def ready(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A machine on which nothing is missing; the list tells which stacks were selected."""
    selected: list[str] = []
    machine = steps.Machine(Path("/tools/pulumi"), Backend("file:///stacks", ours=True), {"PATH": "/tools:/usr/bin"})
    monkeypatch.setattr(steps, "everything", lambda **_: machine)
    monkeypatch.setattr(steps, "select", lambda stack, *_: selected.append(stack))
    return selected


def test_env(ready: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert __main__.main(["env"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "export PATH=/tools:/usr/bin",
        f"export PULUMI_CONFIG_PASSPHRASE_FILE={folders.state()}/passphrases/dev",
    ]
    assert ready == ["dev"]


def test_stack(ready: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert __main__.main(["stack", "prod"]) == 0
    assert ready == ["prod"]
    assert capsys.readouterr().out == ""


@pytest.mark.usefixtures("ready")
def test_run(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[tuple[str, list[str], dict[str, str]]] = []
    monkeypatch.setattr(os, "execvpe", lambda *arguments: called.append(arguments))
    assert __main__.main(["run", "--stack", "dev", "--", "pytest", "-k", "--", "--stack"]) == 0
    [(program, words, variables)] = called
    assert (program, words) == ("pytest", ["pytest", "-k", "--", "--stack"])
    assert variables["PATH"] == "/tools:/usr/bin"
    assert variables["HOME"] == os.environ["HOME"]


@pytest.mark.usefixtures("ready")
def test_run_of_a_missing_program(capsys: pytest.CaptureFixture[str]) -> None:
    assert __main__.main(["run", "--", "no-such-program"]) == 1
    assert capsys.readouterr().err.startswith("bootstrap: [Errno 2] No such file or directory")


def test_quoting() -> None:
    text = environment.exports({"ODD": 'it\'s $HOME; `ls` "x"\n\\', "PLAIN": "/usr/bin"})
    shell = subprocess.run(["sh", "-c", f'{text}printf %s "$ODD"'], check=True, capture_output=True, text=True)
    assert shell.stdout == 'it\'s $HOME; `ls` "x"\n\\'
    assert "export PLAIN=/usr/bin\n" in text


def test_path_has_our_folders_first_and_once() -> None:
    path = environment.with_folders("/usr/bin:/a:/bin::/b", Path("/a"), Path("/b"))
    assert path == "/a:/b:/usr/bin:/bin"
    assert environment.with_folders(path, Path("/a"), Path("/b")) == path


def test_administrators_programs_are_on_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/sbin")
    environment.add_system_folders()
    assert os.environ["PATH"] == "/usr/bin:/sbin:/usr/sbin"


def test_pulumi_home_is_named_only_when_it_is_ours(home: Path) -> None:
    cli = PulumiCli(Path("/opt/pulumi"), operators=True)
    theirs = environment.variables(cli, home / ".pulumi", None, {"PATH": "/bin"})
    assert theirs.keys() == {"PATH", "VIRTUAL_ENV", "PULUMI_SKIP_UPDATE_CHECK"}
    assert theirs["PATH"] == f"{folders.VENV}/bin:/opt/pulumi:/bin"
    ours = environment.variables(cli, plugins.ours(), "tcp://engine:2376", {})
    assert ours["PULUMI_HOME"] == str(plugins.ours())
    assert ours["PULUMI_CREDENTIALS_PATH"] == str(home / ".pulumi")
    assert ours["DOCKER_HOST"] == "tcp://engine:2376"


@pytest.mark.parametrize(
    ("error", "code", "sentence"),
    [
        (BootstrapError("No Docker engine answers."), 1, "bootstrap: No Docker engine answers.\n"),
        (OSError(28, "No space left on device"), 1, "bootstrap: [Errno 28] No space left on device\n"),
        (KeyboardInterrupt(), 130, "bootstrap: interrupted; nothing half-made is left, and the next run goes on\n"),
    ],
)
def test_sentences_instead_of_tracebacks(
    error: BaseException, code: int, sentence: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(**_: object) -> None:
        raise error

    monkeypatch.setattr(steps, "everything", fail)
    assert __main__.main(["all"]) == code
    assert capsys.readouterr() == ("", sentence)


def test_failed_command_names_its_log() -> None:
    with pytest.raises(BootstrapError) as caught:
        run_logged("building the plugins", "sh", "-c", "echo first; echo second >&2; echo; exit 3")
    log = folders.state() / "logs" / "building-the-plugins.log"
    assert str(caught.value) == f"building the plugins failed: second (all of it: {log})"
    assert log.read_text() == "first\nsecond\n\n"


def test_missing_command() -> None:
    with pytest.raises(BootstrapError, match=r"starting Docker failed: .*No such file or directory: 'no-such-program'"):
        run_logged("starting Docker", "no-such-program")


def test_second_run_waits_for_the_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    order: list[str] = []

    def second() -> None:
        with lock.only_one(tmp_path / "lock"):
            order.append("second")

    with lock.only_one(tmp_path / "lock"):
        thread = threading.Thread(target=second)
        thread.start()
        while "waiting" not in capsys.readouterr().err:
            time.sleep(0.01)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]


def test_alone_nobody_waits(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        with lock.only_one(tmp_path / "lock"):
            pass
    assert capsys.readouterr().err == ""


def test_leftovers_of_a_killed_run_are_removed() -> None:
    left = folders.cache() / "tmp" / "half"
    left.mkdir(parents=True)
    folders.remove_leftovers()
    assert not left.exists()


def test_all_or_nothing(tmp_path: Path) -> None:
    target = tmp_path / "tool"

    def fill(*, fail: bool) -> None:
        with folders.all_or_nothing(target) as folder:
            (folder / "file").write_text("new")
            if fail:
                raise RuntimeError

    with pytest.raises(RuntimeError):
        fill(fail=True)
    assert not target.exists()
    fill(fail=False)
    assert (target / "file").read_text() == "new"
    assert list((folders.cache() / "tmp").iterdir()) == []


def test_progress(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    with Step("base image"):
        pass
    with Step("base image", quiet=True):
        pass
    with Step("plugins", quiet=True) as step:
        step.starting("building, about 4 minutes")
        step.outcome = "built"
        now[0] += 142.3
    with pytest.raises(BootstrapError), Step("backend"):
        raise BootstrapError
    assert capsys.readouterr().err.splitlines() == [
        "bootstrap  base image … present",
        "bootstrap  plugins … building, about 4 minutes",
        "bootstrap  plugins … built in 142 s",
    ]
