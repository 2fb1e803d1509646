"""An image built from a folder below `images/`, named after what goes into it."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pulumi
import pulumi_docker as docker
from docker.utils.build import exclude_paths

from components.names import Names
from settings.build import BuildSettings

# What the bootstrap writes for networks that intercept TLS, relative to the program; empty elsewhere.
_HOST_CA_BUNDLE = ".bootstrap/ca-bundle.pem"


@dataclass(frozen=True, kw_only=True)
class BuiltImageArgs:
    """Inputs of BuiltImage."""

    names: Names
    folder: str
    """Folder of the build context, relative to the program."""
    build: BuildSettings
    base_image: str | None = None
    """What it starts from, where that is not `build.base_image`."""
    build_args: Mapping[str, str] = field(default_factory=dict)


class BuiltImage(pulumi.ComponentResource):
    """An image whose tag is a hash of everything that goes into it.

    The tag is known at preview, is the same on every machine, and changes exactly when the content does, so that a
    container is replaced exactly then; going back to an older content finds the older image still there.
    """

    reference: pulumi.Output[str]
    """Name and tag of the image, once it is built."""

    def __init__(self, name: str, args: BuiltImageArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("jupyterhub:index:BuiltImage", name, {"folder": args.folder}, opts)
        build_args = _build_args(args)
        image = docker.RemoteImage(
            f"{name}-build",
            name=args.names.image(Path(args.folder).name, content_hash(Path(args.folder), build_args)),
            # Older images stay for going back, and for user servers that still run on them.
            keep_locally=True,
            build=docker.RemoteImageBuildArgs(
                context=args.folder,
                dockerfile="Dockerfile",
                # Unset, the builder is whatever the environment of the day says, and a change replaces the image.
                builder="default",
                build_args=build_args,
                secrets=[
                    docker.RemoteImageBuildSecretArgs(id="ca", src=str(args.build.ca_bundle or _HOST_CA_BUNDLE)),
                ],
                build_log_file=f".bootstrap/build-{Path(args.folder).name}.log",
            ),
            opts=pulumi.ResourceOptions(
                parent=self,
                # With a name given, the provider would delete first: the running container, then the old image, and
                # only then find out whether the new one builds.
                delete_before_replace=False,
            ),
        )
        self.reference = image.name
        self.register_outputs({"reference": self.reference})


def _build_args(args: BuiltImageArgs) -> dict[str, str]:
    return {
        **args.build_args,
        "APT_MIRROR": args.build.apt_mirror or "",
        "BASE_IMAGE": args.base_image or args.build.base_image,
        "PIP_INDEX_URL": args.build.pip_index_url or "",
        "REVISION": str(args.build.revision),
    }


def content_hash(folder: Path, build_args: Mapping[str, str]) -> str:
    """16 hexadecimal digits that change when a file of the build context or a build argument does.

    File modes count only as far as git keeps them, and paths are relative, so that every machine finds the same hash.
    """
    digest = hashlib.sha256(json.dumps(dict(build_args), sort_keys=True).encode())
    for file in context_files(folder):
        executable = "x" if file.stat().st_mode & 0o100 else "-"
        digest.update(f"\0{file.relative_to(folder).as_posix()}\0{executable}\0".encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:16]


def context_files(folder: Path) -> list[Path]:
    """Every file that can change the image, sorted: the Dockerfile, and all that `.dockerignore` lets in."""
    ignore = folder / ".dockerignore"
    patterns = ignore.read_text().splitlines() if ignore.exists() else []
    included = exclude_paths(str(folder), [line for line in patterns if not line.startswith("#")])
    return sorted(folder / path for path in included if (folder / path).is_file())


def locked_version(requirements: Path, package: str) -> str:
    """Version of a package in a requirements file that pins it.

    Raises:
        ValueError: the file does not pin the package.
    """
    match = re.search(rf"^{re.escape(package)}==([^\s;\\]+)", requirements.read_text(), re.MULTILINE)
    if match is None:
        raise ValueError(f"{requirements} does not pin {package}")
    return match[1]
