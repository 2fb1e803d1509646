"""The notebook image that nothing was done to, and the same with the health check of Jupyter Docker Stacks."""

import tomllib
from pathlib import Path

import docker

from tests.integration.built_image import build_image
from tests.integration.deployment import CHECKOUT


def untuned_image(engine: docker.DockerClient) -> str:
    """The packages of our notebook image as pip installs them: same names, same versions, nothing done to them."""
    groups = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["dependency-groups"]
    packages = [entry for group in ("jupyterhub", "notebook") for entry in groups[group] if isinstance(entry, str)]
    locked = (CHECKOUT / "images/notebook/requirements.txt").read_text().splitlines()
    # Those with a condition are for other systems, or say nothing of which version this one takes.
    pins = [line.removesuffix(" \\") for line in locked if line[:1].isalpha() and ";" not in line]
    arguments = {"PACKAGES": " ".join(packages), "CONSTRAINTS": " ".join(pins)}
    return build_image(engine, Path(__file__).with_name("untuned"), arguments)


def watched_image(engine: docker.DockerClient) -> str:
    """The same, looked at every three seconds."""
    return build_image(engine, Path(__file__).with_name("watched"), {"IMAGE": untuned_image(engine)})
