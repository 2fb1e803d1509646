"""The packages of the images: one version of each, one of JupyterHub in all of them, every file of it hashed."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from components.built_image import locked_version
from tests.unit.images.configured_hub import CHECKOUT

IMAGES = ["hub", "notebook", "reverse_proxy"]
_PIN = re.compile(r"(?P<name>[a-z0-9-]+)==(?P<version>[^\s;]+)( ; [^\\]+)?")
_HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


def requirements(image: str) -> Path:
    return CHECKOUT / f"images/{image}/requirements.txt"


def pins(image: str) -> dict[str, list[str]]:
    """Each line of a lock, as pip joins it, with its hashes."""
    lines = requirements(image).read_text().replace("\\\n", " ").splitlines()
    return {line.partition(" --hash")[0].strip(): re.findall(r"--\S+", line) for line in lines}


@pytest.fixture(scope="module")
def lock() -> dict[str, Any]:
    return tomllib.loads((CHECKOUT / "uv.lock").read_text())


@pytest.fixture(scope="module")
def groups() -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["dependency-groups"]
    return found


def test_jupyterhub_has_one_version_everywhere(lock: dict[str, Any], groups: dict[str, list[Any]]) -> None:
    locked = [package["version"] for package in lock["package"] if package["name"] == "jupyterhub"]
    versions = {locked_version(requirements(image), "jupyterhub") for image in ["hub", "notebook"]}
    assert versions == set(locked)
    assert groups["jupyterhub"] == [f"jupyterhub=={locked[0]}"]


def test_jupyterhub_is_new_enough_to_be_safe() -> None:
    version = locked_version(requirements("hub"), "jupyterhub")
    assert tuple(int(part) for part in version.split(".")) >= (6, 1, 1)


@pytest.mark.parametrize("image", IMAGES)
def test_every_package_is_pinned_and_hashed(image: str) -> None:
    found = pins(image)
    assert found
    assert [line for line in found if not _PIN.fullmatch(line)] == []
    assert [line for line, hashes in found.items() if not hashes] == []
    assert [word for hashes in found.values() for word in hashes if not _HASH.fullmatch(word)] == []


@pytest.mark.parametrize("image", IMAGES)
def test_the_packages_are_those_of_the_lock(image: str) -> None:
    uv = Path(sys.executable).with_name("uv")
    assert uv.exists(), "uv belongs to the group dev"
    export = [
        str(uv),
        "export",
        "--quiet",
        "--frozen",
        "--offline",
        "--only-group",
        image,
        "--no-header",
        "--no-annotate",
    ]
    environment = {**os.environ, "UV_NO_CONFIG": "1"}
    answer = subprocess.run(export, cwd=CHECKOUT, env=environment, check=True, capture_output=True, text=True)
    assert answer.stdout == requirements(image).read_text(), "run: make lock"


@pytest.mark.parametrize("image", IMAGES)
def test_make_lock_writes_the_packages_of(image: str) -> None:
    makefile = (CHECKOUT / "Makefile").read_text()
    [listed] = re.findall(r"for group in ([a-z_ ]+); do", makefile)
    assert image in listed.split()
    assert "uv export --quiet --frozen --only-group $$group --no-header --no-annotate" in makefile


@pytest.mark.parametrize("image", ["hub", "notebook"])
def test_hub_and_notebook_take_jupyterhub_from_the_same_place(groups: dict[str, list[Any]], image: str) -> None:
    assert {"include-group": "jupyterhub"} in groups[image]
    assert not [entry for entry in groups[image] if isinstance(entry, str) and re.match(r"jupyterhub\b(?!-)", entry)]


def test_tests_run_with_the_hubs_own_packages(groups: dict[str, list[Any]]) -> None:
    assert {"include-group": "hub"} in groups["dev"]
