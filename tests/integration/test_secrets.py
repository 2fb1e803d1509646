"""No secret lies about: not in plain state, previews, logs, images, process lists or files that users can read."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.integration.conftest import SETTINGS
from tests.integration.deployment import Deployment
from tests.integration.person import Person


@pytest.fixture
def secrets(site: Deployment) -> dict[str, str]:
    """Every secret of the site by a name for messages."""
    hub = dict(line.split("=", 1) for line in site.container("hub").attrs["Config"]["Env"])
    found = {name: hub[name] for name in hub if name.startswith(("HUB_", "JPY_", "JUPYTERHUB_CRYPT"))}
    credentials = yaml.safe_load(site.read_file("proxy", "/srv/routes/credentials.yml"))
    key = credentials["tls"]["certificates"][0]["keyFile"]
    # One line of the key's text finds it however its line ends are written.
    found["TLS_KEY"] = key.splitlines()[1]
    found["API_HASH"] = credentials["http"]["middlewares"]["api-password"]["basicAuth"]["users"][0]
    assert len(found) == 7
    return found


def leaks(secrets: dict[str, str], text: str) -> list[str]:
    return [name for name, value in secrets.items() if value in text]


def test_state_backups_and_history_hold_secrets_only_encrypted(site: Deployment, secrets: dict[str, str]) -> None:
    backend = Path(site.environment["PULUMI_BACKEND_URL"].removeprefix("file://"))
    files = [file for file in backend.rglob("*") if file.is_file()]
    assert any(site.output("url") in file.read_text() for file in files), "what is not secret is found this way"
    for file in files:
        assert leaks(secrets, file.read_text()) == [], file
        assert "PRIVATE KEY" not in file.read_text(), file


def test_previews_and_updates_show_none(site: Deployment, secrets: dict[str, str]) -> None:
    site.configure(**{**SETTINGS, "hub": {"secret_rotation": {"proxy_api_password": 1}}})
    try:
        output = site.pulumi("preview", "--diff").stdout
        assert "[secret]" in output, "a change of a secret is shown as one"
        assert leaks(secrets, output) == []
        assert leaks(secrets, site.up()) == []
        assert "HUB_PROXY_API_PASSWORD" not in output
    finally:
        site.configure(**SETTINGS)
        site.up()


def test_logs_show_none(
    site: Deployment, secrets: dict[str, str], student: Callable[[str], Person], person: Callable[[str], Person]
) -> None:
    student("alice")
    person("admin").log_in(site.output("admin_password"))
    for container in site.engine.containers.list(all=True, filters={"label": f"jupyterhub.stack={site.prefix}"}):
        log = container.logs().decode()
        assert leaks(secrets, log) == [], container.name
        assert not re.search(r"token [0-9a-f]{16,}|[?&]token=(?!\[secret\]|\.\.\.)", log), container.name


def test_images_and_command_lines_hold_none(site: Deployment, secrets: dict[str, str]) -> None:
    for reference in site.output("images").values():
        assert leaks(secrets, str(site.engine.images.get(reference).history())) == [], reference
    lines = [
        path.read_bytes().replace(b"\0", b" ").decode(errors="replace") for path in Path("/proc").glob("[0-9]*/cmdline")
    ]
    assert any("--entryPoints.websecure.address" in line for line in lines), "Traefik's command line is among them"
    assert leaks(secrets, "\n".join(lines)) == []


def test_the_settings_that_previews_show_hold_none(site: Deployment, secrets: dict[str, str]) -> None:
    assert leaks(secrets, site.read_file("hub", "/etc/jupyterhub/runtime.json")) == []
