"""The served socket, and what is given up before the first request. As root, in a process of its own."""

import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.images.configured_hub import CHECKOUT
from tests.unit.images.socket_proxy.site import RUNTIME

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")

_GROUP = 10000
_ENGINES_GROUP = 105
_PROGRAM = """
import json, os, socket, sys
from pathlib import Path
from images.socket_proxy.privileges import UnusableSocketError, drop, listen
folder, group = Path(sys.argv[1]), int(sys.argv[2])
os.setgroups([7, 8, 0])
os.umask(0o022)
served = listen(folder / "served.sock", group)
between = {"umask": os.umask(0o022), "groups_between": [os.getgid(), os.getegid()]}
try:
    drop(folder / "engine.sock")
except UnusableSocketError as error:
    sys.exit(str(error))
def refused(act):
    try:
        act()
    except PermissionError:
        return True
    return False
status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
peer = socket.socket(socket.AF_UNIX)
peer.connect(str(folder / "engine.sock"))
print(json.dumps({
    **between,
    "users": os.getresuid(), "groups": os.getresgid(), "more_groups": os.getgroups(),
    "capabilities": [int(status[name], 16) for name in ("CapEff", "CapPrm", "CapInh", "CapAmb")],
    "no_way_back": [
        refused(lambda: os.setuid(0)), refused(lambda: os.seteuid(0)), refused(lambda: os.setgid(0)),
        refused(lambda: os.setegid(group)), refused(lambda: os.setgroups([0])),
        refused(lambda: (folder / "served.sock").unlink()), refused(lambda: (folder / "served.sock").chmod(0o666)),
    ],
}))
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that everybody may enter, with an engine's socket that is for a group."""
    with tempfile.TemporaryDirectory(prefix="spt-") as name, socket.socket(socket.AF_UNIX) as engine:
        folder = Path(name)
        folder.chmod(0o755)
        engine.bind(str(folder / "engine.sock"))
        engine.listen()
        _give(folder / "engine.sock", _ENGINES_GROUP, 0o660)
        yield folder


def _give(path: Path, group: int, mode: int) -> None:
    os.chown(path, 0, group)
    path.chmod(mode)


def _run(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", _PROGRAM, str(folder), str(_GROUP)]
    return subprocess.run(command, cwd=CHECKOUT, check=False, capture_output=True, text=True, timeout=20)


def test_everything_is_given_up_but_the_engines_group(folder: Path) -> None:
    done = _run(folder)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "umask": 0o022,
        "groups_between": [0, 0],
        "users": [10002] * 3,
        "groups": [10002] * 3,
        "more_groups": [_ENGINES_GROUP],
        "capabilities": [0, 0, 0, 0],
        "no_way_back": [True] * 7,
    }


def test_the_served_socket_is_roots_and_the_hubs_groups(folder: Path) -> None:
    assert _run(folder).returncode == 0
    found = (folder / "served.sock").stat()
    assert (found.st_uid, found.st_gid, found.st_mode & 0o7777) == (0, _GROUP, 0o660)


def test_what_a_killed_proxy_left_behind_is_replaced(folder: Path) -> None:
    for _ in range(2):
        assert _run(folder).returncode == 0
    (folder / "served.sock").unlink()
    (folder / "served.sock").write_text("no socket")
    assert _run(folder).returncode == 0


@pytest.mark.parametrize(
    ("group", "mode"), [(0, 0o600), (_ENGINES_GROUP, 0o600), (_ENGINES_GROUP, 0o640), (_ENGINES_GROUP, 0o620)]
)
def test_a_socket_that_its_group_cannot_use_is_told(folder: Path, group: int, mode: int) -> None:
    _give(folder / "engine.sock", group, mode)
    done = _run(folder)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "the engine's socket is not for its group to use; give it the mode 0660\n"


def test_a_socket_that_is_not_there_is_told(folder: Path) -> None:
    (folder / "engine.sock").unlink()
    done = _run(folder)
    assert (done.returncode, done.stderr) == (1, f"there is no Docker socket at {folder}/engine.sock\n")


def test_a_socket_for_everybody_is_used(folder: Path) -> None:
    _give(folder / "engine.sock", 0, 0o666)
    assert _run(folder).returncode == 0


# The whole program

_WHOLE = """
import sys
from pathlib import PurePosixPath
import images.socket_proxy.__main__ as program
program.ENGINE_SOCKET = PurePosixPath(sys.argv[1]) / "engine.sock"
program.SERVED_SOCKET = PurePosixPath(sys.argv[1]) / "served.sock"
sys.exit(program.main())
"""


def _whole(folder: Path, runtime: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", _WHOLE, str(folder)],
        cwd=CHECKOUT,
        env={"PATH": os.environ["PATH"], "SOCKET_PROXY_RUNTIME": runtime},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_the_program_serves_as_nobody_special_until_it_is_asked_to_end(folder: Path) -> None:
    process = _whole(folder, RUNTIME.model_dump_json())
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "INFO serving Docker to the hub of jupyterhub-test\n"
        status = Path(f"/proc/{process.pid}/status").read_text()
        assert "Uid:\t10002\t10002\t10002\t10002\n" in status
        assert "CapEff:\t0000000000000000\n" in status
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(10)
            client.connect(str(folder / "served.sock"))
            client.sendall(b"GET /info HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n")
            assert client.recv(100).startswith(b"HTTP/1.1 403 ")
        process.terminate()
        assert process.wait(10) == 0
        assert process.stdout.read() == "WARNING refused GET /info: the hub does not need this call\n"
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_the_program_ends_with_one_sentence_where_it_cannot_use_the_engine(folder: Path) -> None:
    _give(folder / "engine.sock", 0, 0o600)
    said, _ = (process := _whole(folder, RUNTIME.model_dump_json())).communicate(timeout=20)
    assert process.returncode == 1
    assert said == (
        "CRITICAL the socket proxy does not start: the engine's socket is not for its group to use; "
        "give it the mode 0660\n"
    )
