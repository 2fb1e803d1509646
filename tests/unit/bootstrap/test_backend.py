"""Where the stacks are, and whose passphrase opens them."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from bootstrap import backend, folders
from bootstrap.backend import Backend
from bootstrap.commands import BootstrapError
from bootstrap.progress import Step

LOCAL = Backend("file:///somewhere", ours=True)
CLOUD = Backend("https://api.pulumi.com", ours=False)


@pytest.fixture(autouse=True)
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(backend, "CHECKOUT", tmp_path)
    return tmp_path


def log_in(folder: Path, current: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "credentials.json").write_text(json.dumps({"current": current}))


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_folder_of_our_own() -> None:
    chosen = backend.choose({}, Step("backend"))
    assert chosen == Backend((folders.state() / "backend").as_uri(), ours=True)
    assert mode(folders.state()) == mode(folders.state() / "backend") == 0o700
    # The variable that we set ourselves is no choice of the operator's.
    assert backend.choose({"PULUMI_BACKEND_URL": chosen.url}, Step("backend")).ours


def test_variable_wins_over_login(home: Path) -> None:
    log_in(home / ".pulumi", "https://api.pulumi.com")
    chosen = backend.choose({"PULUMI_BACKEND_URL": "s3://stacks"}, Step("backend"))
    assert chosen == Backend("s3://stacks", ours=False)


def test_login_wins_over_our_folder(home: Path) -> None:
    log_in(home / ".pulumi", "https://api.pulumi.com")
    assert backend.choose({}, Step("backend")) == CLOUD


def test_login_after_our_folder_got_its_first_stack(home: Path) -> None:
    log_in(home / ".pulumi", "https://api.pulumi.com")
    stacks = folders.state() / "backend" / ".pulumi" / "stacks" / "jupyterhub"
    stacks.mkdir(parents=True)
    assert backend.choose({}, Step("backend")) == CLOUD
    (stacks / "dev.json").write_text("{}")
    assert backend.choose({}, Step("backend")).ours
    assert not backend.choose({"PULUMI_BACKEND_URL": "s3://stacks"}, Step("backend")).ours


@pytest.mark.parametrize("variable", ["PULUMI_HOME", "PULUMI_CREDENTIALS_PATH"])
def test_login_noted_elsewhere(home: Path, variable: str) -> None:
    log_in(home / "elsewhere", "gs://stacks")
    assert backend.choose({variable: str(home / "elsewhere")}, Step("backend")).url == "gs://stacks"


@pytest.mark.parametrize("content", ["", "no JSON", "[]", "{}", '{"current": ""}'])
def test_no_login(home: Path, content: str) -> None:
    (home / ".pulumi").mkdir()
    (home / ".pulumi" / "credentials.json").write_text(content)
    assert backend.choose({}, Step("backend")).ours


def passphrase(stack: str, where: Backend = LOCAL, *, create: bool = False, **environment: str) -> Path | None:
    return backend.passphrase_file(stack, where, environment, create=create)


def test_documented_passphrase_of_the_dev_stack(checkout: Path) -> None:
    (checkout / "Pulumi.dev.yaml").write_text("encryptionsalt: v1:abc\n")
    file = passphrase("dev")
    assert file == folders.state() / "passphrases" / "dev"
    assert file.read_text() == "jupyterhub-dev"
    assert (mode(file), mode(file.parent)) == (0o600, 0o700)
    file.write_text("damaged")
    passphrase("dev")
    assert file.read_text() == "jupyterhub-dev"


def test_passphrase_of_another_stack_is_made_once(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(BootstrapError, match="`make stack STACK=prod`"):
        passphrase("prod")
    file = passphrase("prod", create=True)
    assert file
    assert f"{file}: back it up" in capsys.readouterr().err
    first = file.read_text()
    assert len(first) >= 40
    assert mode(file) == 0o600
    assert passphrase("prod", create=True) == passphrase("prod") == file
    assert file.read_text() == first
    assert capsys.readouterr().err == ""
    other = passphrase("school", create=True)
    assert other
    assert other.read_text() != first


def test_passphrase_of_another_machine(checkout: Path) -> None:
    (checkout / "Pulumi.prod.yaml").write_text("encryptionsalt: v1:abc\n")
    with pytest.raises(BootstrapError, match=r"Pulumi.prod.yaml needs a passphrase .* put it into .*/passphrases/prod"):
        passphrase("prod", create=True)
    assert not (folders.state() / "passphrases" / "prod").exists()


@pytest.mark.parametrize("variable", ["PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"])
def test_operators_own_passphrase(variable: str) -> None:
    assert backend.passphrase_file("prod", LOCAL, {variable: "/etc/secret"}, create=True) is None
    assert not (folders.state() / "passphrases").exists()


def test_our_variable_for_another_stack_does_not_count() -> None:
    dev = passphrase("dev")
    prod = passphrase("prod", create=True, PULUMI_CONFIG_PASSPHRASE_FILE=str(dev))
    assert prod == folders.state() / "passphrases" / "prod"


def test_stacks_that_need_no_passphrase(checkout: Path) -> None:
    assert passphrase("prod", CLOUD, create=True) is None
    (checkout / "Pulumi.prod.yaml").write_text("secretsprovider: awskms://alias/pulumi\n")
    assert passphrase("prod", create=True) is None
    (checkout / "Pulumi.dev.yaml").write_text("encryptionsalt: v1:abc\n")
    assert passphrase("dev", CLOUD) is not None


@pytest.mark.parametrize("stack", ["", "../dev", "a b", "a/b/c/d", "prod;ls"])
def test_what_is_no_stack_name(stack: str) -> None:
    with pytest.raises(BootstrapError, match="is no stack name"):
        passphrase(stack, create=True)


def test_stack_of_an_organisation() -> None:
    assert passphrase("physics/jupyterhub/prod", create=True) == folders.state() / "passphrases" / "prod"


def test_selecting_leaves_a_salted_stack_file_alone(checkout: Path, program: Callable[[str, str], Path]) -> None:
    pulumi = program("pulumi", 'echo "$*" >> calls; echo "encryptionsalt: v1:new" > "Pulumi.$4.yaml"')
    committed = checkout / "Pulumi.dev.yaml"
    committed.write_text("# a comment\nencryptionsalt: v1:abc\n")
    backend.select("dev", pulumi, {})
    assert committed.read_text() == "# a comment\nencryptionsalt: v1:abc\n"
    assert (checkout / "calls").read_text().startswith("stack select --create dev ")
    backend.select("prod", pulumi, {})
    assert (checkout / "Pulumi.prod.yaml").read_text() == "encryptionsalt: v1:new\n"


def test_stack_that_cannot_be_selected(checkout: Path, program: Callable[[str, str], Path]) -> None:
    pulumi = program("pulumi", "rm -f Pulumi.dev.yaml; echo error: incorrect passphrase; exit 1")
    (checkout / "Pulumi.dev.yaml").write_text("encryptionsalt: v1:abc\n")
    with pytest.raises(BootstrapError, match="selecting the stack dev failed: error: incorrect passphrase"):
        backend.select("dev", pulumi, {})
    assert (checkout / "Pulumi.dev.yaml").exists()
