"""How what is in a stack's state becomes what Terraform writes and reads."""

from typing import Any

import pytest

from bench.terraform import _body, _escaped, _snake, _without_marks

_PORT = {"attributes": {"internal": {"type": "number", "required": True}}, "block_types": {}}
_CONTAINER: dict[str, Any] = {
    "attributes": {
        "name": {"type": "string", "required": True},
        "env": {"type": ["set", "string"], "optional": True},
        "exit_code": {"type": "number", "computed": True},
    },
    "block_types": {
        "ports": {"nesting_mode": "set", "block": _PORT},
        "healthcheck": {"nesting_mode": "list", "block": _PORT},
        "timeouts": {"nesting_mode": "single", "block": _PORT},
    },
}


@pytest.mark.parametrize(
    ("name", "expected"), [("networksAdvanced", "networks_advanced"), ("name", "name"), ("cpuSet", "cpu_set")]
)
def test_a_name_is_written_with_underscores(name: str, expected: str) -> None:
    assert _snake(name) == expected


def test_a_configuration_has_what_can_be_set_and_is() -> None:
    inputs = {"name": "hub", "envs": ["A=${B}"], "exitCode": 0, "ports": [{"internal": 1}, {"internal": 2}]}
    assert _body(inputs, _CONTAINER, configured=True) == {
        "name": "hub",
        "env": ["A=$${B}"],
        "ports": [{"internal": 1}, {"internal": 2}],
    }


def test_a_state_has_every_attribute_and_a_list_of_what_there_is_one_of() -> None:
    assert _body({"name": "hub", "healthcheck": {"internal": 3}}, _CONTAINER, configured=False) == {
        "name": "hub",
        "env": None,
        "exit_code": None,
        "ports": [],
        "healthcheck": [{"internal": 3}],
    }


def test_nothing_in_a_value_is_evaluated() -> None:
    assert _escaped({"a": ["${x}", "%{if}"], "b": 1}) == {"a": ["$${x}", "%%{if}"], "b": 1}


def test_a_secret_is_its_value() -> None:
    secret = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "plaintext": '["x"]'}
    assert _without_marks({"env": secret, "__defaults": [], "name": "hub"}) == {"env": ["x"], "name": "hub"}
