"""Traefik is made to ask for certificates once: a route that stands no longer than it takes to be read."""

import json
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import trustme

from images.hub import certificate_request
from images.hub.certificate_request import certificate_expires, main, request
from images.hub.runtime import CertificateRequest

PATH = "/.well-known/certificate-request"
HUB, OTHER = "hub.example.org", "other.example.org"


class ReverseProxy(ThreadingHTTPServer):
    """Something that reads a route when it is asked for a page, and then gets the certificates it is to get."""

    daemon_threads = True

    def __init__(self, route: Path) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.route = route
        self.reads = True
        self.gets: set[str] = set()
        self.read: list[object] = []
        self._authority = trustme.CA()
        self._contexts: dict[str, ssl.SSLContext] = {}
        stand_in = self._context("stand-in.invalid")
        stand_in.sni_callback = self._choose
        self.socket = stand_in.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def ask(self) -> bool:
        if not self.reads or not self.route.exists():
            return False
        self.read.append(json.loads(self.route.read_text()))
        self._contexts |= {name: self._context(name) for name in self.gets}
        return True

    def has(self, name: str) -> None:
        self._contexts[name] = self._context(name)

    def _context(self, name: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._authority.issue_cert(name).configure_cert(context)
        return context

    def _choose(self, connection: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
        connection.context = self._contexts.get(name or "", connection.context)

    def handle_error(self, *_: object) -> None:
        """Whoever only looks at a certificate leaves at once."""


class Handler(BaseHTTPRequestHandler):
    server: ReverseProxy

    def do_GET(self) -> None:
        self.send_response(418 if self.path == PATH and self.server.ask() else 404)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Into nobody's way."""


@pytest.fixture
def proxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ReverseProxy]:
    route = tmp_path / "certificate-request.yml"
    monkeypatch.setattr(certificate_request, "_ROUTE_FILE", route)
    monkeypatch.setattr(certificate_request, "_SECONDS_TO_READ", 1)
    monkeypatch.setattr(certificate_request, "_SECONDS_TO_ISSUE", 1)
    server = ReverseProxy(route)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def wanted(proxy: ReverseProxy, *host_names: str) -> CertificateRequest:
    return CertificateRequest(
        host_names=list(host_names),
        proxy_host="127.0.0.1",
        proxy_port=proxy.server_address[1],
        path=PATH,
        route={"http": "the route"},
    )


def test_what_is_missing_is_asked_for_and_waited_for(proxy: ReverseProxy) -> None:
    proxy.gets = {HUB, OTHER}
    assert request(wanted(proxy, HUB, OTHER)) == []
    assert proxy.read == [{"http": "the route"}]
    assert not proxy.route.exists()


def test_nothing_is_asked_for_that_is_there(proxy: ReverseProxy) -> None:
    proxy.has(HUB)
    assert request(wanted(proxy, HUB)) == []
    assert proxy.read == []


def test_the_route_goes_although_no_certificate_comes(proxy: ReverseProxy) -> None:
    proxy.gets = {HUB}
    assert request(wanted(proxy, HUB, OTHER)) == [OTHER]
    assert len(proxy.read) == 1
    assert not proxy.route.exists()


def test_the_route_goes_although_nobody_reads_it(proxy: ReverseProxy) -> None:
    proxy.reads = False
    with pytest.raises(TimeoutError, match=r"has not taken up certificate-request\.yml in 1 seconds"):
        request(wanted(proxy, HUB))
    assert not proxy.route.exists()


@pytest.mark.parametrize("name", ["stand-in.invalid", OTHER])
def test_a_certificate_for_another_name_is_none(proxy: ReverseProxy, name: str) -> None:
    assert certificate_expires(wanted(proxy, HUB), HUB) is None
    proxy.has(HUB)
    assert certificate_expires(wanted(proxy, HUB), HUB) is not None
    assert certificate_expires(wanted(proxy, name), OTHER) is None


def test_a_proxy_that_is_away_has_none() -> None:
    nobody = CertificateRequest(host_names=[HUB], proxy_host="127.0.0.1", proxy_port=1, path=PATH, route={})
    assert certificate_expires(nobody, HUB) is None


def test_each_name_is_reported_and_one_that_is_missing_is_a_failure(
    proxy: ReverseProxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    proxy.gets = {HUB}
    file = tmp_path / "certificate-request.json"
    file.write_text(wanted(proxy, HUB, OTHER).model_dump_json())
    monkeypatch.setattr(certificate_request, "CERTIFICATE_REQUEST_FILE", file)
    assert main() == 1
    expires = certificate_expires(wanted(proxy, HUB), HUB)
    assert expires
    assert capsys.readouterr().out == f"{HUB}: certificate until {expires:%Y-%m-%d}\n{OTHER}: no certificate\n"
    proxy.has(OTHER)
    assert main() == 0
