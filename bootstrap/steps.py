"""The steps in their order."""

import os
from dataclasses import dataclass
from pathlib import Path

from bootstrap import (
    backend,
    base_image,
    ca_bundle,
    docker_engine,
    environment,
    go_build,
    plugins,
    pulumi_cli,
    python_environment,
)
from bootstrap.progress import Step


@dataclass(frozen=True)
class Machine:
    """What the steps leave: Pulumi, its backend, and the variables with which both are found."""

    pulumi: Path
    where: backend.Backend
    variables: dict[str, str]


def python(*, quiet: bool = False) -> None:
    """The Python environment alone."""
    with Step("Python environment", quiet=quiet) as step:
        python_environment.ensure(step)


def everything(*, quiet: bool = False) -> Machine:
    """All steps."""
    python(quiet=quiet)
    with Step("Pulumi", quiet=quiet) as step:
        cli = pulumi_cli.ensure(step)
    with Step("plugins", quiet=quiet) as step:
        home = plugins.ensure(cli, step)
        go_build.remove_caches()
    with Step("Docker engine", quiet=quiet) as step:
        docker_host = docker_engine.ensure(step)
    with Step(f"base image {base_image.IMAGE}", quiet=quiet) as step:
        base_image.ensure(step)
    with Step("authorities for image builds", quiet=quiet) as step:
        ca_bundle.ensure(step)
    with Step("backend", quiet=quiet) as step:
        where = backend.choose(os.environ, step)
    tools = environment.variables(cli, home, docker_host, os.environ)
    return Machine(cli.folder / "pulumi", where, tools | {"PULUMI_BACKEND_URL": where.url})


def with_passphrase(stack: str, machine: Machine, *, create: bool = False) -> dict[str, str]:
    """The variables of the tools and of a stack."""
    file = backend.passphrase_file(stack, machine.where, os.environ, create=create)
    return machine.variables | ({"PULUMI_CONFIG_PASSPHRASE_FILE": str(file)} if file else {})


def select(stack: str, machine: Machine, variables: dict[str, str]) -> None:
    """Make the stack, if it is new, and select it."""
    with Step(f"stack {stack}") as step:
        step.outcome = "selected"
        backend.select(stack, machine.pulumi, variables)
