"""The volumes: nothing that changes may ever replace the one with data."""

import pytest

from components.names import Names
from components.volumes import Volumes, VolumesArgs
from tests.unit.recording import VOLUME, Recording, record
from tests.unit.sites import NAMES


def volumes(names: Names = NAMES) -> Recording:
    def program() -> None:
        Volumes("volumes", VolumesArgs(names=names))

    return record(program)


def test_they_have_fixed_names_and_labels() -> None:
    assert {each.inputs["name"]: each.labels for each in volumes().of(VOLUME)} == {
        f"jupyterhub-test-{part}": {"jupyterhub.stack": "jupyterhub-test", "jupyterhub.role": part}
        for part in ("hub-data", "acme", "routes", "docker-api")
    }


def test_all_belong_to_the_component_and_are_local() -> None:
    assert {(each.parent, each.inputs["driver"]) for each in volumes().of(VOLUME)} == {("volumes", "local")}


def test_what_cannot_be_made_again_is_protected() -> None:
    assert {each.name for each in volumes() if each.protect} == {"volumes-hub-data", "volumes-acme"}


@pytest.mark.parametrize("name", ["volumes-hub-data", "volumes-acme"])
def test_data_that_is_already_there_is_adopted_with_whatever_labels_it_has(name: str) -> None:
    assert volumes()[name].ignore_changes == ["labels", "driverOpts"]


def test_routes_are_replaced_when_they_must_be() -> None:
    assert volumes()["volumes-routes"].ignore_changes == []


def test_the_names_are_its_outputs() -> None:
    assert volumes().outputs["volumes"] == {
        "hub_data": "jupyterhub-test-hub-data",
        "routes": "jupyterhub-test-routes",
        "docker_api": "jupyterhub-test-docker-api",
        "acme": "jupyterhub-test-acme",
    }
