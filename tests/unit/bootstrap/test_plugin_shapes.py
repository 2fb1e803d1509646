"""The plugins that we build take and give exactly the properties that the Python SDKs speak of."""

import json
import subprocess
from collections import abc
from typing import Any, get_args, get_origin

import pulumi
import pulumi_docker as docker
import pulumi_tls as tls
import pytest
from pulumi import _types

from bootstrap import plugins

PLUGINS = plugins.ours() / "plugins"  # the real ones, not those of a test's home folder
SCALARS: dict[Any, str] = {str: "string", bool: "bool", int: "int", float: "float"}


def shapes(name: str) -> dict[str, Any]:
    plugin = PLUGINS / f"resource-{name}-v{plugins.VERSIONS[name]}" / f"pulumi-resource-{name}"
    if not plugin.exists():
        pytest.skip(f"no plugin {name} of our own is installed")
    done = subprocess.run([plugin, "--shapes"], check=True, capture_output=True, timeout=20)
    known: dict[str, Any] = json.loads(done.stdout)
    return known


def shape(kind: type) -> object:
    """What a type of the SDK holds, written as the plugin writes it."""
    kind = _types.unwrap_type(kind)
    if kind in SCALARS:
        return SCALARS[kind]
    if get_origin(kind) is abc.Sequence:
        return [shape(get_args(kind)[0])]
    if get_origin(kind) is abc.Mapping:
        return {"*": shape(get_args(kind)[1])}
    assert get_origin(kind) is None, kind
    known = _types.input_type_types if _types.is_input_type(kind) else _types.output_type_types
    return {name: shape(inner) for name, inner in known(kind).items()}


@pytest.mark.parametrize(
    ("plugin", "resource", "arguments"),
    [
        ("docker", docker.Container, docker.ContainerArgs),
        ("docker", docker.Network, docker.NetworkArgs),
        ("docker", docker.Provider, docker.ProviderArgs),
        ("docker", docker.RemoteImage, docker.RemoteImageArgs),
        ("docker", docker.Volume, docker.VolumeArgs),
        ("tls", tls.CertRequest, tls.CertRequestArgs),
        ("tls", tls.LocallySignedCert, tls.LocallySignedCertArgs),
        ("tls", tls.PrivateKey, tls.PrivateKeyArgs),
        ("tls", tls.SelfSignedCert, tls.SelfSignedCertArgs),
    ],
)
def test_same_properties(plugin: str, resource: type[pulumi.Resource], arguments: type) -> None:
    token = getattr(resource, "pulumi_type", f"pulumi:providers:{plugin}")
    has = shapes(plugin)[token]
    taken = {name: shape(kind) for name, kind in _types.input_type_types(arguments).items()}
    given = {name: shape(kind) for name, kind in _types.resource_types(resource).items()}
    has.pop("id", None)  # every resource's, known to Pulumi itself
    assert len(taken) >= 1
    assert given | taken == has
    # What the SDK gives back is what it takes, shape for shape.
    assert {name: given[name] for name in given.keys() & taken.keys()} == {
        name: taken[name] for name in given.keys() & taken.keys()
    }
