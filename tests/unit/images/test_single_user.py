"""What starts a user's server: it loads nothing that only a hub uses, and all of it where something asks for it."""

import asyncio
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from aiohttp import ClientConnectorError, ClientSession

from images.notebook import single_user
from tests.unit.recording import CHECKOUT

START = """
import sys
from images.notebook.single_user import putting_off
with putting_off():
    import jupyterhub.log, jupyterhub.services.auth
"""


def printed_after_start(code: str) -> str:
    """What a new interpreter prints that has started as a user's server does."""
    command = [sys.executable, "-c", START + code]
    return subprocess.run(command, cwd=CHECKOUT, check=True, capture_output=True, text=True).stdout.strip()


@pytest.mark.parametrize("module", ["sqlalchemy", "alembic", "jupyterhub.orm", "jupyterhub.handlers"])
def test_a_start_loads_nothing_that_only_a_hub_uses(module: str) -> None:
    assert printed_after_start(f"print({module!r} in sys.modules)") == "False"


@pytest.mark.parametrize(
    ("code", "answer"),
    [
        ("import jupyterhub.orm; print(jupyterhub.orm.User.__tablename__)", "users"),
        ("print(jupyterhub.scopes.orm.User.__tablename__)", "users"),
        ("print(jupyterhub.scopes.sa.or_.__module__.partition('.')[0])", "sqlalchemy"),
        (
            "import jupyterhub.handlers.pages as pages; print(pages.HealthCheckHandler.__mro__[1].__name__)",
            "BaseHandler",
        ),
    ],
)
def test_what_was_put_off_is_there_when_it_is_asked_for(code: str, answer: str) -> None:
    assert printed_after_start(code) == answer


def test_a_module_that_is_loaded_already_stays_as_it_is() -> None:
    code = """
import sqlalchemy
with putting_off():
    assert sys.modules["sqlalchemy"] is sqlalchemy
print(sys.modules["sqlalchemy"] is sqlalchemy)
"""
    assert printed_after_start(code) == "True"


@pytest.mark.parametrize("module", ["aiodns", "isoduration", "rfc3987_syntax"])
def test_what_is_left_out_is_missing_for_the_start_alone(module: str) -> None:
    code = f"""
with putting_off():
    try:
        import {module}
    except ImportError:
        print("left out", end=" ")
print("{module}" in sys.modules)
"""
    assert printed_after_start(code) == "left out False"


@pytest.mark.parametrize("early", ["from sqlalchemy import or_", "import sqlalchemy; sqlalchemy.or_"])
def test_whoever_asks_for_more_than_a_name_too_early_is_told_so(early: str) -> None:
    code = f"""
with putting_off():
    try:
        {early}
    except (AttributeError, ImportError):
        print("not there yet")
"""
    assert printed_after_start(code) == "not there yet"


def test_packages_that_are_put_together_in_another_way_start_as_upstream_starts_them(tmp_path: Path) -> None:
    package = tmp_path / "jupyterhub/singleuser"
    package.mkdir(parents=True)
    (tmp_path / "jupyterhub/services").mkdir()
    for init in (tmp_path / "jupyterhub/__init__.py", tmp_path / "jupyterhub/services/__init__.py"):
        init.touch()
    (tmp_path / "jupyterhub/services/auth.py").touch()
    (package / "__init__.py").write_text(
        "import sqlalchemy\ndef main(): print(sqlalchemy.or_.__name__)\nsqlalchemy.or_"
    )
    script = CHECKOUT / "images/notebook/single_user.py"
    answer = subprocess.run(
        [sys.executable, script],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )
    assert answer.stdout == "or_\n"


async def _fetch(url: str) -> str:
    async with ClientSession() as session, session.get(url) as answer:
        return await answer.text()


def test_a_hub_that_does_not_listen_yet_is_waited_for() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.settimeout(10)

        def listen_and_answer() -> None:
            listener.listen()
            connection, _ = listener.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nalice")

        timer = threading.Timer(0.5, listen_and_answer)
        timer.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/hub/api/user"
        assert asyncio.run(single_user.waiting_for_hub(_fetch)(url)) == "alice"
        timer.join()


def test_a_hub_that_goes_while_it_is_asked_is_asked_again() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.settimeout(10)

        def go_and_come_back() -> None:
            for answer in (b"", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nalice"):
                connection, _ = listener.accept()
                with connection:
                    connection.recv(4096)
                    connection.sendall(answer)

        hub = threading.Thread(target=go_and_come_back)
        hub.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/hub/api/user"
        assert asyncio.run(single_user.waiting_for_hub(_fetch)(url)) == "alice"
        hub.join()


def test_a_hub_that_never_listens_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(single_user, "_PATIENCE_SECONDS", 0.3)
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        with pytest.raises(ClientConnectorError):
            asyncio.run(single_user.waiting_for_hub(_fetch)(f"http://127.0.0.1:{nobody.getsockname()[1]}/"))


def test_what_a_hub_answers_is_not_asked_for_again() -> None:
    asked = []

    async def refuse(url: str) -> str:
        asked.append(url)
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        asyncio.run(single_user.waiting_for_hub(refuse)("http://hub/"))
    assert asked == ["http://hub/"]
