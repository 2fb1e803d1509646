"""The official archives: taken where they can be had, and otherwise nothing is left of the attempt."""

import io
import platform
import tarfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from bootstrap import downloads, folders, plugins, pulumi_cli
from bootstrap.commands import BootstrapError

PROGRAM = b"#!/bin/sh\necho v" + pulumi_cli.VERSION.encode() + b"\n"


def archive(files: dict[str, bytes]) -> bytes:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return written.getvalue()


PULUMI = archive(
    {
        "pulumi/pulumi": PROGRAM,
        "pulumi/pulumi-language-python": b"host",
        "pulumi/pulumi-language-python-exec": b"script",
    }
)


class Site:
    """An HTTP server on the loopback interface that serves what it is given, and can fall silent."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.silent = threading.Event()
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.asked.append(self.path)
                if site.silent.is_set():
                    site.closing.wait(30)
                    return
                content = site.files.get(self.path)
                self.send_response(404 if content is None else 200)
                self.send_header("Content-Length", str(len(content or b"")))
                self.end_headers()
                self.wfile.write(content or b"")

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.closing = threading.Event()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    thread = threading.Thread(target=site.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield site
    site.closing.set()
    site.server.shutdown()
    site.server.server_close()
    thread.join()


@pytest.fixture
def pulumi_path(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    return f"/sdk/pulumi-v{pulumi_cli.VERSION}-linux-x64.tar.gz"


def left_behind() -> list[Path]:
    return list((folders.cache() / "tmp").glob("*"))


def test_pulumi(site: Site, pulumi_path: str, tmp_path: Path) -> None:
    site.files[pulumi_path] = PULUMI
    assert pulumi_cli.download(tmp_path / "pulumi", site.url)
    assert (tmp_path / "pulumi" / "bin" / "pulumi").read_bytes() == PROGRAM
    assert (tmp_path / "pulumi" / "bin" / "pulumi-language-python").stat().st_mode & 0o111
    assert site.asked == [pulumi_path]
    assert left_behind() == []


@pytest.mark.parametrize(
    "content",
    [
        None,
        PULUMI[: len(PULUMI) // 2],
        b"<html>Please log in to this network</html>",
        archive({"pulumi/pulumi": b"#!/bin/sh\necho v3.1.0\n", "pulumi/pulumi-language-python": b""}),
        archive({"pulumi/pulumi": b"not for this machine", "pulumi/pulumi-language-python": b""}),
        archive({"pulumi/pulumi": PROGRAM}),
    ],
    ids=["missing", "half", "portal", "other version", "does not run", "no language host"],
)
def test_pulumi_that_is_no_good_leaves_nothing(
    site: Site, pulumi_path: str, tmp_path: Path, content: bytes | None
) -> None:
    if content is not None:
        site.files[pulumi_path] = content
    assert not pulumi_cli.download(tmp_path / "pulumi", site.url)
    assert not (tmp_path / "pulumi").exists()
    assert left_behind() == []


def test_silent_server_is_given_up(site: Site, tmp_path: Path) -> None:
    site.silent.set()
    start = time.monotonic()
    with pytest.raises(BootstrapError, match="cannot be had"):
        downloads.unpack(f"{site.url}/x.tar.gz", tmp_path, seconds=0.2)
    assert time.monotonic() - start < 5
    assert downloads.SECONDS <= 10


def test_name_server_that_does_not_answer_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given_up = threading.Event()
    monkeypatch.setattr(urllib.request, "urlopen", lambda *_, **__: given_up.wait(20))
    start = time.monotonic()
    with pytest.raises(BootstrapError, match="no answer within 0 s"):
        downloads.unpack("http://pulumi.invalid/x.tar.gz", tmp_path, seconds=0.1)
    assert time.monotonic() - start < 5
    given_up.set()


def test_an_archive_writes_nowhere_else(site: Site, tmp_path: Path) -> None:
    site.files["/x.tar.gz"] = archive({"../../outside": b"1", "/tmp/absolute": b"2", "folder/inside": b"3"})
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    downloads.unpack(f"{site.url}/x.tar.gz", folder)
    assert sorted(file.relative_to(tmp_path).as_posix() for file in tmp_path.glob("a/**/*") if file.is_file()) == [
        "a/b/absolute",
        "a/b/inside",
        "a/b/outside",
    ]


@pytest.mark.usefixtures("pulumi_path")
def test_plugins(site: Site, tmp_path: Path) -> None:
    for name, number in plugins.VERSIONS.items():
        content = {f"pulumi-resource-{name}": name.encode(), "README.md": b""}
        site.files[f"/plugins/pulumi-resource-{name}-v{number}-linux-amd64.tar.gz"] = archive(content)
    assert plugins.download(list(plugins.VERSIONS), tmp_path, site.url)
    assert (tmp_path / "pulumi-resource-docker").read_bytes() == b"docker"
    assert (tmp_path / "pulumi-resource-tls").read_bytes() == b"tls"
    site.files.popitem()
    assert not plugins.download(list(plugins.VERSIONS), tmp_path, site.url)
