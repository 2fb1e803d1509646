"""The egress proxy's image alone, without a network: what it refuses, which takes no other place to be seen."""

from collections.abc import Callable

import pytest

from components.built_image import locked_version
from images.egress_proxy.runtime import RUNTIME_VARIABLE, EgressProxyRuntime
from tests.integration.deployment import CHECKOUT
from tests.integration.images.image import Image

_LOCK = CHECKOUT / "images/egress_proxy/requirements.txt"
# Its own address is a user's here, so that the test may ask from inside.
_RUNTIME = EgressProxyRuntime.model_validate(
    {"address": "127.0.0.1", "users": "127.0.0.0/8", "allowed_domains": ["example.org", ".below.example.org"]}
)
_ASK = """
import socket, subprocess, sys, time
subprocess.Popen([sys.executable, "-m", "images.egress_proxy"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
def ask(request):
    give_up = time.monotonic() + 20
    while True:
        try:
            connection = socket.create_connection(("127.0.0.1", 3128), 1)
        except ConnectionRefusedError:
            if time.monotonic() > give_up:
                raise
            time.sleep(0.1)
        else:
            connection.settimeout(3)
            connection.sendall(request.encode() + b" HTTP/1.0\\r\\n\\r\\n")
            try:
                return connection.makefile().read()
            except TimeoutError:
                return "HTTP waits"
"""


@pytest.fixture(scope="module")
def egress_proxy(image: Callable[[str], Image]) -> Image:
    return image("egress_proxy")


@pytest.fixture(scope="module")
def environment() -> dict[str, str]:
    """What the program tells the egress proxy of a site."""
    return {RUNTIME_VARIABLE: _RUNTIME.model_dump_json()}


@pytest.fixture
def status(egress_proxy: Image, environment: dict[str, str]) -> Callable[[str], str]:
    """Ask squid for something; the status of its answer."""

    def ask(request: str) -> str:
        code = f"{_ASK}\nprint(ask({request!r}).split()[1])"
        return egress_proxy.run("python", "-c", code, environment=environment).strip()

    return ask


def test_squid_can_look_into_tunnels(egress_proxy: Image) -> None:
    assert "--with-openssl" in egress_proxy.run("squid", "-v")


def test_packages_are_the_locked_ones(egress_proxy: Image) -> None:
    install = ["pip", "install", "--dry-run", "--no-index", "--no-deps", "--require-hashes", "-r", "/lock.txt"]
    assert "Would install" not in egress_proxy.run(*install, files={"/lock.txt": _LOCK.read_text()})
    code = "import pydantic; print(pydantic.VERSION)"
    assert egress_proxy.run("python", "-c", code).strip() == locked_version(_LOCK, "pydantic")


@pytest.mark.parametrize(
    ("request_line", "expected"),
    [
        # Let through, and then there is no name server.
        ("GET http://example.org/", "waits"),
        ("GET http://deep.below.example.org/", "waits"),
        ("GET http://other.example.org/", "403"),
        ("GET http://127.0.0.1/", "403"),
        ("GET http://example.org:8080/", "403"),
        ("CONNECT other.example.org:443", "403"),
        ("CONNECT example.org:22", "403"),
        ("TRACE http://example.org/", "403"),
    ],
)
def test_it_tries_what_is_listed_and_refuses_the_rest(
    status: Callable[[str], str], request_line: str, expected: str
) -> None:
    assert status(request_line) == expected


def test_its_page_says_what_to_do(egress_proxy: Image, environment: dict[str, str]) -> None:
    code = f"{_ASK}\nprint(ask('GET http://other.example.org/'))"
    page = egress_proxy.run("python", "-c", code, environment=environment)
    assert "other.example.org" in page
    assert "allowed" in page


def test_without_settings_it_does_nothing(egress_proxy: Image) -> None:
    said = egress_proxy.run("python", "-m", "images.egress_proxy", exit_code=2)
    assert said.startswith("EGRESS_PROXY_RUNTIME is not valid: ")
    assert said.count("\n") == 1


def test_it_holds_nothing_of_its_build_but_the_search_path_and_how_python_runs(egress_proxy: Image) -> None:
    assert egress_proxy.variables == {"PATH", "PYTHONPATH", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE"}
    assert egress_proxy.build_leftovers == []


def test_no_authority_that_its_build_trusted_is_left_in_it(
    egress_proxy: Image, assert_no_authority_left: Callable[[Image], None]
) -> None:
    assert_no_authority_left(egress_proxy)
