"""Every claim of the security page names tests that are there."""

import ast
import re
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[3]
PAGE = (CHECKOUT / "docs/security.md").read_text()
CLAIMS = [line.strip("| ").split(" | ") for line in PAGE.splitlines() if line.startswith("| ")][1:]
NAMED = sorted(set(re.findall(r"`((?:integration|unit|browser)/[\w/]+\.py(?:::\w+)?)`", PAGE)))


@pytest.mark.parametrize("claim", CLAIMS, ids=[claim[0][:60] for claim in CLAIMS])
def test_a_claim_names_its_proof(claim: list[str]) -> None:
    assert len(claim) == 3
    assert claim[2] == "the same" or re.search(r"`integration/[\w/]+\.py", claim[2])


@pytest.mark.parametrize("name", NAMED)
def test_a_proof_is_there(name: str) -> None:
    path, _, function = name.partition("::")
    module = ast.parse((CHECKOUT / "tests" / path).read_text())
    functions = {node.name for node in ast.walk(module) if isinstance(node, ast.FunctionDef)}
    assert function in functions if function else any(each.startswith("test_") for each in functions)


def test_there_are_claims() -> None:
    assert len(CLAIMS) > 15
    assert len(NAMED) > 12
