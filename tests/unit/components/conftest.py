import pytest

from tests.unit.recording import CHECKOUT


@pytest.fixture(autouse=True)
def in_the_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    """Components name files relative to the program, which is where Pulumi runs them."""
    monkeypatch.chdir(CHECKOUT)
