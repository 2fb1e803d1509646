"""Whether an image is there: the one thing that a hub may know of it."""

import pytest
from aiohttp import web

from tests.unit.images.socket_proxy.site import IMAGE, PINNED_IMAGE
from tests.unit.images.socket_proxy.wire import RunningProxy


@pytest.mark.parametrize("written", [IMAGE, PINNED_IMAGE.replace("@", "%40")])
def test_an_image_of_the_site_is_looked_at(proxy: RunningProxy, written: str) -> None:
    assert proxy.ask("GET", f"/v1.41/images/{written}/json").status == 200
    assert proxy.engine.lines == [f"GET /images/{written}/json"]


@pytest.mark.parametrize(
    "written",
    [
        "debian:trixie-slim",
        IMAGE.rpartition(":")[0],
        IMAGE + "x",
        IMAGE.upper(),
        f"x/{IMAGE}",
        f"{IMAGE}/../../x",
        f"../images/{IMAGE}",
        IMAGE.replace("/", "%2f"),
        IMAGE.replace(":", "%3A"),
        f"%2e/{IMAGE}",
        f"{IMAGE}%00",
        PINNED_IMAGE,
        PINNED_IMAGE.replace("@", "%2540"),
        "sha256:" + "cd" * 32,
        "cd" * 32,
        "a" * 501,
        "",
        "/",
    ],
)
def test_no_other_one_is(proxy: RunningProxy, written: str) -> None:
    answer = proxy.ask("GET", f"/v1.41/images/{written}/json")
    assert answer.status == 403
    assert answer.message
    assert proxy.engine.asked == []


def test_an_image_that_is_not_there_is_missing(proxy: RunningProxy) -> None:
    async def missing(_: web.BaseRequest) -> web.StreamResponse:
        return web.json_response({"message": f"No such image: {IMAGE}"}, status=404)

    proxy.engine.answering = missing
    answer = proxy.ask("GET", f"/v1.41/images/{IMAGE}/json")
    assert (answer.status, answer.json) == (404, {"message": f"No such image: {IMAGE}"})
