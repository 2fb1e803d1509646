"""The prod stack and the examples as they are committed: what a stranger sees who previews one, and completes it."""

from pathlib import Path

import pytest
import yaml

from tests.integration.deployment import Deployment, copy_checkout
from tests.unit.program.deployments import own_certificate


@pytest.fixture(scope="module")
def prod(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    folder = copy_checkout(tmp_path_factory.mktemp("prod"))
    return Deployment(folder, tmp_path_factory.mktemp("prod-backend"), "prod")


def test_its_preview_on_a_clean_clone_names_exactly_what_is_missing(prod: Deployment) -> None:
    output = prod.pulumi("preview", check=False).stdout
    assert missing(output) == {"jupyterhub:oauth_client_secret"}


def test_completed_it_previews_everything(prod: Deployment) -> None:
    prod.pulumi("config", "set", "--secret", "oauth_client_secret", "of-the-log-in-server")
    assert_everything_is_made(prod)


@pytest.mark.parametrize("example", ["tutorial-cas", "tutorial-gitlab"])
def test_an_example_names_what_is_missing_and_completed_previews_everything(tmp_path: Path, example: str) -> None:
    site = Deployment(copy_checkout(tmp_path / "checkout"), tmp_path / "backend", example)
    content = yaml.safe_load((site.folder / f"examples/{example}.yaml").read_text())
    site.configure(**{key.removeprefix("jupyterhub:"): value for key, value in content["config"].items()})
    secret = {"jupyterhub:oauth_client_secret"} if "gitlab" in example else set()
    files = {"jupyterhub:tls.certificate_file", "jupyterhub:tls.private_key_file"}
    assert missing(site.pulumi("preview", check=False).stdout) == files | secret
    content = yaml.safe_load(site.stack_file.read_text())
    services = content["config"]["jupyterhub:services"].values()
    hosts = [content["config"]["jupyterhub:site"]["domain"], *(service["host"] for service in services)]
    content["config"]["jupyterhub:tls"] = own_certificate(tmp_path, *hosts)
    site.stack_file.write_text(yaml.safe_dump(content))
    if secret:
        site.pulumi("config", "set", "--secret", "oauth_client_secret", "of-the-log-in-server")
    assert_everything_is_made(site)


def missing(output: str) -> set[str]:
    """Keys that a failed preview names."""
    assert "Traceback" not in output
    named = {line.split(": ")[0].strip() for line in output.splitlines() if line.strip().startswith("jupyterhub:")}
    return {key for key in named if "index:" not in key}


def assert_everything_is_made(site: Deployment) -> None:
    operations = {(step["op"], step["urn"].rpartition("::")[2]) for step in site.preview()}
    assert ("create", "hub") in operations
    assert ("create", "proxy") in operations
    assert {operation for operation, _ in operations} == {"create"}
