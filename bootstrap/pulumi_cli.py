"""Step 2: the Pulumi command line with its Python language host."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from bootstrap import downloads, go_build
from bootstrap.commands import BootstrapError, output_of, version
from bootstrap.folders import all_or_nothing, cache
from bootstrap.progress import Step

VERSION = "3.256.0"
_CLI = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
_SDK = "github.com/pulumi/pulumi/sdk/v3"
_HOST = f"{_SDK}/python/cmd/pulumi-language-python"


@dataclass(frozen=True)
class PulumiCli:
    """Where a Pulumi is, and whose."""

    folder: Path
    operators: bool


def ensure(step: Step) -> PulumiCli:
    """Find the operator's Pulumi or install one of our own."""
    found = operators(os.environ.get("PATH", ""))
    if found:
        return PulumiCli(found, operators=True)
    target = cache() / f"pulumi-{VERSION}"
    if not target.exists():
        step.outcome = "downloaded" if download(target) else build(target, step)
    return PulumiCli(target / "bin", operators=False)


def operators(path: str) -> Path | None:
    """The folder of a Pulumi on PATH that is new enough and has its language host; our own does not count."""
    elsewhere = os.pathsep.join(entry for entry in path.split(os.pathsep) if not Path(entry).is_relative_to(cache()))
    found = shutil.which("pulumi", path=elsewhere)
    if found is None or shutil.which("pulumi-language-python", path=elsewhere) is None:
        return None
    answer = output_of(found, "version", env={**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"})
    needed = version(VERSION)[:2]
    return Path(found).parent if version(answer) >= needed else None


def download(target: Path, base_url: str = downloads.BASE_URL) -> bool:
    """Install the official archive; false when it cannot be had."""
    system = downloads.target().replace("amd64", "x64")
    try:
        with all_or_nothing(target) as folder:
            (folder / "bin").mkdir()
            downloads.unpack(f"{base_url}/sdk/pulumi-v{VERSION}-{system}.tar.gz", folder / "bin")
            _check(folder / "bin")
    except BootstrapError:
        return False
    return True


def build(target: Path, step: Step) -> str:
    """Build command line and language host."""
    step.starting("no official download here: building from the Go module proxy, about 4 minutes")
    with all_or_nothing(target) as folder:
        number = f"{_SDK}/go/common/version.Version"
        (folder / "bin").mkdir()
        go_build.build("pulumi", [_CLI], folder / "bin", variables=f"{number}={VERSION}")
        go_build.build("language-python", [_HOST], folder / "bin")
        script = go_build.module_file("pulumi", _SDK, "python/cmd/pulumi-language-python-exec")
        shutil.copy(script, folder / "bin")
        (folder / "bin" / script.name).chmod(0o755)
        _check(folder / "bin")
    return "built"


def _check(folder: Path) -> None:
    answer = output_of(folder / "pulumi", "version", env={**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"})
    if version(answer) != version(VERSION) or not (folder / "pulumi-language-python").exists():
        raise BootstrapError(f"The Pulumi {VERSION} put together in {folder} does not run: install Pulumi yourself.")
