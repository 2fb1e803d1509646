"""The extension of Jupyter Server by which a computation that prints nothing counts as activity."""

import importlib.util
import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from tests.unit.images.configured_hub import CHECKOUT

FOLDER = CHECKOUT / "images/notebook"
BEFORE = datetime(2026, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 1, 2, tzinfo=UTC)
Look = Callable[[], None]


class Server:
    """What the extension uses of jupyter_server.serverapp.ServerApp."""

    def __init__(self, *states: str) -> None:
        # jupyter_server.services.kernels.kernelmanager.MappingKernelManager.kernel_model
        self.kernels = [
            {"id": str(number), "name": "python3", "execution_state": state, "connections": 0}
            for number, state in enumerate(states)
        ]
        self.kernel_manager = SimpleNamespace(list_kernels=lambda: list(self.kernels))
        self.settings = {"api_last_activity": BEFORE}
        self.web_app = SimpleNamespace(settings=self.settings)

    @property
    def last_activity(self) -> datetime:
        return self.settings["api_last_activity"]


@pytest.fixture
def periods() -> list[float]:
    """Milliseconds after which the extension looks again."""
    return []


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch, periods: list[float]) -> Callable[[Server], Look]:
    """Load the extension into a server; what it does each time that it looks."""
    looks: list[Look] = []

    class Callback:
        def __init__(self, look: Look, milliseconds: float) -> None:
            self.look = look
            periods.append(milliseconds)

        def start(self) -> None:
            looks.append(self.look)

    # The hub's own packages have no Jupyter Server.
    package, tz = ModuleType("jupyter_server"), ModuleType("jupyter_server._tz")
    tz.__dict__["utcnow"] = lambda: NOW
    monkeypatch.setitem(sys.modules, "jupyter_server", package)
    monkeypatch.setitem(sys.modules, "jupyter_server._tz", tz)
    spec = importlib.util.spec_from_file_location("busy_kernels", FOLDER / "busy_kernels.py")
    assert spec is not None
    assert spec.loader is not None
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "PeriodicCallback", Callback)

    def into(server: Server) -> Look:
        module._load_jupyter_server_extension(server)
        [look] = looks
        return look

    return into


@pytest.mark.parametrize(
    ("states", "active"),
    [
        ([], False),
        (["idle"], False),
        (["starting"], False),
        (["dead"], False),
        (["busy"], True),
        (["idle", "busy", "idle"], True),
        (["idle", "idle"], False),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, list) else "",
)
def test_only_a_kernel_that_computes_is_activity(
    load: Callable[[Server], Look], states: list[str], active: bool
) -> None:
    server = Server(*states)
    load(server)()
    assert server.last_activity == (NOW if active else BEFORE)


def test_every_look_sees_the_kernels_of_that_moment(load: Callable[[Server], Look]) -> None:
    server = Server("idle")
    look = load(server)
    look()
    assert server.last_activity == BEFORE
    server.kernels[0]["execution_state"] = "busy"
    look()
    assert server.last_activity == NOW


def test_it_looks_again_before_the_shortest_timeout_is_over(
    load: Callable[[Server], Look], periods: list[float]
) -> None:
    load(Server())
    [milliseconds] = periods
    assert 1000 <= milliseconds <= 30_000


def test_every_server_of_the_image_loads_it() -> None:
    config = json.loads((FOLDER / "jupyter_server_config.json").read_text())
    assert config == {"ServerApp": {"jpserver_extensions": {Path("busy_kernels.py").stem: True}}}
    copied = [line.split()[1:] for line in (FOLDER / "Dockerfile").read_text().splitlines() if line.startswith("COPY ")]
    destinations = {source: destination for *sources, destination in copied for source in sources}
    assert destinations["busy_kernels.py"] == "/opt/notebook/share/python/"
    assert destinations["jupyter_server_config.json"].startswith("/opt/notebook/etc/jupyter/jupyter_server_config.d/")
