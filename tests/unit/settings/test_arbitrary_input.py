"""Whatever stands in a stack file: settings, or sentences, and never a value that may be secret."""

import re
from typing import Any, get_args, get_origin

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from settings import Settings
from settings.problems import SettingsError, validate_settings
from tests.unit.sites import SECRET, SMALLEST

SECRETS = [
    SECRET,
    SECRET.upper(),
    f"https://me:{SECRET}@example.org",
    f"http://[{SECRET}]",
    f"10.0.0.0/{SECRET}",
    f"{SECRET}/20",
    f"x/{SECRET}:latest",
    f"{SECRET}M",
    f"tcp://{SECRET}",
    f" {SECRET}",
    f"Alice {SECRET}",
    f"-----BEGIN {SECRET}",
]


def names_in(model: object) -> set[str]:
    """Names of keys and kinds, in a model and in those inside it."""
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return {name for inner in get_args(model) for name in names_in(inner)}
    return set(model.model_fields) | {
        name for field in model.model_fields.values() for name in names_in(field.annotation)
    }


KEYS = sorted(names_in(Settings) | {"grafana", "COURSE", "JUPYTERHUB_X", "cookie_secret", "zzz", ""})
KINDS = ["self_signed", "files", "shared_password", "dummy", "build", "published"]
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(SECRETS)
    | st.sampled_from(["1G", "10m", "/x", "a.example.org", "debian:13", "10.0.0.0/20", "9" * 5000])
)


def _mappings(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    plain = st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=4), inner, max_size=5)
    return st.builds(lambda entries, kind: {**entries, "kind": kind}, plain, st.sampled_from(KINDS) | LEAVES) | plain


VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | _mappings(inner), max_leaves=12)


def said_about(values: dict[str, Any]) -> list[str]:
    try:
        validate_settings(values)
    except SettingsError as error:
        return error.problems
    return []


@pytest.mark.parametrize("concern", list(Settings.model_fields))
@settings(max_examples=60, deadline=None, database=None)
@given(value=VALUES)
def test_any_value_of_a_concern_gives_settings_or_sentences(concern: str, value: object) -> None:
    for problem in said_about({**SMALLEST, concern: value}):
        assert problem.startswith("jupyterhub:")
        assert SECRET not in problem.lower()
        assert "pydantic" not in problem
        assert "<class" not in problem


def leaves_of(annotation: object, path: tuple[str, ...]) -> list[tuple[str, ...]]:
    """The path of every setting below an annotation; a member of a union and an entry of a mapping get a step too."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        fields = dict(annotation.model_fields)
        kind = fields.pop("kind", None)
        member = (f"kind={get_args(kind.annotation)[0].value}",) if kind else ()
        return [leaf for name, field in fields.items() for leaf in leaves_of(field.annotation, (*path, *member, name))]
    below = (*path, "grafana") if get_origin(annotation) is dict else path
    inner = [leaf for part in get_args(annotation) for leaf in leaves_of(part, below)]
    return [leaf for leaf in inner if leaf != below] or [path]


LEAF_PATHS = [leaf for name, field in Settings.model_fields.items() for leaf in leaves_of(field.annotation, (name,))]


def nested(path: tuple[str, ...], value: object) -> dict[str, object]:
    """Settings that state one value, and the kinds on the way to it."""
    step, rest = path[0], path[1:]
    if step.startswith("kind="):
        return {"kind": step.removeprefix("kind="), **nested(rest, value)}
    return {step: nested(rest, value) if rest else value}


@pytest.mark.parametrize("path", LEAF_PATHS, ids=[".".join(path) for path in LEAF_PATHS])
@pytest.mark.parametrize("shape", ["text", "list", "mapping"])
def test_a_secret_written_in_the_place_of_any_setting_is_not_repeated(path: tuple[str, ...], shape: str) -> None:
    for secret in SECRETS:
        value = {"text": secret, "list": [secret], "mapping": {"zzz": secret}}[shape]
        text = "\n".join(said_about({**SMALLEST, **nested(path, value)}))
        assert SECRET not in text.lower()


def test_every_setting_is_among_those_paths() -> None:
    assert {path[0] for path in LEAF_PATHS} == set(Settings.model_fields)
    assert ("notebooks", "limits", "memory") in LEAF_PATHS
    assert ("tls", "kind=files", "private_key_file") in LEAF_PATHS
    assert ("services", "grafana", "target") in LEAF_PATHS


@pytest.mark.parametrize("path", LEAF_PATHS, ids=[".".join(path) for path in LEAF_PATHS])
def test_every_setting_that_is_wrong_is_named_by_its_own_path(path: tuple[str, ...]) -> None:
    steps = [step for step in path if not step.startswith("kind=")]
    key = "jupyterhub:" + ".".join(steps)
    problems = said_about({**SMALLEST, **nested(path, object())})
    about = [problem for problem in problems if problem.startswith(f"{key}: ")]
    assert len(about) == 1, problems
    assert re.search(r"; (write|put|choose)", about[0]), "it says what to write instead"
