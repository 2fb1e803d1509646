"""The image of user servers."""

from dataclasses import dataclass
from pathlib import Path

import pulumi
import pulumi_docker as docker

from components.built_image import BuiltImage, BuiltImageArgs, locked_version
from components.container import OneShotContainerArgs, one_shot_container
from components.names import Names
from settings.build import BuildSettings
from settings.notebooks import BuiltNotebookImage, NotebookImageSettings

_FOLDER = "images/notebook"
_HUB_REQUIREMENTS = Path("images/hub/requirements.txt")
# Debian's R, and the packages its Jupyter kernel comes in.
_R_PACKAGES = ("r-base-core", "r-cran-irkernel", "r-cran-tidyverse")


@dataclass(frozen=True, kw_only=True)
class NotebookImageArgs:
    """Inputs of NotebookImage."""

    names: Names
    image: NotebookImageSettings
    build: BuildSettings


class NotebookImage(pulumi.ComponentResource):
    """Our own image or a published one, and a check that its JupyterHub is of the hub's version.

    Versions that differ are the most common way for user servers not to start; found here, nothing is replaced.
    """

    reference: pulumi.Output[str]
    """Name and tag, or digest, of the image."""
    check: pulumi.Output[docker.Container]
    """The check, once it has succeeded."""

    def __init__(self, name: str, args: NotebookImageArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("jupyterhub:index:NotebookImage", name, None, opts)

        if isinstance(args.image, BuiltNotebookImage):
            self.reference = self._build(name, args, args.image)
        else:
            self.reference = self._pull(name, args.image.reference)
        version_check = one_shot_container(
            f"{name}-version-check",
            OneShotContainerArgs(
                image=self.reference,
                labels=args.names.labels("check"),
                entrypoints=["python"],
                command=["-c", "import jupyterhub; print(jupyterhub.__version__)"],
            ),
            pulumi.ResourceOptions(parent=self),
        )
        self.check = _require_version(version_check, self.reference, locked_version(_HUB_REQUIREMENTS, "jupyterhub"))
        self.register_outputs({"reference": self.reference})

    def _build(self, name: str, args: NotebookImageArgs, image: BuiltNotebookImage) -> pulumi.Output[str]:
        apt_packages = [*image.apt_packages, *(_R_PACKAGES if image.r else ())]
        return BuiltImage(
            f"{name}-image",
            BuiltImageArgs(
                names=args.names,
                folder=_FOLDER,
                build=args.build,
                build_args={"APT_PACKAGES": " ".join(apt_packages), "PIP_PACKAGES": " ".join(image.pip_packages)},
            ),
            pulumi.ResourceOptions(parent=self),
        ).reference

    def _pull(self, name: str, reference: str) -> pulumi.Output[str]:
        return docker.RemoteImage(
            f"{name}-image",
            name=reference,
            keep_locally=True,
            opts=pulumi.ResourceOptions(parent=self, delete_before_replace=False),
        ).name


def _require_version(
    check: docker.Container, reference: pulumi.Output[str], hub_version: str
) -> pulumi.Output[docker.Container]:
    def verify(result: list[object]) -> docker.Container:
        exit_code, log, image = result
        found = str(log or "").strip()
        if exit_code != 0:
            raise pulumi.RunError(
                f"The notebook image {image} has no JupyterHub of its own, which every user server needs. "
                f"Use an image with jupyterhub {hub_version}."
            )
        if found != hub_version:
            raise pulumi.RunError(
                f"The notebook image {image} has JupyterHub {found} and the hub {hub_version}. Nothing was replaced. "
                f"Use an image with {hub_version}; Jupyter Docker Stacks have a tag hub-{hub_version}."
            )
        return check

    return pulumi.Output.all(check.exit_code, check.container_logs, reference).apply(verify)
