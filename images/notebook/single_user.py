"""Start a user's server without loading what only a hub uses, and have it wait for a hub that is being replaced.

What is not loaded is more than half of a start. Of `python -X importtime -m jupyterhub.singleuser`, with JupyterHub
6.1.1 and jsonschema 4.26: a grammar that jsonschema compiles for international addresses takes 46 %, JupyterHub's
database and pages 26 %. What is put off is loaded after all where something asks for it; without what is left out,
jsonschema does not check two formats that nothing here has, and aiohttp resolves names as every other program does.
Of 59 MB that a server held once it had started, `requests`, isoduration and aiodns took 5 (measured).
"""

import asyncio
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from types import ModuleType
from typing import Any

# Modules that are imported by name only, and of some a class to compare with, which nothing in a user's server is of.
_PUT_OFF = {
    "requests": None,
    "sqlalchemy": None,
    "sqlalchemy.exc": "SQLAlchemyError",
    "jupyterhub.orm": None,
    "jupyterhub.roles": None,
    "jupyterhub.handlers": None,
    "jupyterhub.handlers.pages": "HealthCheckHandler",
}
_LEFT_OUT = ("aiodns", "isoduration", "rfc3987_syntax")
# A new hub listens within 5 s (measured). As long as the reverse proxy waits for it with the hub's own pages.
_PATIENCE_SECONDS = 15
_PAUSE_SECONDS = 0.2
Fetch = Callable[..., Coroutine[Any, Any, object]]


@contextmanager
def putting_off() -> Iterator[None]:
    """Have imports find stand-ins that load the real module at first use; afterwards imports find the real ones."""
    stand_ins = {name: _stand_in(name, needed) for name, needed in _PUT_OFF.items() if name not in sys.modules}
    left_out = [name for name in _LEFT_OUT if name not in sys.modules]
    sys.modules.update(stand_ins)
    sys.modules.update(dict.fromkeys(left_out))  # type: ignore[arg-type]  # "not installed", as the import system has it
    try:
        yield
    finally:
        for name in (*stand_ins, *left_out):
            sys.modules.pop(name, None)


def _stand_in(name: str, needed: str | None) -> ModuleType:
    module = ModuleType(name)
    if needed:
        setattr(module, needed, type(needed, (Exception,), {}))

    def load(attribute: str) -> object:
        # Nothing is to be asked of it before `putting_off` is over: this JupyterHub is put together in another way.
        if attribute.startswith("__") or sys.modules.get(name) is module:
            raise AttributeError(attribute)
        return getattr(import_module(name), attribute)

    module.__getattr__ = load  # type: ignore[method-assign]  # a module's own (PEP 562)
    return module


def waiting_for_hub(fetch: Fetch) -> Fetch:
    """A `fetch` that tries again while nobody accepts connections at the hub's address, or closes them unanswered.

    JupyterHub's own answers "500 Failed to connect to Hub API" to everybody whose log-in has to be checked just then.
    """
    from aiohttp import ClientConnectionError  # noqa: PLC0415 - what JupyterHub has loaded by now

    async def patient(url: str, **options: object) -> object:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            try:
                return await fetch(url, **options)
            except ClientConnectionError:
                if time.monotonic() > deadline:
                    raise
            await asyncio.sleep(_PAUSE_SECONDS)

    return patient


def main() -> None:
    """Start the server."""
    try:
        with putting_off():
            import_module("jupyterhub.singleuser")
            with suppress(ModuleNotFoundError):  # a server without JupyterLab
                import_module("jupyterlab_server.listings_handler")  # whoever asks for `requests`
    except (ImportError, AttributeError):
        # Of packages that are put together in another way: as upstream starts them.
        for name in [name for name in sys.modules if name.partition(".")[0] in {"jupyterhub", "jupyterlab_server"}]:
            del sys.modules[name]
    auth = import_module("jupyterhub.services.auth")
    if hasattr(auth, "fetch"):  # since JupyterHub 6
        auth.fetch = waiting_for_hub(auth.fetch)  # type: ignore[attr-defined]
    import_module("jupyterhub.singleuser").main()


if __name__ == "__main__":
    main()
