"""Write what operators look up from the settings models: the reference page, the JSON schema, the keys of Pulumi.yaml.

Run it by `make reference`; a test says when the files are behind the models.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from settings import Settings
from settings.load import SHORTEST_SECRET
from settings.values import written_duration, written_memory

_PROJECT_FOLDER = Path(__file__).parent.parent
_SECRETS = {
    "user_password": "Password for everybody, for auth.passwords: configured.",
    "admin_password": "Password for admins, for auth.passwords: configured.",
    "oauth_client_secret": "What the log-in server gave the hub together with `auth.client_id`.",
    "ldap_search_password": "Password of `auth.lookup_dn_search_user`.",
    "auth_secret": "Value of the option that `auth.secret_option` names.",
}
_HEADER = """\
# Settings

Every key of a stack file, `Pulumi.<stack>.yaml`. One key a concern, each below `jupyterhub:`. What is left out has the
default shown here. Sizes are written `512M` or `2G`, durations `90s`, `10m`, `1h` or `7d`.

This page is made from the models in `settings/` by `make reference`. Editors that read JSON schemas complete and check
stack files with [settings.schema.json](settings.schema.json).
"""


def main() -> int:
    """Write the files."""
    for path, content in files().items():
        path.write_text(content)
        print(f"wrote {path.relative_to(_PROJECT_FOLDER)}")  # noqa: T201
    return 0


def files() -> dict[Path, str]:
    """The generated files, and what they should hold."""
    return {
        _PROJECT_FOLDER / "docs/settings.md": reference_page(),
        _PROJECT_FOLDER / "docs/settings.schema.json": json.dumps(stack_file_schema(), indent=2) + "\n",
        _PROJECT_FOLDER / "Pulumi.yaml": project_file((_PROJECT_FOLDER / "Pulumi.yaml").read_text()),
    }


def stack_file_schema() -> dict[str, Any]:
    """JSON schema of a whole stack file."""
    schema = Settings.model_json_schema()
    definitions = schema.pop("$defs")
    config = {f"jupyterhub:{name}": value for name, value in schema["properties"].items()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A stack file of the JupyterHub program",
        "type": "object",
        "properties": {
            "config": {
                "type": "object",
                "properties": config,
                "required": [f"jupyterhub:{name}" for name in schema["required"]],
            }
        },
        "$defs": definitions,
    }


def project_file(current: str) -> str:
    """Pulumi.yaml with its configuration keys described as the models describe them."""
    head = current.partition("  # Written by `make reference`")[0]
    # With a default, even an empty one: otherwise Pulumi itself would refuse a missing key, in words of its own. The
    # secrets are left out for the same reason: which of them is needed depends on the settings.
    keys = {
        name: {"type": "object", "description": _one_line(str(field.description)), "default": {}}
        for name, field in Settings.model_fields.items()
    }
    lines = "".join(f"  {name}: {json.dumps(value)}\n" for name, value in keys.items())
    return f"{head}  # Written by `make reference` from the models in settings/.\n{lines}"


def reference_page() -> str:
    """The reference page, in Markdown."""
    schema = Settings.model_json_schema()
    parts = [_HEADER]
    for name, field in Settings.model_fields.items():
        parts += [f"## `{name}`", "", _one_line(str(field.description)), ""]
        parts += _section(_resolve(schema["properties"][name], schema), schema)
    parts += [
        "## Secrets",
        "",
        "Set with `pulumi config set --secret KEY`, never written into a stack file by hand.",
        "",
    ]
    parts += [f"- `{key}`: {text}{_at_least(SHORTEST_SECRET[key])}" for key, text in _SECRETS.items()]
    return "\n".join(parts) + "\n"


def _at_least(characters: int) -> str:
    return f" At least {characters} characters." if characters > 1 else ""


def _section(schema: dict[str, Any], root: dict[str, Any]) -> list[str]:
    variants = [_resolve(variant, root) for variant in schema.get("oneOf", [])]
    if variants:
        return [line for variant in variants for line in _variant(variant, root)]
    return [*_table(_entry(schema, root) or schema, root), ""]


def _variant(variant: dict[str, Any], root: dict[str, Any]) -> list[str]:
    kind = variant["properties"]["kind"]["const"]
    return [f"### `kind: {kind}`", "", variant["description"], "", *_table(variant, root), ""]


def _table(schema: dict[str, Any], root: dict[str, Any]) -> list[str]:
    rows = list(_rows(schema, root, ""))
    return ["| key | default | meaning |", "|---|---|---|", *rows] if rows else ["No further keys."]


def _rows(schema: dict[str, Any], root: dict[str, Any], prefix: str) -> Iterator[str]:
    required = schema.get("required", [])
    for name, property_schema in schema["properties"].items():
        if name == "kind":
            continue
        resolved = _resolve(property_schema, root)
        description = _one_line(property_schema.get("description") or resolved.get("description", ""))
        if "properties" in resolved:
            yield from _rows(resolved, root, f"{prefix}{name}.")
        elif "oneOf" in resolved:
            yield f"| `{prefix}{name}` | {_default(property_schema)} | {description} |"
            for variant in resolved["oneOf"]:
                member = _resolve(variant, root)
                kind = member["properties"]["kind"]["const"]
                yield f"| `{prefix}{name}.kind` | | `{kind}`: {_one_line(member['description'])} |"
                yield from _rows(member, root, f"{prefix}{name}.")
        elif entry := _entry(resolved, root):
            yield f"| `{prefix}{name}` | {_default(property_schema)} | {description} |"
            yield from _rows(entry, root, f"{prefix}{name}.<name>.")
        else:
            default = "**required**" if name in required else _default(property_schema)
            yield f"| `{prefix}{name}` | {default} | {description} |"


def _entry(schema: dict[str, Any], root: dict[str, Any]) -> dict[str, Any] | None:
    """Schema of each entry of a mapping from names of the operator's own to keys, if this is one."""
    entry = schema.get("additionalProperties")
    resolved = _resolve(entry, root) if isinstance(entry, dict) else {}
    return resolved if "properties" in resolved else None


def _resolve(schema: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        definition: dict[str, Any] = root["$defs"][schema["$ref"].rpartition("/")[2]]
        return definition
    return schema


def _default(schema: dict[str, Any]) -> str:
    default = schema.get("default")
    if default is None or default in ({}, []):
        return ""
    if isinstance(default, dict):
        return f"`kind: {default['kind']}`"
    return f"`{_written(default, schema)}`"


def _written(value: object, schema: dict[str, Any]) -> str:
    """A default as an operator would write it: `2G` and not 2147483648."""
    pattern = schema.get("pattern", "")
    for mark, written in {"[KMGT]": written_memory, "[smhd]": written_duration}.items():
        if mark in pattern and isinstance(value, int):
            return written(value)
    return json.dumps(value).strip('"')


def _one_line(text: str) -> str:
    return " ".join(text.split())


if __name__ == "__main__":
    sys.exit(main())
