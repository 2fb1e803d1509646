"""Containers that are there already: a hub sees and changes its own user servers, and there are no others for it."""

import json

import pytest

from tests.unit.images.socket_proxy.site import CONTAINER, STACK, container
from tests.unit.images.socket_proxy.wire import RunningProxy

# A call on a container, and what the engine is asked for besides an inspection.
CALLS = {
    "GET /containers/{}/json": None,
    "POST /containers/{}/start": "POST /containers/{}/start",
    "POST /containers/{}/stop": "POST /containers/{}/stop",
    "POST /containers/{}/stop?t=0": "POST /containers/{}/stop?t=0",
    "POST /containers/{}/stop?t=120": "POST /containers/{}/stop?t=120",
    "DELETE /containers/{}": "DELETE /containers/{}?v=0&force=0",
    "DELETE /containers/{}?v=True&link=False&force=False": "DELETE /containers/{}?v=1&force=0",
    "DELETE /containers/{}?v=1&link=0&force=1": "DELETE /containers/{}?v=1&force=1",
    "DELETE /containers/{}?force=true": "DELETE /containers/{}?v=0&force=1",
}
_LABELS = {"jupyterhub.stack": STACK, "jupyterhub.role": "user-server"}
_ANOTHERS = {"jupyterhub.stack": "jupyterhub-prod", "jupyterhub.role": "user-server"}
OTHERS: dict[str, tuple[str, dict[str, str] | None]] = {
    "the hub": (f"{STACK}-hub", {"jupyterhub.stack": STACK, "jupyterhub.role": "hub"}),
    "the hub under a user's name": (CONTAINER, {"jupyterhub.stack": STACK, "jupyterhub.role": "hub"}),
    "the proxy": (f"{STACK}-proxy", {"jupyterhub.stack": STACK, "jupyterhub.role": "proxy"}),
    "another stack's user": ("jupyterhub-prod-user-a", _ANOTHERS),
    "another stack's user with a name of this one": (CONTAINER, _ANOTHERS),
    "one with the labels but another name": ("mine", _LABELS),
    "one with the labels and the prefix alone": (f"{STACK}-user-", _LABELS),
    "one with the labels and a longer prefix": (f"x-{CONTAINER}", _LABELS),
    "one without a role": (CONTAINER, {"jupyterhub.stack": STACK}),
    "one without a stack": (CONTAINER, {"jupyterhub.role": "user-server"}),
    "one with labels in other letters": (CONTAINER, {"Jupyterhub.Stack": STACK, "Jupyterhub.Role": "user-server"}),
    "one without labels": (CONTAINER, {}),
    "one whose labels are null": (CONTAINER, None),
}


@pytest.mark.parametrize("by", ["name", "identifier"])
@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("whose", OTHERS)
def test_somebody_elses_is_as_missing_as_one_that_is_not_there(
    proxy: RunningProxy, call: str, whose: str, by: str
) -> None:
    method, target = call.split(" ")
    name, labels = OTHERS[whose]
    asked_for = proxy.engine.add_container(name, labels)
    before = json.dumps(proxy.engine.containers)
    if by == "name":
        asked_for = name
    theirs = proxy.ask(method, f"/v1.41{target.format(asked_for)}")
    assert json.dumps(proxy.engine.containers) == before
    assert set(proxy.engine.lines) <= {f"GET /containers/{asked_for}/json"}

    proxy.engine.containers.clear()
    nobodys = proxy.ask(method, f"/v1.41{target.format(asked_for)}")
    assert theirs.status == 404
    assert theirs.json == {"message": f"No such container: {asked_for}"}
    assert (theirs.status, theirs.body) == (nobodys.status, nobodys.body)
    assert theirs.headers.keys() == nobodys.headers.keys()


@pytest.mark.parametrize("by", ["name", "identifier"])
@pytest.mark.parametrize("call", CALLS)
def test_its_own_is_acted_on_by_its_full_identifier(proxy: RunningProxy, call: str, by: str) -> None:
    method, target = call.split(" ")
    identifier = proxy.engine.add_container(**container())
    asked_for = identifier if by == "identifier" else CONTAINER
    answer = proxy.ask(method, f"/v1.41{target.format(asked_for)}", b'{"HostConfig": {"Privileged": true}}')
    assert answer.status == 200
    expected = [f"GET /containers/{asked_for}/json"]
    change = CALLS[call]
    if change is not None:
        expected.append(change.format(identifier))
    else:
        assert answer.json["Id"] == identifier
    assert proxy.engine.lines == expected
    assert [asked.body for asked in proxy.engine.asked] == [b""] * len(expected)


def test_one_with_more_labels_is_its_own_too(proxy: RunningProxy) -> None:
    labels = {"jupyterhub.stack": STACK, "jupyterhub.role": "user-server", "x": "y"}
    proxy.engine.add_container(CONTAINER, labels)
    assert proxy.ask("GET", f"/containers/{CONTAINER}/json").status == 200


@pytest.mark.parametrize("by", ["a", "ab", "abcdef012345", "a" * 63, "a" * 65, "A" * 64, "g" * 64])
def test_a_part_of_an_identifier_is_none(proxy: RunningProxy, by: str) -> None:
    """The engine says when several containers, whosever they are, have it."""
    answer = proxy.ask("GET", f"/containers/{by}/json")
    assert (answer.status, answer.json) == (404, {"message": f"No such container: {by}"})
    assert proxy.engine.asked == []


def test_somebody_elses_is_logged(proxy: RunningProxy, caplog: pytest.LogCaptureFixture) -> None:
    proxy.engine.add_container(CONTAINER, {"jupyterhub.stack": "jupyterhub-prod", "jupyterhub.role": "user-server"})
    proxy.ask("GET", f"/containers/{CONTAINER}/json")
    assert f"hid the container {CONTAINER}, which is no user's server of this stack" in caplog.messages


@pytest.mark.parametrize(
    "query",
    [
        "x=1",
        "t",
        "t=",
        "t=-1",
        "t=121",
        "t=1000",
        "t=1.5",
        "t=1e1",
        "t=+1",
        "t=%2B1",
        "t=%201",
        "t=1_0",
        "t=%D9%A1",
        "t=1&t=2",
        "T=1",
        "t=1&signal=SIGKILL",
        "signal=SIGHUP",
        "t=0x1",
        "t=10%0A",
        "t=true",
        "&",
        "t=1;t=2",
    ],
)
def test_an_odd_time_to_stop_is_refused(proxy: RunningProxy, query: str) -> None:
    proxy.engine.add_container(**container())
    answer = proxy.ask("POST", f"/v1.41/containers/{CONTAINER}/stop?{query}")
    assert (answer.status, bool(answer.message)) == (403, True)
    assert proxy.engine.asked == []


@pytest.mark.parametrize(
    "query",
    [
        "link=1",
        "link=True",
        "link=true",
        "v=2",
        "v=yes",
        "v=",
        "v",
        "force=TRUE",
        "force=1&force=0",
        "V=1",
        "x=1",
        "v=1;force=1",
        "force=1%20",
        "volumes=1",
        "v=1&link=False&force=1&x=1",
        "link=on",
    ],
)
def test_an_odd_removal_is_refused(proxy: RunningProxy, query: str) -> None:
    proxy.engine.add_container(**container())
    answer = proxy.ask("DELETE", f"/v1.41/containers/{CONTAINER}?{query}")
    assert (answer.status, bool(answer.message)) == (403, True)
    assert proxy.engine.asked == []


@pytest.mark.parametrize("query", ["checkpoint=x", "checkpoint-dir=/etc", "detachKeys=ctrl-p", "x"])
def test_a_start_has_no_query(proxy: RunningProxy, query: str) -> None:
    proxy.engine.add_container(**container())
    assert proxy.ask("POST", f"/v1.24/containers/{CONTAINER}/start?{query}").status == 403
    assert proxy.engine.asked == []


@pytest.mark.parametrize("query", ["size=1", "size", "x=1"])
def test_an_inspection_has_no_query(proxy: RunningProxy, query: str) -> None:
    proxy.engine.add_container(**container())
    assert proxy.ask("GET", f"/v1.41/containers/{CONTAINER}/json?{query}").status == 403
    assert proxy.engine.asked == []


def test_a_name_that_comes_to_mean_another_container_is_not_followed(proxy: RunningProxy) -> None:
    """What was looked at is what is acted on, whatever its name means by then."""
    first = proxy.engine.add_container(**container())
    proxy.ask("POST", f"/containers/{CONTAINER}/stop")
    proxy.engine.containers[first]["Name"] = "/gone"
    second = proxy.engine.add_container(CONTAINER, {"jupyterhub.stack": "jupyterhub-prod"})
    assert proxy.ask("POST", f"/containers/{CONTAINER}/stop").status == 404
    assert not [line for line in proxy.engine.lines if second in line]
