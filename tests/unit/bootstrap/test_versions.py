"""Versions that are written in two places are the same in both."""

import re
import tomllib

import pytest

from bootstrap import folders, plugins, pulumi_cli
from bootstrap.commands import version

GO = folders.CHECKOUT / "bootstrap" / "go"


@pytest.mark.parametrize("name", plugins.VERSIONS)
def test_plugins_are_those_of_the_python_packages(name: str) -> None:
    project = tomllib.loads((folders.CHECKOUT / "pyproject.toml").read_text())["project"]
    assert f"pulumi-{name}=={plugins.VERSIONS[name]}" in project["dependencies"]
    assert f'"{plugins.VERSIONS[name]}"' in (GO / "plugins" / f"pulumi-resource-{name}" / "main.go").read_text()


def test_the_built_pulumi_is_the_downloaded_one() -> None:
    needed = (GO / "pulumi" / "go.mod").read_text()
    assert re.search(rf"github.com/pulumi/pulumi/pkg/v3 v{re.escape(pulumi_cli.VERSION)}\b", needed)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("v3.256.0", (3, 256, 0)),
        ("go version go1.26.8 linux/amd64", (1, 26, 8)),
        ("20.10.24+dfsg1", (20, 10, 24)),
        ("3.256.0-dev.1", (3, 256, 0)),
        ("command not found", ()),
        (None, ()),
    ],
)
def test_version(text: str | None, numbers: tuple[int, ...]) -> None:
    assert version(text) == numbers


def test_versions_compare_as_numbers() -> None:
    assert version("3.99.1") < version("3.256")
    assert version(None) < version("0.1")
