"""`notebooks`: what a user's server is made of and how much it may use."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from settings.model import SettingsModel
from settings.values import ImageReference, MemorySize, Package, PathPrefix, VariableName


class NotebookImageKind(StrEnum):
    """Where the notebook image comes from."""

    BUILD = "build"
    PUBLISHED = "published"


class BuiltNotebookImage(SettingsModel):
    """Our own image: JupyterLab and scientific Python, with what you add."""

    kind: Literal[NotebookImageKind.BUILD]

    pip_packages: tuple[Package, ...] = ()
    """More Python packages, for example `polars==1.35.0`."""

    apt_packages: tuple[Package, ...] = ()
    """More Debian packages, for example `ffmpeg`."""

    r: bool = False
    """Add R and its Jupyter kernel."""


class PublishedNotebookImage(SettingsModel):
    """An image from a registry, such as one of the Jupyter Docker Stacks."""

    kind: Literal[NotebookImageKind.PUBLISHED]

    reference: ImageReference = Field(examples=["quay.io/jupyter/scipy-notebook:hub-6.1.1"])
    """Image with a tag other than latest, or a digest; its JupyterHub must be of the hub's version."""


NotebookImageSettings = Annotated[BuiltNotebookImage | PublishedNotebookImage, Field(discriminator="kind")]


class NotebookLimits(SettingsModel):
    """What one user's server may use at most."""

    memory: MemorySize = Field(default=2 * 2**30, ge=128 * 2**20)
    """Memory; a server that needs more has its largest process ended. There is no swap beside it."""

    cpu: float = Field(default=1.0, gt=0, le=512)
    """Processor cores, for example 0.5 or 2."""

    pids: int = Field(default=512, ge=64, le=32768)
    """Processes and threads."""


class NotebookSettings(SettingsModel):
    """What a user's server is made of and how much it may use."""

    image: NotebookImageSettings = BuiltNotebookImage(kind=NotebookImageKind.BUILD)
    """Image of the user servers; a new one is used at each server's next start."""

    default_url: PathPrefix = "/lab"
    """Page that a server opens with: /lab, or /tree for the classic Notebook where the image has it."""

    limits: NotebookLimits = NotebookLimits()
    """What one user's server may use at most."""

    environment: dict[VariableName, str] = Field(default={})
    """Environment variables of every user's server. Nothing secret: every user can read them."""
