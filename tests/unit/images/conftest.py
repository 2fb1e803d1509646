"""A hub configured by the program's settings, for one test."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from images.hub.spawner import UserServerSpawner
from tests.unit.images.configured_hub import SECRETS, ConfiguredHub, put_config_file, runtime_of
from tests.unit.images.engine import RecordingEngine

Configure = Callable[..., ConfiguredHub]


async def _at_once(address: str, port: int) -> bool:  # noqa: ARG001 - as in the spawner
    return True


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[RecordingEngine]:
    """What spawners take for Docker."""
    engine = RecordingEngine()
    # Both belong to the class, and would reach into other tests.
    monkeypatch.setattr(UserServerSpawner, "_client", engine)
    monkeypatch.setattr(UserServerSpawner, "_executor", None)
    monkeypatch.setattr("images.hub.spawner._listens", _at_once)
    yield engine
    if UserServerSpawner._executor is not None:
        UserServerSpawner._executor.shutdown()
    engine.close()


@pytest.fixture
def tell(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    engine: RecordingEngine,  # noqa: ARG001 - no test reaches Docker
) -> Callable[..., Path]:
    """Put settings, secrets and a site's own files where the hub reads them; returns its configuration file."""

    def put(*, site_files: dict[str, str] | None = None, **concerns: object) -> Path:
        runtime_file = tmp_path / "runtime.json"
        runtime_file.write_text(runtime_of(**concerns).model_dump_json())
        monkeypatch.setattr("images.hub.runtime.RUNTIME_FILE", runtime_file)
        for name, value in SECRETS.items():
            monkeypatch.setenv(name, value)
        return put_config_file(tmp_path, site_files or {})

    return put


@pytest.fixture
def configure(tell: Callable[..., Path]) -> Configure:
    """Make the hub of a site with these settings and own files."""

    def make(*, site_files: dict[str, str] | None = None, **concerns: object) -> ConfiguredHub:
        return ConfiguredHub(tell(site_files=site_files, **concerns))

    return make


@pytest.fixture
def hub(configure: Configure) -> ConfiguredHub:
    """The hub of a site that says no more than it must."""
    return configure()
