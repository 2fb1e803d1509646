"""Spellings of paths and methods that some servers take for others."""

import pytest

from tests.unit.images.socket_proxy.site import CONTAINER, accepted, container, encoded
from tests.unit.images.socket_proxy.wire import RunningProxy

_CREATE = f"containers/create?name={CONTAINER}"
TARGETS = [
    f"//{_CREATE}",
    f"/v1.41//{_CREATE}",
    f"//v1.41/{_CREATE}",
    f"/v1.41/../{_CREATE}",
    f"/v1.41/./{_CREATE}",
    f"/x/../{_CREATE}",
    f"/%2e%2e/{_CREATE}",
    f"/v1.41/%2e/{_CREATE}",
    f"/v1.41%2f{_CREATE}",
    f"/%76%31.41/{_CREATE}",
    f"/containers/create/?name={CONTAINER}",
    f"/containers//create?name={CONTAINER}",
    f"/containers/./create?name={CONTAINER}",
    f"/containers%2Fcreate?name={CONTAINER}",
    f"/containers%252Fcreate?name={CONTAINER}",
    f"/containers/create%3Fname={CONTAINER}",
    f"/containers/create%00?name={CONTAINER}",
    f"/containers/create%20?name={CONTAINER}",
    f"/containers/create%0d%0a?name={CONTAINER}",
    f"/containers/create;x=1?name={CONTAINER}",
    f"/containers;x=1/create?name={CONTAINER}",
    f"/containers/cre%61te?name={CONTAINER}",
    f"/containers/CREATE?name={CONTAINER}",
    f"/Containers/create?name={CONTAINER}",
    f"/containers/create.json?name={CONTAINER}",
    f"/containers/create#?name={CONTAINER}",
    f"/containers/create\\?name={CONTAINER}",
    f"\\containers\\create?name={CONTAINER}",
    f"containers/create?name={CONTAINER}",
    f"http://docker/{_CREATE}",
    f"http://docker/v1.41/{_CREATE}",
    f"unix:///var/run/docker.sock/{_CREATE}",
    f"//docker/{_CREATE}",
    f"docker:80/{_CREATE}",
    f"/containers/create\N{COMBINING ACUTE ACCENT}?name={CONTAINER}",
    f"/c\N{CYRILLIC SMALL LETTER O}ntainers/create?name={CONTAINER}",
    f"/containers/create\udcff?name={CONTAINER}",
    f"/containers/create\x00?name={CONTAINER}",
    f"/containers/create\x7f?name={CONTAINER}",
    f"/containers/create\t?name={CONTAINER}",
    f"/containers/create?name={CONTAINER}\udcff",
    f"/containers/create?name={CONTAINER}#x",
    f"/containers/create?name={CONTAINER}&x={'a' * 8000}",
    f"/containers/create?name={CONTAINER}&x={'a' * 100_000}",
    "/" + "a/" * 4000,
    "/" + "../" * 1000 + _CREATE,
    "*",
    "/*",
    "?",
    "/",
    "docker:80",
    "/containers/..%2f..%2fimages/json",
    f"/containers/{CONTAINER}%2fexec/json",
    f"/containers/{CONTAINER}/../../info/json",
    f"/containers/{CONTAINER}%3f/json",
    "/containers/json/json/json",
    "/containers/./json",
    "/containers/../json",
    "/containers//json",
    "/containers/-x/json",
    f"/containers/{'a' * 256}/json",
    f"/containers/{CONTAINER}/json/",
    f"/containers/{CONTAINER}/json%0a",
    f"/containers/{CONTAINER},{CONTAINER}/json",
    f"/containers/*{CONTAINER}/json",
]


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: ascii(target)[:60])
@pytest.mark.parametrize("method", ["POST", "GET", "CONNECT"])
def test_an_odd_path_reaches_nothing(proxy: RunningProxy, method: str, target: str) -> None:
    proxy.engine.add_container(**container())
    answer = proxy.ask(method, target, encoded(accepted()))
    assert 400 <= answer.status < 500, answer
    assert answer.body
    assert proxy.engine.asked == []
    assert proxy.ask("GET", "/_ping").body == b"OK"


@pytest.mark.parametrize(
    "method",
    [
        "HEAD",
        "OPTIONS",
        "PUT",
        "PATCH",
        "TRACE",
        "CONNECT",
        "DELETE",
        "GET",
        "PROPFIND",
        "post",
        "Post",
        "POSTX",
        "P",
        "\tPOST",
        "PRI",
        "SEARCH",
        "M-SEARCH",
        "PURGE",
        "LINK",
        "QUERY",
    ],
)
def test_no_other_method_makes_a_container(proxy: RunningProxy, method: str) -> None:
    answer = proxy.ask(method, f"/v1.41/{_CREATE}", encoded(accepted()))
    assert 400 <= answer.status < 500, answer
    assert proxy.engine.asked == []


@pytest.mark.parametrize("override", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"])
def test_no_header_is_a_method_or_a_path(proxy: RunningProxy, override: str) -> None:
    answer = proxy.ask(
        "GET", f"/v1.41/{_CREATE}", encoded(accepted()), ((override, "POST"), ("X-Original-URL", "/info"))
    )
    assert answer.status == 403
    assert proxy.engine.asked == []


@pytest.mark.parametrize(
    ("method", "target"), [("OPTIONS", "*"), ("CONNECT", "docker:80"), ("GET", "http://docker/info")]
)
def test_odd_targets_are_refused_and_logged_like_all_others(
    proxy: RunningProxy, caplog: pytest.LogCaptureFixture, method: str, target: str
) -> None:
    answer = proxy.ask(method, target)
    assert (answer.status, answer.message) == (
        403,
        "refused by this site's socket proxy: the hub does not need this call",
    )
    assert f"refused {method} {target}: the hub does not need this call" in caplog.messages
