"""An image named after what goes into it: another name exactly when something in it changes."""

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.built_image import BuiltImage, BuiltImageArgs, content_hash, locked_version
from settings.build import BuildSettings
from tests.unit.recording import CHECKOUT, IMAGE, Recording, record
from tests.unit.sites import NAMES

IMAGES = ["hub", "notebook", "reverse_proxy"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A build context of two files, one of them a program."""
    folder = tmp_path / "context"
    (folder / "sub").mkdir(parents=True)
    (folder / "Dockerfile").write_text("FROM debian:trixie-slim\n")
    (folder / "sub/run.sh").write_text("#!/bin/sh\n")
    (folder / "sub/run.sh").chmod(0o755)
    return folder


def built(build_args: dict[str, str] | None = None, **build: object) -> Recording:
    def program() -> None:
        args = BuiltImageArgs(
            names=NAMES,
            folder="images/reverse_proxy",
            build=BuildSettings.model_validate(build),
            base_image="debian:trixie-slim",
            build_args=build_args or {},
        )
        BuiltImage("it", args)

    return record(program)


def test_a_hash_is_a_tag_that_docker_takes(folder: Path) -> None:
    assert re.fullmatch("[0-9a-f]{16}", content_hash(folder, {}))


def test_the_same_content_has_the_same_hash_on_every_machine(folder: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "another checkout"
    (elsewhere / "sub").mkdir(parents=True)
    for name in ("sub/run.sh", "Dockerfile"):  # not the order in which they were made first
        shutil.copy(folder / name, elsewhere / name)
        os.utime(elsewhere / name, (0, 0))
    assert content_hash(elsewhere, {}) == content_hash(folder, {})


def test_a_relative_path_gives_the_same_hash(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    absolute = content_hash(folder, {})
    monkeypatch.chdir(folder.parent)
    assert content_hash(Path("context"), {}) == absolute


@pytest.mark.parametrize("mode", [0o755, 0o700, 0o775], ids=oct)
def test_only_what_git_keeps_of_a_mode_counts(folder: Path, mode: int) -> None:
    before = content_hash(folder, {})
    (folder / "sub/run.sh").chmod(mode)
    (folder / "Dockerfile").chmod(mode & 0o666)
    assert content_hash(folder, {}) == before


def test_an_empty_folder_changes_nothing_for_git_keeps_none(folder: Path) -> None:
    before = content_hash(folder, {})
    (folder / "empty").mkdir()
    assert content_hash(folder, {}) == before


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: (folder / "Dockerfile").write_text("FROM debian:trixie-slim\n\n"),
        lambda folder: (folder / "sub/run.sh").write_text("#!/bin/bash\n"),
        lambda folder: (folder / "sub/run.sh").rename(folder / "sub/start.sh"),
        lambda folder: (folder / "sub/run.sh").rename(folder / "run.sh"),
        lambda folder: (folder / "sub/run.sh").chmod(0o644),
        lambda folder: (folder / "sub/run.sh").unlink(),
        lambda folder: (folder / "sub/new").touch(),
        lambda folder: (folder / ".hidden").touch(),
    ],
    ids=["dockerfile", "content", "name", "folder", "mode", "removed", "added", "hidden"],
)
def test_every_change_gives_another_hash(folder: Path, change: Callable[[Path], object]) -> None:
    before = content_hash(folder, {})
    change(folder)
    assert content_hash(folder, {}) != before


def test_two_files_that_swap_their_contents_give_another_hash(folder: Path) -> None:
    (folder / "a").write_text("one")
    (folder / "b").write_text("two")
    before = content_hash(folder, {})
    (folder / "a").write_text("two")
    (folder / "b").write_text("one")
    assert content_hash(folder, {}) != before


def test_the_order_of_build_arguments_does_not_count(folder: Path) -> None:
    assert content_hash(folder, {"A": "1", "B": "2"}) == content_hash(folder, {"B": "2", "A": "1"})


_ARGS = st.dictionaries(st.sampled_from("AB"), st.text(max_size=3))


@settings(deadline=None)
@given(_ARGS, _ARGS)
def test_other_build_arguments_give_another_hash(one: dict[str, str], other: dict[str, str]) -> None:
    context = CHECKOUT / "images/reverse_proxy"
    assert (content_hash(context, one) == content_hash(context, other)) is (one == other)


@pytest.mark.parametrize("image", IMAGES)
def test_what_running_python_leaves_behind_changes_no_image(image: str, tmp_path: Path) -> None:
    copy = shutil.copytree(CHECKOUT / "images" / image, tmp_path / image)
    before = content_hash(copy, {})
    (copy / "__pycache__").mkdir(exist_ok=True)
    (copy / "__pycache__/runtime.cpython-311.pyc").write_bytes(os.urandom(8))
    (copy / "stray.pyc").write_bytes(b"")
    assert content_hash(copy, {}) == before


def test_the_image_is_named_after_folder_and_hash() -> None:
    (image,) = built().of(IMAGE)
    build_args = image.inputs["build"]["buildArgs"]
    expected = content_hash(CHECKOUT / "images/reverse_proxy", build_args)
    assert image.inputs["name"] == f"jhub.invalid/jupyterhub/reverse_proxy:{expected}"
    assert built().outputs["it"] == {"reference": image.inputs["name"]}


def test_the_image_belongs_to_the_component() -> None:
    (image,) = built().of(IMAGE)
    assert (image.name, image.parent) == ("it-build", "it")


@pytest.mark.parametrize(
    "setting",
    [
        {"revision": 2},
        {"pip_index_url": "https://pypi.example.org/simple"},
        {"apt_mirror": "https://deb.example.org/debian"},
    ],
    ids=lambda setting: next(iter(setting)),
)
def test_a_setting_that_goes_into_an_image_gives_it_another_name(setting: dict[str, Any]) -> None:
    (before,), (after,) = built().of(IMAGE), built(**setting).of(IMAGE)
    assert before.inputs["name"] != after.inputs["name"]


def test_settings_are_handed_to_the_build() -> None:
    (image,) = built(
        {"APT_PACKAGES": "ffmpeg"},
        revision=3,
        pip_index_url="https://pypi.example.org/simple",
        apt_mirror="https://deb.example.org/debian",
    ).of(IMAGE)
    assert image.inputs["build"]["buildArgs"] == {
        "APT_PACKAGES": "ffmpeg",
        "BASE_IMAGE": "debian:trixie-slim",
        "REVISION": "3",
        "PIP_INDEX_URL": "https://pypi.example.org/simple",
        "APT_MIRROR": "https://deb.example.org/debian",
    }


@pytest.mark.parametrize(
    ("build", "file"),
    [({}, ".bootstrap/ca-bundle.pem"), ({"ca_bundle": "/etc/ca.pem"}, "/etc/ca.pem")],
    ids=["the bootstrap's", "an own one"],
)
def test_authorities_to_trust_are_a_build_secret_and_change_no_name(build: dict[str, Any], file: str) -> None:
    (image,) = built(**build).of(IMAGE)
    assert image.inputs["build"]["secrets"] == [{"id": "ca", "src": file}]
    assert image.inputs["name"] == built().of(IMAGE)[0].inputs["name"]


def test_nothing_about_the_build_depends_on_the_machine() -> None:
    (image,) = built().of(IMAGE)
    build = image.inputs["build"]
    assert (build["context"], build["dockerfile"], build["builder"]) == (
        "images/reverse_proxy",
        "Dockerfile",
        "default",
    )


def test_an_older_image_stays_and_a_new_one_is_built_before_anything_is_deleted() -> None:
    (image,) = built().of(IMAGE)
    assert image.inputs["keepLocally"] is True
    assert image.delete_before_replace is False


REQUIREMENTS = """\
jupyterhub-idle-culler==2.0.0 \\
    --hash=sha256:0123
jupyterhub==6.1.1 \\
    --hash=sha256:4567
tornado==6.5 ; sys_platform == 'linux'
uvloop==0.22;python_version < '4'
"""


@pytest.mark.parametrize(
    ("package", "version"),
    [("jupyterhub", "6.1.1"), ("jupyterhub-idle-culler", "2.0.0"), ("tornado", "6.5"), ("uvloop", "0.22")],
)
def test_a_locked_version_is_that_of_the_package_itself(tmp_path: Path, package: str, version: str) -> None:
    (tmp_path / "requirements.txt").write_text(REQUIREMENTS)
    assert locked_version(tmp_path / "requirements.txt", package) == version


@pytest.mark.parametrize("package", ["idle-culler", "jupyter", "jupyterhub.idle-culler"])
def test_a_package_that_is_not_pinned_is_an_error(tmp_path: Path, package: str) -> None:
    (tmp_path / "requirements.txt").write_text(REQUIREMENTS)
    with pytest.raises(ValueError, match=f"requirements.txt does not pin {package}"):
        locked_version(tmp_path / "requirements.txt", package)
