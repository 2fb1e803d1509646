"""The hub's image alone."""

from collections.abc import Callable

import pytest

from components.built_image import locked_version
from components.hub_runtime import hub_runtime
from components.names import Names
from images.hub.runtime import RUNTIME_FILE, HubSecrets
from settings.problems import validate_settings
from tests.integration.conftest import SETTINGS
from tests.integration.deployment import CHECKOUT
from tests.integration.images.image import Image

_LOCK = CHECKOUT / "images/hub/requirements.txt"
_SECRETS = {name.upper(): str(digit) * 64 for digit, name in enumerate(HubSecrets.model_fields)}


@pytest.fixture(scope="module")
def hub(image: Callable[[str], Image]) -> Image:
    return image("hub")


@pytest.mark.parametrize(
    "package", ["jupyterhub", "dockerspawner", "jupyterhub-traefik-proxy", "jupyterhub-idle-culler"]
)
def test_the_version_is_the_locked_one_of(hub: Image, package: str) -> None:
    code = f"from importlib.metadata import version; print(version({package!r}))"
    assert hub.run("python", "-c", code).strip() == locked_version(_LOCK, package)


def test_every_other_package_is_the_locked_one_too(hub: Image) -> None:
    install = ["pip", "install", "--dry-run", "--no-index", "--no-deps", "--require-hashes", "-r", "/lock.txt"]
    assert "Would install" not in hub.run(*install, files={"/lock.txt": _LOCK.read_text()})


def test_no_package_lacks_another(hub: Image) -> None:
    assert "No broken requirements found." in hub.run("pip", "check")


def _runtime() -> str:
    settings = validate_settings(SETTINGS)
    return hub_runtime(settings, Names(project="jupyterhub", stack="alone"), "an/image:1").model_dump_json()


def test_settings_of_the_program_are_good_for_it(hub: Image) -> None:
    files = {str(RUNTIME_FILE): _runtime()}
    said = hub.run("python", "-m", "images.hub.check", files=files, environment=_SECRETS)
    assert said.startswith("The hub's configuration is good for JupyterHub ")


def test_settings_that_it_does_not_know_are_refused_in_a_sentence(hub: Image) -> None:
    files = {str(RUNTIME_FILE): _runtime().replace('"spawn"', '"spwan"')}
    said = hub.run("python", "-m", "images.hub.check", files=files, environment=_SECRETS, exit_code=1)
    assert "spwan" in said
    assert "Traceback" not in said


@pytest.fixture(scope="module")
def options(hub: Image) -> str:
    return hub.run("python", "-m", "images.hub.options")


@pytest.mark.parametrize(
    "option",
    [
        "JupyterHub.active_server_limit",
        "UserServerSpawner.stack",
        "UserServerSpawner.image",
        "UserServerSpawner.mem_limit",
        "TraefikRoutes.dynamic_config_file",
        "SharedPasswordAuthenticator.user_password",
    ],
)
def test_its_list_of_options_has(options: str, option: str) -> None:
    assert f"--{option}=" in options


def test_it_holds_nothing_of_its_build_but_the_search_path_and_how_python_runs(hub: Image) -> None:
    assert hub.variables == {"PATH", "PYTHONPATH", "PYTHONUNBUFFERED"}
    assert hub.build_leftovers == []


def test_no_authority_that_its_build_trusted_is_left_in_it(
    hub: Image, assert_no_authority_left: Callable[[Image], None]
) -> None:
    assert_no_authority_left(hub)
