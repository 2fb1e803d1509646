"""All of Docker's API that a hub does not need (docs.docker.com/reference/api/engine/version/v1.41, and some newer)."""

import pytest

from tests.unit.images.socket_proxy.site import CONTAINER, IMAGE, VOLUME, accepted, container, encoded
from tests.unit.images.socket_proxy.wire import RunningProxy

# {c} stands for a container of the hub's own, by name.
CALLS = [
    "GET /",
    "HEAD /_ping",
    "POST /_ping",
    "GET /containers/json",
    "GET /containers/json?all=1",
    "GET /containers/{c}/top",
    "GET /containers/{c}/logs?stdout=1",
    "GET /containers/{c}/changes",
    "GET /containers/{c}/export",
    "GET /containers/{c}/stats",
    "GET /containers/{c}/attach/ws",
    "GET /containers/{c}/archive?path=/",
    "HEAD /containers/{c}/archive?path=/",
    "PUT /containers/{c}/archive?path=/",
    "POST /containers/{c}/copy",
    "POST /containers/{c}/resize?h=1&w=1",
    "POST /containers/{c}/restart",
    "POST /containers/{c}/kill",
    "POST /containers/{c}/kill?signal=HUP",
    "POST /containers/{c}/update",
    "POST /containers/{c}/rename?name=x",
    "POST /containers/{c}/pause",
    "POST /containers/{c}/unpause",
    "POST /containers/{c}/attach?stream=1",
    "POST /containers/{c}/wait",
    "POST /containers/{c}/exec",
    "POST /containers/{c}/checkpoints",
    "GET /containers/{c}/checkpoints",
    "DELETE /containers/{c}/checkpoints/x",
    "POST /containers/{c}",
    "PUT /containers/{c}",
    "PATCH /containers/{c}",
    "HEAD /containers/{c}/json",
    "POST /containers/{c}/json",
    "GET /containers/{c}",
    "GET /containers/{c}/start",
    "PUT /containers/{c}/start",
    "DELETE /containers/{c}/stop",
    "DELETE /containers/{c}/json",
    "POST /containers/prune",
    "GET /containers/create",
    "PUT /containers/create",
    "POST /commit?container={c}",
    "GET /images/json",
    "POST /build",
    "POST /build/prune",
    "POST /build/cancel?id=x",
    "POST /images/create?fromImage=debian",
    "POST /images/create?fromSrc=-",
    "POST /images/load",
    "GET /images/get?names=debian",
    "GET /images/{i}/get",
    "GET /images/{i}/history",
    "POST /images/{i}/push",
    "POST /images/{i}/tag?repo=x",
    "POST /images/{i}/json",
    "DELETE /images/{i}",
    "GET /images/search?term=x",
    "POST /images/prune",
    "POST /auth",
    "GET /info",
    "HEAD /version",
    "POST /version",
    "GET /events",
    "GET /system/df",
    "GET /exec/x/json",
    "POST /exec/x/start",
    "POST /exec/x/resize",
    "GET /volumes",
    "GET /volumes/{v}",
    "PUT /volumes/{v}",
    "DELETE /volumes/{v}",
    "DELETE /volumes/{v}?force=1",
    "POST /volumes/prune",
    "GET /volumes/create",
    "PUT /volumes/create",
    "GET /networks",
    "GET /networks/jupyterhub-test-users",
    "DELETE /networks/jupyterhub-test-users",
    "POST /networks/create",
    "POST /networks/prune",
    "POST /networks/jupyterhub-test-users/connect",
    "POST /networks/jupyterhub-test-users/disconnect",
    "GET /plugins",
    "GET /plugins/privileges?remote=x",
    "POST /plugins/pull?remote=x",
    "POST /plugins/create?name=x",
    "GET /plugins/x/json",
    "POST /plugins/x/enable",
    "POST /plugins/x/disable",
    "POST /plugins/x/upgrade?remote=x",
    "POST /plugins/x/push",
    "POST /plugins/x/set",
    "DELETE /plugins/x",
    "GET /nodes",
    "GET /nodes/x",
    "POST /nodes/x/update?version=1",
    "DELETE /nodes/x",
    "GET /swarm",
    "POST /swarm/init",
    "POST /swarm/join",
    "POST /swarm/leave",
    "POST /swarm/update?version=1",
    "GET /swarm/unlockkey",
    "POST /swarm/unlock",
    "GET /services",
    "POST /services/create",
    "GET /services/x",
    "POST /services/x/update?version=1",
    "DELETE /services/x",
    "GET /services/x/logs",
    "GET /tasks",
    "GET /tasks/x",
    "GET /tasks/x/logs",
    "GET /secrets",
    "POST /secrets/create",
    "GET /secrets/x",
    "DELETE /secrets/x",
    "POST /secrets/x/update?version=1",
    "GET /configs",
    "POST /configs/create",
    "GET /configs/x",
    "DELETE /configs/x",
    "POST /configs/x/update?version=1",
    "GET /distribution/{i}/json",
    "POST /session",
    "POST /grpc",
    "GET /debug/pprof/",
    "GET /debug/vars",
    "GET /metrics",
    "OPTIONS /containers/create",
    "TRACE /containers/create",
]


@pytest.mark.parametrize("version", ["/v1.41", "/v1.24", ""])
@pytest.mark.parametrize("call", CALLS)
def test_what_the_hub_does_not_need_is_refused(
    proxy: RunningProxy, caplog: pytest.LogCaptureFixture, call: str, version: str
) -> None:
    identifier = proxy.engine.add_container(**container())
    proxy.engine.add_volume(VOLUME, {"jupyterhub.stack": "jupyterhub-test"})
    method, target = call.split(" ")
    for name in (CONTAINER, identifier):
        path = version + target.format(c=name, i=IMAGE, v=VOLUME)
        answer = proxy.ask(method, path, encoded(accepted()))
        assert answer.status == 403
        if method != "HEAD":
            assert answer.message == "refused by this site's socket proxy: the hub does not need this call"
        assert f"refused {method} {path}: the hub does not need this call" in caplog.messages
    assert proxy.engine.asked == []
    assert proxy.ask("GET", "/_ping").body == b"OK"
    assert proxy.engine.lines == ["GET /_ping"]


@pytest.mark.parametrize("version", ["/v1.41", "/v1.24", ""])
@pytest.mark.parametrize("call", ["/_ping", "/version"])
def test_what_the_engine_says_of_itself_is_passed_on(proxy: RunningProxy, call: str, version: str) -> None:
    assert proxy.ask("GET", version + call).status == 200
    assert proxy.engine.lines == [f"GET {call}"]
    assert proxy.ask("GET", f"{version}{call}?x=1").status == 403
    assert proxy.engine.lines == [f"GET {call}"]
