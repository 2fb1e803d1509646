"""What operators look up is made from the models, and is up to date."""

import json
from pathlib import Path
from typing import Any, cast, get_args

import pytest
import yaml
from pydantic import BaseModel, TypeAdapter

from settings import Settings, reference
from settings.auth import AuthKind
from settings.load import SHORTEST_SECRET
from settings.model import SettingsModel
from settings.values import Duration, MemorySize

FILES = reference.files()
PROJECT = Path(__file__).parents[3]


def models_in(annotation: object) -> set[type[BaseModel]]:
    inner = {model for part in get_args(annotation) for model in models_in(part)}
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        fields = annotation.model_fields.values()
        return inner | {annotation} | {model for field in fields for model in models_in(field.annotation)}
    return inner


MODELS = sorted(models_in(Settings), key=lambda model: model.__name__)


@pytest.mark.parametrize("path", FILES, ids=[path.name for path in FILES])
def test_a_generated_file_is_what_the_models_say(path: Path) -> None:
    assert path.read_text() == FILES[path], "run: make reference"


def test_the_generated_files_are_those_of_this_checkout() -> None:
    assert sorted(FILES) == sorted(
        PROJECT / name for name in ("Pulumi.yaml", "docs/settings.md", "docs/settings.schema.json")
    )


@pytest.mark.parametrize("model", MODELS, ids=[model.__name__ for model in MODELS])
def test_a_model_is_closed_frozen_and_describes_each_of_its_keys(model: type[BaseModel]) -> None:
    assert issubclass(model, SettingsModel)
    assert model.model_config["extra"] == "forbid"
    assert model.model_config["frozen"] is True
    assert (model.__doc__ or "").strip().endswith(".")
    for name, field in model.model_fields.items():
        if name != "kind":
            assert (field.description or "").strip().endswith("."), name


def test_every_model_is_looked_at() -> None:
    assert {"Settings", "NotebookLimits", "FilesTls", "DummyAuth", "ServiceSettings"} <= {
        model.__name__ for model in MODELS
    }


def test_the_project_file_has_every_concern_and_keeps_what_stands_before() -> None:
    current = (PROJECT / "Pulumi.yaml").read_text()
    config = yaml.safe_load(reference.project_file(current))["config"]
    assert list(config) == ["pulumi:autonaming", *Settings.model_fields]
    for name, field in Settings.model_fields.items():
        assert config[name] == {"type": "object", "description": field.description, "default": {}}


def test_the_project_file_loses_a_concern_that_is_gone_and_gets_it_back() -> None:
    current = (PROJECT / "Pulumi.yaml").read_text()
    gone = "\n".join(line for line in current.splitlines() if not line.startswith("  idle: "))
    assert reference.project_file(gone + '\n  old: {"type": "object"}\n') == current


def rows(page: str) -> dict[str, dict[str, tuple[str, str]]]:
    found: dict[str, dict[str, tuple[str, str]]] = {}
    for section in page.split("\n## ")[1:]:
        lines = section.splitlines()
        table = [line.strip("| ").split(" | ", 2) for line in lines if line.startswith("| `")]
        found[lines[0].strip("`")] = {row[0].strip("`"): (row[1].strip(), row[-1]) for row in table}
    return found


PAGE = rows(reference.reference_page())


def test_the_page_has_a_section_for_each_concern_and_one_for_secrets() -> None:
    assert list(PAGE) == [*Settings.model_fields, "Secrets"]


@pytest.mark.parametrize(
    ("concern", "key", "default"),
    [
        ("site", "domain", "**required**"),
        ("site", "https_port", "`443`"),
        ("site", "bind_address", "`0.0.0.0`"),
        ("tls", "certificate_file", "**required**"),
        ("tls", "validity_days", "`365`"),
        ("auth", "passwords", "`generated`"),
        ("access", "allow_all", "`false`"),
        ("access", "admins", ""),
        ("notebooks", "limits.memory", "`2G`"),
        ("notebooks", "image", "`kind: build`"),
        ("notebooks", "image.reference", "**required**"),
        ("storage", "home.mount_path", "`/home/jovyan`"),
        ("network", "egress_exceptions.<name>.to", "**required**"),
        ("network", "egress_exceptions.<name>.protocol", "`tcp`"),
        ("network", "subnet", "`10.201.0.0/20`"),
        ("idle", "max_age", "`0s`"),
        ("hub", "memory", "`1G`"),
        ("hub", "start_timeout", "`5m`"),
        ("hub", "base_image", ""),
        ("services", "target", "**required**"),
        ("proxy", "hsts", "`365d`"),
    ],
)
def test_a_default_is_shown_as_an_operator_would_write_it(concern: str, key: str, default: str) -> None:
    assert PAGE[concern][key][0] == default


def test_every_key_of_every_model_is_on_the_page_with_its_meaning() -> None:
    told = reference.reference_page()
    for model in MODELS:
        for name, field in model.model_fields.items():
            if model is not Settings and name != "kind" and not models_in(field.annotation):
                assert f" {' '.join(str(field.description).split())}" in told, name


@pytest.mark.parametrize("kind", ["self_signed", "files", *AuthKind, "build", "published"])
def test_every_kind_is_on_the_page(kind: str) -> None:
    assert f"### `kind: {kind}`\n" in reference.reference_page() or f"| `image.kind` | | `{kind}`: " in (
        reference.reference_page()
    )


@pytest.mark.parametrize("key", SHORTEST_SECRET)
def test_every_secret_is_on_the_page_with_its_shortest_length(key: str) -> None:
    (line,) = [line for line in reference.reference_page().splitlines() if line.startswith(f"- `{key}`: ")]
    assert (f" At least {SHORTEST_SECRET[key]} characters." in line) == (SHORTEST_SECRET[key] > 1)


def test_the_schema_asks_for_what_has_no_default() -> None:
    config = reference.stack_file_schema()["properties"]["config"]
    assert config["required"] == [f"jupyterhub:{name}" for name in ("site", "tls", "auth", "access")]
    assert list(config["properties"]) == [f"jupyterhub:{name}" for name in Settings.model_fields]


@pytest.mark.parametrize(
    "file", ["Pulumi.dev.yaml", "Pulumi.prod.yaml", "examples/tutorial-cas.yaml", "examples/tutorial-gitlab.yaml"]
)
def test_the_schema_takes_the_stack_files(file: str) -> None:
    validate(yaml.safe_load((PROJECT / file).read_text()))


@pytest.mark.parametrize(
    "mistake",
    [
        {"jupyterhub:hub": {"memory": "much"}},
        {"jupyterhub:hub": {"memory": 5}},
        {"jupyterhub:idle": {"max_age": "1.5h"}},
        {"jupyterhub:site": {}},
        {"jupyterhub:site": {"domain": "x", "dmain": "x"}},
        {"jupyterhub:tls": {"kind": "files"}},
        {"jupyterhub:network": {"subnet": "10.0.0.0"}},
    ],
    ids=str,
)
def test_the_schema_refuses_mistakes(mistake: dict[str, Any]) -> None:
    content = yaml.safe_load((PROJECT / "Pulumi.dev.yaml").read_text())
    content["config"] |= mistake
    jsonschema = pytest.importorskip("jsonschema")
    with pytest.raises(jsonschema.ValidationError):
        validate(content)


@pytest.mark.parametrize("kind", [MemorySize, Duration], ids=["size", "duration"])
@pytest.mark.parametrize("value", ["512M", "1.5G", "90s", "7d", "1.5h", "٣G", "9" * 20 + "s", "", "1"])
def test_the_schema_takes_the_same_sizes_and_durations_as_the_models(kind: object, value: str) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    adapter = TypeAdapter(cast("type[object]", kind))
    accepted = jsonschema.Draft202012Validator(adapter.json_schema()).is_valid(value)
    try:
        adapter.validate_python(value)
    except ValueError:
        assert not accepted, "an editor that is content with this misleads"
    else:
        assert accepted


def validate(content: object) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads((PROJECT / "docs/settings.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(content, schema, cls=jsonschema.Draft202012Validator)


def test_make_reference_writes_all_files_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "Pulumi.yaml").write_text("name: jupyterhub\nconfig:\n")
    monkeypatch.setattr(reference, "_PROJECT_FOLDER", tmp_path)
    assert reference.main() == 0
    assert capsys.readouterr().out.splitlines() == [
        "wrote docs/settings.md",
        "wrote docs/settings.schema.json",
        "wrote Pulumi.yaml",
    ]
    assert (tmp_path / "docs/settings.md").read_text() == reference.reference_page()
    assert list(yaml.safe_load((tmp_path / "Pulumi.yaml").read_text())["config"]) == list(Settings.model_fields)
