"""docs/login.md: its table is what the tests found, and every example is a stack file that works."""

from pathlib import Path

import pytest

from settings.auth import AuthKind
from tests.integration.login import results
from tests.integration.login.log_ins import LOG_INS
from tests.unit.recording import CHECKOUT

PAGE = (CHECKOUT / "docs/login.md").read_text()
# What the page does not put into the table: those that everybody tries first.
UNTRIED = {AuthKind.DUMMY, AuthKind.SHARED_PASSWORD}


def test_the_table_is_what_the_tests_found() -> None:
    assert results.table() in PAGE


@pytest.mark.parametrize("kind", sorted(LOG_INS))
def test_no_cell_is_empty(kind: str) -> None:
    outcomes = results.read()[kind]
    assert set(outcomes) == set(results.CASES.values())
    of_a_server = {"server away", "taken away at the server"} if LOG_INS[kind].provider is None else set()
    assert outcomes == {case: "skipped" if case in of_a_server else "passed" for case in outcomes}


def test_every_kind_is_in_the_table() -> None:
    assert set(LOG_INS) == set(AuthKind) - UNTRIED


def test_every_case_is_a_test() -> None:
    source = Path(results.__file__).with_name("test_log_in_kinds.py").read_text()
    assert set(results.CASES) == {line[4:].partition("(")[0] for line in source.splitlines() if line[:9] == "def test_"}


@pytest.mark.parametrize("kind", sorted(AuthKind))
def test_every_kind_has_its_part(kind: AuthKind) -> None:
    assert f"`{kind.value}`" in PAGE
