"""A Pulumi stack, through the Pulumi command line."""

import json
import subprocess
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from settings.docker import DockerSettings

_PROJECT_FOLDER = Path(__file__).parent.parent


class PulumiError(Exception):
    """A pulumi command failed; it has said why."""


class PulumiStack:
    """One stack of this project."""

    def __init__(self, name: str) -> None:
        self.name = name

    @cached_property
    def project(self) -> str:
        """Name of the Pulumi project."""
        return str(yaml.safe_load((_PROJECT_FOLDER / "Pulumi.yaml").read_text())["name"])

    @property
    def prefix(self) -> str:
        """Start of every name, and the value of every `jupyterhub.stack` label."""
        return f"{self.project}-{self.name}"

    @property
    def docker(self) -> DockerSettings:
        """The engine that the stack runs on."""
        config = json.loads(self._output("config", "--json", "--stack", self.name))
        value = config.get("jupyterhub:docker", {})
        return DockerSettings.model_validate(value.get("objectValue", {}))

    def exists(self) -> bool:
        """Whether the backend knows this stack."""
        stacks = json.loads(self._output("stack", "ls", "--json"))
        return any(stack["name"].rpartition("/")[2] == self.name for stack in stacks)

    def outputs(self, *, show_secrets: bool) -> dict[str, Any]:
        """The stack's outputs by name."""
        secrets = ["--show-secrets"] if show_secrets else []
        outputs: dict[str, Any] = json.loads(self._output("stack", "output", "--json", "--stack", self.name, *secrets))
        return outputs

    def state(self) -> dict[str, Any]:
        """What Pulumi has written down of this stack, secrets encrypted."""
        state: dict[str, Any] = json.loads(self._output("stack", "export", "--stack", self.name))
        return state

    def failed_checks(self) -> list[str]:
        """Names, in Pulumi's long form, of the containers that ran once and failed; Pulumi would keep them so."""
        return [
            resource["urn"]
            for resource in self.state()["deployment"].get("resources", [])
            if resource.get("inputs", {}).get("mustRun") is False
            and resource.get("outputs", {}).get("exitCode")
            and not resource.get("delete")
        ]

    def run(self, *arguments: str) -> None:
        """Run a pulumi command that shows its own progress.

        Raises:
            PulumiError: the command failed.
        """
        command = ["pulumi", *arguments, "--stack", self.name]
        if subprocess.run(command, cwd=_PROJECT_FOLDER, check=False).returncode != 0:
            raise PulumiError(
                f"`{' '.join(command)}` failed; what it says above tells why. The same command goes on from here."
            )

    def _output(self, *arguments: str) -> str:
        result = subprocess.run(
            ["pulumi", *arguments], cwd=_PROJECT_FOLDER, check=False, capture_output=True, text=True
        )
        if result.returncode != 0:
            raise PulumiError(result.stderr.strip())
        return result.stdout
