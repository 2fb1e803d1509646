"""One proxy for all tests, which finds its engine as new each time."""

from collections.abc import Iterator

import pytest

from tests.unit.images.socket_proxy.site import RUNTIME
from tests.unit.images.socket_proxy.wire import Loop, RunningProxy, running


@pytest.fixture(scope="session")
def loop() -> Iterator[Loop]:
    loop = Loop()
    yield loop
    loop.close()


@pytest.fixture(scope="session")
def _shared_proxy(loop: Loop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningProxy]:
    with running(loop, RUNTIME, tmp_path_factory.mktemp("proxy")) as proxy:
        yield proxy


@pytest.fixture
def proxy(_shared_proxy: RunningProxy) -> RunningProxy:
    """A proxy before an engine that holds nothing yet."""
    _shared_proxy.engine.forget()
    return _shared_proxy
