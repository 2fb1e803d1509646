"""The check that the program runs before it replaces a running hub."""

from collections.abc import Callable
from pathlib import Path

import jupyterhub
import pytest

from images.hub import check
from images.hub.runtime import HubSecrets
from tests.unit.images.configured_hub import SECRETS, SITES

Tell = Callable[..., Path]
Check = Callable[..., tuple[int, str]]


@pytest.fixture
def checked(tell: Tell, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Check:
    """Run the check on a hub; its exit code and what it printed."""

    def run(*, site_files: dict[str, str] | None = None, **concerns: object) -> tuple[int, str]:
        monkeypatch.setattr(check, "CONFIG_FILE", tell(site_files=site_files, **concerns))
        exit_code = check.main()
        said = capsys.readouterr()
        assert said.err == ""
        return exit_code, said.out

    return run


@pytest.mark.parametrize("site", [name for name in SITES if name != "oidc"])
def test_every_site_is_good(checked: Check, site: str) -> None:
    assert checked(**SITES[site]) == (0, f"The hub's configuration is good for JupyterHub {jupyterhub.__version__}.\n")


def test_a_log_in_server_that_is_not_there_is_found_before_people_miss_it(checked: Check) -> None:
    site = {"auth": {"kind": "oidc", "issuer": "https://login.invalid", "client_id": "hub"}}
    exit_code, said = checked(**site)
    assert exit_code == 1
    assert said.startswith("The log-in server is not found: ")
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("import os\n\nraise ValueError('no quota')", "ValueError: no quota (jupyterhub_config.d/own.py, line 3)"),
        ("c.Spawner.args = missing", "NameError: name 'missing' is not defined (jupyterhub_config.d/own.py, line 1)"),
        (
            "def limit():\n    return 1 / 0\n\nc.Spawner.cpu_limit = limit()",
            "ZeroDivisionError: division by zero (jupyterhub_config.d/own.py, line 2)",
        ),
        (
            "\nimport json\njson.loads('{')",
            "JSONDecodeError: Expecting property name enclosed in double quotes: line 1 column 2 (char 1) "
            "(jupyterhub_config.d/own.py, line 3)",
        ),
        ("c.Spawner.args = [\nthis is no Python", "SyntaxError: '[' was never closed (own.py, line 1)"),
        ("import sys\nsys.exit(0)", "SystemExit: 0 (jupyterhub_config.d/own.py, line 2)"),
    ],
    ids=["raise", "name", "function", "library", "syntax", "exit"],
)
def test_a_broken_file_of_the_site_is_named_with_its_line(checked: Check, content: str, sentence: str) -> None:
    exit_code, said = checked(site_files={"own.py": content})
    assert (exit_code, said) == (1, f"The hub's configuration fails: {sentence}\n")


@pytest.mark.parametrize(
    "content",
    [
        "c.Spawner.start_timeout = 'long'",
        "c.DockerSpawner.pull_policy = 'sometimes'",
        "c.Authenticator.admin_users = 5",
        "c.SharedPasswordAuthenticator.user_password = 'short'",
        "c.JupyterHub.concurrent_spawn_limit = 'many'",
        "c.JupyterHub.spawner_class = 'no.such.Spawner'",
        "c.JupyterHub.authenticator_class = 'pan'",
    ],
)
def test_an_option_with_a_wrong_value_is_found(checked: Check, content: str) -> None:
    exit_code, said = checked(site_files={"own.py": content})
    option = content.partition(" = ")[0].rpartition(".")[2]
    assert exit_code == 1
    assert said.startswith("The hub's configuration ")
    assert option in said
    assert "Traceback" not in said


@pytest.mark.parametrize("missing", ["JPY_COOKIE_SECRET", "HUB_PROXY_API_PASSWORD"])
def test_a_missing_secret_is_named_and_no_other_is_shown(
    tell: Tell, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], missing: str
) -> None:
    monkeypatch.setattr(check, "CONFIG_FILE", tell())
    monkeypatch.delenv(missing)
    assert check.main() == 1
    said = capsys.readouterr().out
    assert missing.lower() in said
    assert not [value for value in SECRETS.values() if value[:6] in said or value[-6:] in said]


def test_secrets_of_the_shape_that_the_program_checks_with_are_good(
    tell: Tell, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(check, "CONFIG_FILE", tell())
    for digit, name in enumerate(HubSecrets.model_fields):
        monkeypatch.setenv(name.upper(), str(digit) * 64)
    assert check.main() == 0, capsys.readouterr().out


def test_settings_that_the_hub_does_not_know_are_refused(
    tell: Tell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(check, "CONFIG_FILE", tell())
    runtime_file = tmp_path / "runtime.json"
    runtime_file.write_text(runtime_file.read_text().replace('"pids_limit"', '"pid_limit"'))
    assert check.main() == 1
    said = capsys.readouterr().out
    assert "user_server.pid_limit\n  Extra inputs are not permitted" in said
    assert "user_server.pids_limit\n  Field required" in said


def test_settings_that_are_not_there_are_said_to_be_missing(
    tell: Tell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(check, "CONFIG_FILE", tell())
    (tmp_path / "runtime.json").unlink()
    assert check.main() == 1
    assert "runtime.json" in capsys.readouterr().out
