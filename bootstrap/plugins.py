"""Step 3: the Pulumi plugins that the program uses."""

import os
from collections.abc import Mapping
from pathlib import Path

from bootstrap import downloads, go_build
from bootstrap.commands import BootstrapError, run_logged
from bootstrap.folders import cache, scratch
from bootstrap.progress import Step
from bootstrap.pulumi_cli import PulumiCli

VERSIONS = {"docker": "5.2.0", "tls": "5.6.2"}


def ours() -> Path:
    """A PULUMI_HOME of our own: the operator's other projects see nothing of what we build."""
    return cache() / "pulumi-home"


def operators(environment: Mapping[str, str]) -> Path:
    """The PULUMI_HOME of the operator."""
    stated = environment.get("PULUMI_HOME")
    return Path(stated) if stated and Path(stated) != ours() else Path.home() / ".pulumi"


def ensure(cli: PulumiCli, step: Step) -> Path:
    """Find or install the plugins; returns the PULUMI_HOME that has them."""
    homes = [operators(os.environ), ours()] if cli.operators else [ours()]
    for home in homes:
        if not missing(home):
            return home
    with scratch() as folder:
        home = homes[0]
        step.outcome = "downloaded"
        if not download(missing(home), folder):
            # Ours go where no other project of the operator's takes them for the official ones.
            home = ours()
            step.starting("no official download here: building from the Go module proxy, about 4 minutes")
            step.outcome = "built"
            build(missing(home), folder)
        for name in missing(home):
            _install(cli, home, name, folder / f"pulumi-resource-{name}")
    return home


def missing(home: Path) -> list[str]:
    """The plugins that a PULUMI_HOME lacks, or has in part."""
    folders = {name: home / "plugins" / f"resource-{name}-v{number}" for name, number in VERSIONS.items()}
    return [
        name
        for name, folder in folders.items()
        if not (folder / f"pulumi-resource-{name}").exists() or folder.with_name(f"{folder.name}.partial").exists()
    ]


def download(names: list[str], folder: Path, base_url: str = downloads.BASE_URL) -> bool:
    """Fetch the official plugins; false when one cannot be had."""
    archives = [f"pulumi-resource-{name}-v{VERSIONS[name]}-{downloads.target()}.tar.gz" for name in names]
    try:
        for archive in archives:
            downloads.unpack(f"{base_url}/plugins/{archive}", folder)
    except BootstrapError:
        return False
    return True


def build(names: list[str], folder: Path) -> None:
    """Build the same Terraform providers behind the same bridge as the official plugins are."""
    # The provider's Compose resource needs Docker Compose's sources, three times as much to build.
    go_build.build("plugins", [f"./pulumi-resource-{name}" for name in names], folder, tags="no_compose")


def _install(cli: PulumiCli, home: Path, name: str, file: Path) -> None:
    install = [str(cli.folder / "pulumi"), "plugin", "install", "resource", name, VERSIONS[name]]
    environment = {"PULUMI_HOME": str(home), "PULUMI_SKIP_UPDATE_CHECK": "true"}
    run_logged(f"installing the plugin {name}", *install, "--file", file, env=environment)
