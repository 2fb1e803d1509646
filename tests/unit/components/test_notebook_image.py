"""The image of user servers: built or published, and of the hub's JupyterHub."""

from typing import Any

import pulumi
import pulumi_docker as docker
import pytest

from components.built_image import locked_version
from components.notebook_image import NotebookImage, NotebookImageArgs
from tests.unit.recording import CHECKOUT, CONTAINER, IMAGE, JUPYTERHUB, Recording, State, record
from tests.unit.sites import NAMES, settings_of

PUBLISHED: dict[str, Any] = {"kind": "published", "reference": "quay.io/jupyter/scipy-notebook:hub-6.1.1"}


def notebook_image(
    into: Recording | None = None,
    check: State | None = None,
    build: dict[str, object] | None = None,
    **image: object,
) -> Recording:
    def program() -> dict[str, object]:
        settings = settings_of(notebooks={"image": image or {"kind": "build"}}, build=build or {})
        args = NotebookImageArgs(names=NAMES, image=settings.notebooks.image, build=settings.build)
        return {"checked": NotebookImage("notebook", args).check}

    return record(program, states={"notebook-version-check": check or {}}, into=into)


def build_args(recording: Recording) -> dict[str, str]:
    (image,) = recording.of(IMAGE)
    arguments: dict[str, str] = image.inputs["build"]["buildArgs"]
    return arguments


def test_it_is_built_by_default() -> None:
    made = notebook_image()
    (image,) = made.of(IMAGE)
    assert image.inputs["build"]["context"] == "images/notebook"
    assert image.inputs["name"].startswith("jhub.invalid/jupyterhub/notebook:")
    assert made.outputs["notebook"] == {"reference": image.inputs["name"]}


def test_it_starts_from_the_base_image_of_the_settings() -> None:
    made = notebook_image(build={"base_image": "registry.example.org/debian:13"})
    assert build_args(made)["BASE_IMAGE"] == "registry.example.org/debian:13"


def test_packages_of_a_site_go_into_it() -> None:
    made = build_args(notebook_image(kind="build", apt_packages=["ffmpeg", "git"], pip_packages=["polars==1.35.0"]))
    assert made["APT_PACKAGES"] == "ffmpeg git"
    assert made["PIP_PACKAGES"] == "polars==1.35.0"


def test_nothing_is_added_unasked() -> None:
    made = build_args(notebook_image())
    assert (made["APT_PACKAGES"], made["PIP_PACKAGES"]) == ("", "")


def test_r_comes_with_its_kernel() -> None:
    packages = build_args(notebook_image(kind="build", r=True, apt_packages=["ffmpeg"]))["APT_PACKAGES"].split()
    assert packages[0] == "ffmpeg"
    assert {"r-base-core", "r-cran-irkernel"} <= set(packages)


@pytest.mark.parametrize(
    "image",
    [{"r": True}, {"apt_packages": ["ffmpeg"]}, {"pip_packages": ["polars"]}],
    ids=lambda image: next(iter(image)),
)
def test_other_packages_give_another_image(image: dict[str, Any]) -> None:
    names = {made.of(IMAGE)[0].inputs["name"] for made in (notebook_image(), notebook_image(kind="build", **image))}
    assert len(names) == 2


def test_a_published_one_is_pulled_as_it_is_named_and_stays() -> None:
    made = notebook_image(**PUBLISHED)
    (image,) = made.of(IMAGE)
    assert image.inputs == {"name": PUBLISHED["reference"], "keepLocally": True}
    assert (image.parent, image.delete_before_replace) == ("notebook", False)
    assert made.outputs["notebook"] == {"reference": PUBLISHED["reference"]}


@pytest.mark.parametrize("image", [{"kind": "build"}, PUBLISHED], ids=["built", "published"])
def test_the_image_itself_is_asked_for_its_jupyterhub(image: dict[str, Any]) -> None:
    made = notebook_image(**image)
    (check,) = made.of(CONTAINER)
    assert check.inputs["image"] == made.of(IMAGE)[0].inputs["name"]
    assert check.inputs["entrypoints"] == ["python"]
    assert "jupyterhub.__version__" in check.inputs["command"][1]
    assert (check.parent, check.labels["jupyterhub.role"]) == ("notebook", "check")
    assert "mounts" not in check.inputs or check.inputs["mounts"] == []


def test_the_version_of_these_tests_is_the_hubs() -> None:
    assert locked_version(CHECKOUT / "images/hub/requirements.txt", "jupyterhub") == JUPYTERHUB


def test_the_hubs_version_is_good() -> None:
    assert isinstance(notebook_image().exports["checked"].plain, docker.Container)


def test_another_version_is_refused_with_both_named() -> None:
    attempt = Recording()
    with pytest.raises(
        pulumi.RunError, match=f"{PUBLISHED['reference']} has JupyterHub 5.4.0 and the hub {JUPYTERHUB}"
    ):
        notebook_image(attempt, {"exitCode": 0, "containerLogs": "5.4.0\n"}, **PUBLISHED)


def test_a_longer_version_that_starts_alike_is_another_one() -> None:
    with pytest.raises(pulumi.RunError, match=r"has JupyterHub 6\.1\.10"):
        notebook_image(None, {"exitCode": 0, "containerLogs": "6.1.10\n"}, **PUBLISHED)


@pytest.mark.parametrize(
    "state",
    [{"exitCode": 1, "containerLogs": "Traceback …"}, {"exitCode": 127, "containerLogs": None}],
    ids=["no jupyterhub", "no python"],
)
def test_an_image_without_jupyterhub_is_refused_with_what_it_needs(state: State) -> None:
    with pytest.raises(pulumi.RunError, match=f"no JupyterHub of its own.* Use an image with jupyterhub {JUPYTERHUB}"):
        notebook_image(None, state, **PUBLISHED)
