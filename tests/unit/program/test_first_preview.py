"""A first preview: nothing exists yet, so whatever providers compute is unknown."""

from pathlib import Path

import pytest

from tests.unit.program.conftest import Site
from tests.unit.program.deployments import SITES, STACK_FILES, deploy, site_settings
from tests.unit.recording import CONTAINER, IMAGE, UNKNOWN, Recording, plain_texts

UNKNOWN_AT_FIRST = {"ca_certificate_pem", "certificate_expires", "user_password", "admin_password"}


@pytest.fixture(scope="module", params=SITES)
def previewed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Recording:
    written = site_settings(request.param, tmp_path_factory.mktemp("site"))
    return deploy(written, stack=STACK_FILES.get(request.param, "test"), preview=True)


def test_it_shows_everything_that_will_be_made(site: Site) -> None:
    previewed = deploy(site.written, stack=site.stack, preview=True)
    assert previewed.names == site.deployed.names
    assert {each.name: each.protect for each in previewed} == {each.name: each.protect for each in site.deployed}


def test_every_export_is_there_and_what_can_be_known_is(previewed: Recording) -> None:
    assert previewed.exports.keys() == {*UNKNOWN_AT_FIRST, "url", "callback_url", "images", "networks", "volumes"}
    assert {name for name, value in previewed.exports.items() if not value.known} <= UNKNOWN_AT_FIRST


def test_passwords_are_secret_although_they_are_unknown(previewed: Recording) -> None:
    assert previewed.exports["user_password"].secret
    assert previewed.exports["admin_password"].secret


def test_images_are_known_before_they_are_built(previewed: Recording) -> None:
    assert UNKNOWN not in {each.inputs["name"] for each in previewed.of(IMAGE)}
    assert UNKNOWN not in {each.inputs["image"] for each in previewed.of(CONTAINER)}


@pytest.mark.parametrize("name", ["hub", "hub-check", "proxy-static-routes"])
def test_settings_and_routes_can_be_read(previewed: Recording, name: str) -> None:
    texts = list(plain_texts(previewed[name].inputs["uploads"]))
    assert len(texts) > 2
    assert UNKNOWN not in texts


def test_a_stand_in_for_an_unknown_value_goes_into_no_file(previewed: Recording) -> None:
    for each in previewed.of(CONTAINER):
        for text in plain_texts(each.inputs):
            assert text == UNKNOWN or UNKNOWN not in text


def test_checks_do_not_stop_what_they_could_not_run_for(tmp_path: Path) -> None:
    previewed = deploy(site_settings("smallest", tmp_path), preview=True)
    assert {"hub-check", "notebook-version-check", "proxy"} <= previewed["hub"].dependencies
