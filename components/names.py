"""Names and labels of everything a stack makes: fixed, so that other tools can refer to them."""

import hashlib
import re
from dataclasses import dataclass

import pulumi
import pulumi_docker as docker

_LONGEST_INTERFACE = 15  # IFNAMSIZ less the closing zero: Linux takes no longer name for a bridge


@dataclass(frozen=True, kw_only=True)
class Names:
    """The names of one stack; two stacks on one server share none.

    Raises:
        pulumi.RunError: the stack's containers could not be told from the user servers of another one.
    """

    project: str
    stack: str

    def __post_init__(self) -> None:
        clash = re.fullmatch(r"(.+)-(user|home)(-.*)?", self.stack)
        if clash:
            stack, part, _ = clash.groups()
            raise pulumi.RunError(
                f"A stack {self.stack} would share names with what users of a stack {stack} have; "
                f"choose a name without -{part}."
            )

    @property
    def prefix(self) -> str:
        """Start of every name, and the value of every `jupyterhub.stack` label."""
        return f"{self.project}-{self.stack}"

    def of(self, part: str) -> str:
        """Name of a container, network or volume."""
        return f"{self.prefix}-{part}"

    def bridge(self, part: str) -> str:
        """Name of a network interface: short, and still different for two long stack names."""
        name = f"jh-{self.stack}-{part}"
        if len(name) <= _LONGEST_INTERFACE:
            return name
        return "jh-" + hashlib.sha256(name.encode()).hexdigest()[: _LONGEST_INTERFACE - 3]

    def image(self, part: str, content_hash: str) -> str:
        """Reference of an image built here. Nothing resolves `.invalid`: Docker can never pull another's instead."""
        return f"jhub.invalid/{self.project}/{part}:{content_hash}"

    def labels(self, role: str) -> dict[str, str]:
        """Labels that say whose something is and what it is for. They never change for one name."""
        return {"jupyterhub.stack": self.prefix, "jupyterhub.role": role}


def container_labels(labels: dict[str, str]) -> list[docker.ContainerLabelArgs]:
    """Labels as a Container takes them."""
    return [docker.ContainerLabelArgs(label=key, value=value) for key, value in sorted(labels.items())]


def network_labels(labels: dict[str, str]) -> list[docker.NetworkLabelArgs]:
    """Labels as a Network takes them."""
    return [docker.NetworkLabelArgs(label=key, value=value) for key, value in sorted(labels.items())]


def volume_labels(labels: dict[str, str]) -> list[docker.VolumeLabelArgs]:
    """Labels as a Volume takes them."""
    return [docker.VolumeLabelArgs(label=key, value=value) for key, value in sorted(labels.items())]
