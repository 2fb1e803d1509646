"""What is wrong with a stack file, one sentence a problem: where, what, and what to write instead."""

import difflib
import json
import re
from collections.abc import Callable, Mapping
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from settings import Settings
from settings.values import parse_duration, parse_memory, written_duration, written_memory

Location = tuple[int | str, ...]


# What people take for settings of a log-in, by authenticators' own names or ours, and the key that takes it.
_SECRETS = {
    "client_secret": "oauth_client_secret",
    "lookup_dn_search_password": "ldap_search_password",
    "oauth_client_secret": "oauth_client_secret",
    "ldap_search_password": "ldap_search_password",
    "auth_secret": "auth_secret",
    "user_password": "user_password",
    "admin_password": "admin_password",
}


class SettingsError(Exception):
    """The stack file has problems; `problems` holds one line for each, without any value that may be secret."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def validate_settings(values: Mapping[str, object]) -> Settings:
    """The settings in `values`, which maps each concern (`site`, `tls`, …) to what the operator wrote for it.

    Raises:
        SettingsError: one line for each thing that is wrong.
    """
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        # Without inputs: what was written in the wrong place may well be a password.
        details = error.errors(include_url=False, include_input=False, include_context=True)
        raise SettingsError([_sentence(detail) for detail in details]) from None


def _sentence(detail: ErrorDetails) -> str:
    *parents, last = detail["loc"] or ("",)
    describe = _SENTENCES.get(detail["type"], _value_is_wrong)
    text = describe(detail, tuple(parents), str(last))
    path = _path(detail["loc"])
    # A rule of the whole file names its keys in its own sentence.
    return f"{path}: {text}" if path else f"jupyterhub:{text}"


def _path(location: Location) -> str:
    """`notebooks.limits.memory` for a location, without the tags of unions and pydantic's `[key]` mark."""
    steps, node = [], _Node(Settings)
    for step in location:
        if step != "[key]" and not node.is_tag(step):
            steps.append(str(step))
        node = node.child(step)
    return "jupyterhub:" + ".".join(steps) if steps else ""


class _Node:
    """A place in the tree of settings models, found by walking a pydantic error location."""

    def __init__(self, annotation: object, info: FieldInfo | None = None) -> None:
        self.info = info
        members = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else [annotation]
        self.models = [item for item in members if isinstance(item, type) and issubclass(item, BaseModel)]
        self._entry = get_args(annotation)[-1] if get_origin(annotation) is dict else None

    def is_tag(self, step: int | str) -> bool:
        # Of one model alone a kind is no longer a tag but may be a key that somebody invented.
        return len(self.models) > 1 and any(step in _tags(model) for model in self.models)

    def child(self, step: int | str) -> "_Node":
        if self.is_tag(step):
            return _Node(next(model for model in self.models if step in _tags(model)), self.info)
        infos = [model.model_fields[str(step)] for model in self.models if str(step) in model.model_fields]
        return _Node(infos[0].annotation, infos[0]) if infos else _Node(self._entry)

    def names(self) -> list[str]:
        return sorted({name for model in self.models for name in model.model_fields})


def _tags(model: type[BaseModel]) -> tuple[Any, ...]:
    return get_args(model.model_fields["kind"].annotation) if "kind" in model.model_fields else ()


def _node(location: Location) -> _Node:
    node = _Node(Settings)
    for step in location:
        node = node.child(step)
    return node


def _missing(_: ErrorDetails, parents: Location, last: str) -> str:
    info = _node((*parents, last)).info
    examples = (info.examples if info else None) or []
    hint = f", for example {last}: {json.dumps(examples[0])}" if examples else ""
    meaning = f" ({_first_sentence(info.description)})" if info and info.description else ""
    return f"is missing{meaning}; write it{hint}"


def _unknown(_: ErrorDetails, parents: Location, last: str) -> str:
    if parents[:1] == ("auth",) and (key := _SECRETS.get(last)):
        key = "auth_secret" if "custom" in parents else key
        return (
            "is a secret, and stands here in plain text; remove it, get another one, and set that with: "
            f"pulumi config set --secret {key}"
        )
    return unknown_key(last, _node(parents).names())


def unknown_key(name: str, known: list[str]) -> str:
    """The sentence for a key that is no setting."""
    close = difflib.get_close_matches(name, known, n=1)
    suggestion = f"did you mean {close[0]}?" if close else "remove it."
    return f"is no setting; {suggestion} Known here: {', '.join(known)}"


def _choice(detail: ErrorDetails, *_: object) -> str:
    return f"is none of the choices; write {str(detail['ctx']['expected']).replace(chr(39), '')}"


def _no_kind(_: ErrorDetails, parents: Location, last: str) -> str:
    models = _node((*parents, last)).models
    kinds = sorted({str(tag) for model in models for tag in _tags(model)})
    return f"is of no known kind; write kind: and one of {', '.join(kinds)}"


def _value_is_wrong(detail: ErrorDetails, *_: object) -> str:
    # Our own rules raise ValueError with a whole sentence; pydantic puts "Value error, " before it.
    message = detail["msg"].removeprefix("Value error, ")
    return message if detail["type"] == "value_error" else f"is wrong: {message[0].lower()}{message[1:]}"


def _mapping_expected(_: ErrorDetails, parents: Location, last: str) -> str:
    names = _node((*parents, last)).names()
    return f"holds keys of its own, not a single value; write one or more of {', '.join(names)} below it"


def _bound(name: str, sentence: str) -> Callable[[ErrorDetails, Location, str], str]:
    """A sentence with the bound that was passed, written as the setting is: 256M and not 268435456."""

    def describe(detail: ErrorDetails, parents: Location, last: str) -> str:
        bound = detail["ctx"][name]
        info = _node((*parents, last)).info
        for item in info.metadata if info else []:
            if isinstance(item, BeforeValidator):
                bound = _WRITTEN[item.func](bound)
        return f"{sentence} {bound}"

    return describe


_WRITTEN: dict[object, Callable[[int], str]] = {parse_memory: written_memory, parse_duration: written_duration}


def _first_sentence(text: str) -> str:
    return re.split(r"[.;:](?: |$)", text, maxsplit=1)[0].replace("\n", " ")


_SENTENCES: dict[str, Callable[[ErrorDetails, Location, str], str]] = {
    "missing": _missing,
    "extra_forbidden": _unknown,
    "enum": _choice,
    "literal_error": _choice,
    "union_tag_invalid": _no_kind,
    "union_tag_not_found": _no_kind,
    "model_type": _mapping_expected,
    "model_attributes_type": _mapping_expected,
    "dict_type": lambda *_: "holds entries with names of their own; write them below it, each as name: value",
    "path_type": lambda *_: "is no path of a file; write for example /etc/jupyterhub/ca.pem",
    "int_parsing": lambda *_: "is no whole number; write digits only, for example 3",
    "int_type": lambda *_: "is no whole number; write digits only, for example 3",
    "int_parsing_size": lambda *_: "is no whole number; write digits only, for example 3",
    "finite_number": lambda *_: "is no whole number; write digits only, for example 3",
    "int_from_float": lambda *_: "is no whole number; write digits only, for example 3",
    "bool_parsing": lambda *_: "is neither true nor false; write one of the two",
    "bool_type": lambda *_: "is neither true nor false; write one of the two",
    "float_parsing": lambda *_: "is no number; write for example 0.5 or 2",
    "float_type": lambda *_: "is no number; write for example 0.5 or 2",
    "string_type": lambda *_: "is no text; put it in quotes",
    "frozen_set_type": lambda *_: "is no list; write it as [one, two]",
    "tuple_type": lambda *_: "is no list; write it as [one, two]",
    "greater_than": _bound("gt", "is too small; write more than"),
    "greater_than_equal": _bound("ge", "is too small; write at least"),
    "less_than_equal": _bound("le", "is too large; write at most"),
    "string_too_short": lambda *_: "is empty; write a text or remove the key",
    "string_too_long": lambda detail, *_: f"is too long; write at most {detail['ctx']['max_length']} characters",
}
