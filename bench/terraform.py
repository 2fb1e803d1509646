"""Terraform with the same resources: what is in a stack's state, written as Terraform's configuration and state.

Both tools then look after the same containers through the same providers, and neither has anything to change.
"""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

from bootstrap import go_build
from bootstrap.folders import all_or_nothing, cache
from tests.integration.deployment import Deployment

# The modules that the plugins of the stack are made from as well, in the same versions.
_PROVIDERS = {
    "registry.terraform.io/kreuzwerker/docker": "./terraform-provider-docker",
    "registry.terraform.io/hashicorp/tls": "github.com/hashicorp/terraform-provider-tls",
}
_TOLD = re.compile(r"Error|  with |  # |Plan:")
_SECRET = "4dabf18193072939515e22adb298388d"  # noqa: S105 - marks a secret in a stack's state


class Terraform(NamedTuple):
    """A folder with a configuration that is applied."""

    command: str
    folder: Path

    def plan(self, *options: str) -> None:
        """Plan.

        Raises:
            RuntimeError: something would change, so that the resources are not the same.
        """
        answer = self._run("plan", "-input=false", "-no-color", "-detailed-exitcode", *options)
        if answer.returncode != 0:
            # Of all that it prints, what tells no value.
            said = [line for line in f"{answer.stdout}{answer.stderr}".splitlines() if _TOLD.match(line)]
            raise RuntimeError("\n".join(["Terraform sees other resources than Pulumi:", *said]))

    def refresh(self) -> None:
        """Write down what is there; the providers fill in what Pulumi has no need to keep."""
        answer = self._run("apply", "-refresh-only", "-auto-approve", "-input=false", "-no-color")
        if answer.returncode != 0:
            raise RuntimeError("Terraform cannot read Pulumi's resources")

    def schemas(self) -> dict[str, Any]:
        """What its providers know, by provider."""
        answer = self._run("providers", "schema", "-json")
        found: dict[str, Any] = json.loads(answer.stdout)["provider_schemas"]
        return found

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {"TF_CLI_CONFIG_FILE": str(self.folder / "terraform.rc"), "CHECKPOINT_DISABLE": "1"}
        command = [self.command, *arguments]
        return subprocess.run(command, cwd=self.folder, env=environment, check=False, capture_output=True, text=True)


def terraform(deployment: Deployment, folder: Path) -> Terraform | None:
    """Terraform with the resources of a deployed stack; none where there is no Terraform."""
    command = shutil.which("terraform")
    if command is None:
        return None
    made = Terraform(command, folder / "terraform")
    made.folder.mkdir()
    overrides = "\n".join(f'"{source}" = "{_providers()}"' for source in _PROVIDERS)
    (made.folder / "terraform.rc").write_text(f"provider_installation {{\ndev_overrides {{\n{overrides}\n}}\n}}\n")
    sources = {source.rpartition("/")[2]: {"source": source} for source in _PROVIDERS}
    head = {"terraform": [{"required_providers": [sources]}]}
    (made.folder / "main.tf.json").write_text(json.dumps(head))
    schemas = {
        kind: (source, schema)
        for source, provider in made.schemas().items()
        for kind, schema in provider.get("resource_schemas", {}).items()
    }
    configuration: dict[str, dict[str, Any]] = {}
    state = []
    for resource in _resources(deployment, made.folder / "pulumi.json"):
        kind = _terraform_type(resource["type"])
        source, schema = schemas[kind]
        name = re.sub(r"\W", "_", resource["urn"].rpartition("::")[2])
        configuration.setdefault(kind, {})[name] = _body(resource["inputs"], schema["block"], configured=True)
        attributes = {"id": resource["id"], **_body(resource["outputs"], schema["block"], configured=False)}
        state.append(
            {
                "mode": "managed",
                "type": kind,
                "name": name,
                "provider": f'provider["{source}"]',
                "instances": [{"schema_version": schema["version"], "attributes": attributes}],
            }
        )
    (made.folder / "main.tf.json").write_text(json.dumps({**head, "resource": configuration}))
    whole = {"version": 4, "terraform_version": "1.0.0", "serial": 1, "lineage": "bench", "resources": state}
    (made.folder / "terraform.tfstate").write_text(json.dumps(whole))
    made.refresh()
    return made


def _providers() -> Path:
    target = cache() / "terraform-providers"
    if not target.exists():
        with all_or_nothing(target) as folder:
            go_build.build("plugins", list(_PROVIDERS.values()), folder, tags="no_compose")
    return target


def _resources(deployment: Deployment, file: Path) -> list[dict[str, Any]]:
    deployment.pulumi("stack", "export", "--show-secrets", "--file", str(file))
    resources = json.loads(file.read_text())["deployment"]["resources"]
    return [
        _without_marks(resource)
        for resource in resources
        if resource.get("custom") and resource["type"].partition(":")[0] in {"docker", "tls"}
    ]


def _without_marks(value: Any) -> Any:  # noqa: ANN401 - JSON
    """A value of the state with its secrets as plain values."""
    if isinstance(value, dict):
        if _SECRET in value:
            return json.loads(value["plaintext"])
        return {key: _without_marks(inner) for key, inner in value.items() if key not in {"__defaults", "__meta"}}
    return [_without_marks(inner) for inner in value] if isinstance(value, list) else value


def _terraform_type(pulumi_type: str) -> str:
    package, _, name = pulumi_type.split(":")
    kind = f"{package}_{_snake(name)}"
    return {"docker_remote_image": "docker_image"}.get(kind, kind)


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()


def _body(values: dict[str, Any], block: dict[str, Any], *, configured: bool) -> dict[str, Any]:
    """A block as Terraform has it: its own names, and a list of what Pulumi has one of.

    Args:
        values: By Pulumi's names.
        block: The block's schema.
        configured: As written in a configuration; otherwise as kept in a state, with every attribute.
    """
    named = {_snake(name): value for name, value in values.items()}
    body: dict[str, Any] = {}
    for name, attribute in block.get("attributes", {}).items():
        value = named.get(name, named.get(f"{name}s"))
        if configured and (value is None or not (attribute.get("optional") or attribute.get("required"))):
            continue
        kind = attribute["type"]
        if value is not None and isinstance(kind, list) and kind[0] in {"list", "set"} and not isinstance(value, list):
            value = [value]
        body[name] = _escaped(value) if configured else value
    for name, nested in block.get("block_types", {}).items():
        value = named.get(name, named.get(f"{name}s", named.get(f"{name}es")))
        if value is None:
            value = []
        if nested["nesting_mode"] == "single":  # time-outs, which are nowhere set
            continue
        inner = [
            _body(each, nested["block"], configured=configured)
            for each in (value if isinstance(value, list) else [value])
        ]
        if inner or not configured:
            body[name] = inner
    return body


def _escaped(value: Any) -> Any:  # noqa: ANN401 - JSON
    """A value in which Terraform finds nothing to evaluate."""
    if isinstance(value, str):
        return value.replace("${", "$${").replace("%{", "%%{")
    if isinstance(value, dict):
        return {key: _escaped(inner) for key, inner in value.items()}
    return [_escaped(inner) for inner in value] if isinstance(value, list) else value
