"""What a hub may not ask of a new container, and that what it may reaches the engine as nothing else."""

import json
import logging
import re
from urllib.parse import parse_qs

import pytest

from tests.unit.images.socket_proxy.refusals import CREATES
from tests.unit.images.socket_proxy.site import (
    CONTAINER,
    CREATE,
    IMAGE,
    MEMORY,
    PINNED_IMAGE,
    RUNTIME,
    STACK,
    VOLUME,
    accepted,
    encoded,
)
from tests.unit.images.socket_proxy.wire import Loop, RunningProxy, running


def assert_made_as_asked(proxy: RunningProxy) -> None:
    """The unchanged request is taken, and reaches the engine as it was meant."""
    proxy.engine.forget()
    answer = proxy.ask("POST", CREATE, encoded(accepted()))
    assert answer.status == 200, answer
    assert answer.json["Id"] in proxy.engine.containers
    assert proxy.engine.lines == [f"GET /volumes/{VOLUME}", f"POST /containers/create?name={CONTAINER}"]
    assert json.loads(proxy.engine.asked[-1].body) == accepted()


@pytest.mark.parametrize("what", CREATES)
def test_refused(what: str, proxy: RunningProxy, caplog: pytest.LogCaptureFixture) -> None:
    target, body = CREATES[what]
    answer = proxy.ask("POST", target, body)
    assert answer.status == 403, answer
    assert answer.message.startswith("refused by this site's socket proxy: ")
    assert len(answer.message) < 1100
    assert proxy.engine.asked == []
    (logged,) = [record for record in caplog.records if record.name == "images.socket_proxy.server"]
    assert logged.levelno == logging.WARNING
    assert logged.getMessage().startswith("refused POST /v1.41/containers/create")
    assert logged.getMessage().isascii()
    assert logged.getMessage().isprintable()
    assert_made_as_asked(proxy)


def test_there_are_enough_of_them() -> None:
    assert len(CREATES) > 400


# The accepted one, and what it may differ in


def test_a_reason_names_each_thing_but_never_a_value(proxy: RunningProxy) -> None:
    body = accepted()
    body["HostConfig"].update(Memory=-1, Privileged="of-a-secret")
    body["Env"] = [{"API_TOKEN": "of-a-secret"}]
    message = proxy.ask("POST", CREATE, encoded(body)).message
    assert "HostConfig.Privileged" in message
    assert "Env.0" in message
    assert "of-a-secret" not in message


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"Memory": 0}, f"HostConfig.Memory is not between 1 and {MEMORY}"),
        ({"MemorySwap": -1}, f"HostConfig.MemorySwap is not between 1 and {MEMORY}"),
        ({"PidsLimit": 513}, "HostConfig.PidsLimit is not between 1 and 512"),
        ({"CpuQuota": 999}, "HostConfig.CpuQuota is not between 1000 and 150000, of a CpuPeriod of 100000"),
        ({"NetworkMode": "host"}, f"HostConfig.NetworkMode is not {STACK}-users"),
        ({"Dns": ["10.0.0.1"]}, "HostConfig.Dns is not []"),
    ],
    ids=str,
)
def test_the_reason(proxy: RunningProxy, change: dict[str, object], reason: str) -> None:
    body = accepted()
    body["HostConfig"].update(change)
    assert proxy.ask("POST", CREATE, encoded(body)).message == f"refused by this site's socket proxy: {reason}"


@pytest.mark.parametrize("size", [1, 6 * 2**20, MEMORY - 1, MEMORY])
@pytest.mark.parametrize("field", ["Memory", "MemorySwap"])
def test_less_memory_is_allowed(proxy: RunningProxy, field: str, size: int) -> None:
    body = accepted()
    body["HostConfig"][field] = size
    assert proxy.ask("POST", CREATE, encoded(body)).status == 200
    assert json.loads(proxy.engine.asked[-1].body)["HostConfig"][field] == size


@pytest.mark.parametrize(("field", "value"), [("CpuQuota", 1000), ("CpuQuota", 149999), ("PidsLimit", 1)])
def test_less_of_the_processor_is_allowed(proxy: RunningProxy, field: str, value: int) -> None:
    body = accepted()
    body["HostConfig"][field] = value
    assert proxy.ask("POST", CREATE, encoded(body)).status == 200
    assert json.loads(proxy.engine.asked[-1].body)["HostConfig"][field] == value


@pytest.mark.parametrize("image", [IMAGE, PINNED_IMAGE])
def test_each_image_of_the_site_is_allowed(proxy: RunningProxy, image: str) -> None:
    assert proxy.ask("POST", CREATE, encoded({**accepted(), "Image": image})).status == 200
    assert json.loads(proxy.engine.asked[-1].body)["Image"] == image


@pytest.mark.parametrize(
    "text", ["", "=", "a\tb", "a\0b", "\N{GRINNING FACE}", "\x7f\x80", '"}],"Privileged":true', "{username}", "\u2028"]
)
def test_commands_and_environments_are_taken_word_for_word(proxy: RunningProxy, text: str) -> None:
    changed = {**accepted(), "Cmd": [text], "Env": [text, f"A={text}"]}
    changed["Labels"]["jupyterhub.user"] = text
    assert proxy.ask("POST", CREATE, encoded(changed)).status == 200
    assert json.loads(proxy.engine.asked[-1].body) == changed


@pytest.mark.parametrize("left_out", ["jupyterhub.user", "jupyterhub.image", "jupyterhub.settings"])
def test_labels_that_nothing_is_decided_by_may_be_missing(proxy: RunningProxy, left_out: str) -> None:
    body = accepted()
    del body["Labels"][left_out]
    assert proxy.ask("POST", CREATE, encoded(body)).status == 200
    assert json.loads(proxy.engine.asked[-1].body) == body


@pytest.mark.parametrize("field", ["Tty", "OpenStdin", "StdinOnce", "AttachStdin", "NetworkDisabled"])
def test_what_is_left_out_is_written_out_for_the_engine(proxy: RunningProxy, field: str) -> None:
    body = accepted()
    del body[field]
    assert proxy.ask("POST", CREATE, encoded(body)).status == 200
    assert json.loads(proxy.engine.asked[-1].body) == accepted()


@pytest.mark.parametrize("field", ["Dns", "Links", "Mounts"])
def test_lists_that_are_left_out_are_empty_for_the_engine(proxy: RunningProxy, field: str) -> None:
    body = accepted()
    del body["HostConfig"][field]
    assert proxy.ask("POST", CREATE, encoded(body)).status == 200
    assert json.loads(proxy.engine.asked[-1].body) == accepted()


@pytest.mark.parametrize("body", [encoded(accepted()) + b" \n", json.dumps(accepted(), indent=8).encode("utf-8")])
def test_blanks_do_not_reach_the_engine(proxy: RunningProxy, body: bytes) -> None:
    assert proxy.ask("POST", CREATE, body).status == 200
    reached = proxy.engine.asked[-1].body
    assert len(reached) < len(body)
    assert not re.search(rb"\n|: |, ", reached.replace(b"{'secure': True}", b""))


@pytest.mark.parametrize("version", ["", "/v1.12", "/v1.24", "/v1.39", "/v1.41", "/v1.51", "/v1.999"])
def test_the_version_that_a_hub_chooses_is_not_passed_on(proxy: RunningProxy, version: str) -> None:
    assert proxy.ask("POST", f"{version}/containers/create?name={CONTAINER}", encoded(accepted())).status == 200
    assert [asked.path for asked in proxy.engine.changes] == ["/containers/create"]


@pytest.mark.parametrize(
    "version", ["/v1", "/v2.0", "/v1.", "/v1.1234", "/v1.4a", "/v01.41", "/v-1.41", "/V1.41", "/v1.41/v1.41"]
)
def test_what_is_no_version_of_this_api_is_refused(proxy: RunningProxy, version: str) -> None:
    assert proxy.ask("POST", f"{version}/containers/create?name={CONTAINER}", encoded(accepted())).status == 403
    assert proxy.engine.asked == []


def test_headers_of_the_hub_are_not_passed_on(proxy: RunningProxy) -> None:
    headers = (("X-Registry-Auth", "e30="), ("X-Forwarded-For", "10.0.0.1"), ("Cookie", "a=b"), ("Authorization", "x"))
    assert proxy.ask("POST", CREATE, encoded(accepted()), headers).status == 200
    names = {name.lower() for name in proxy.engine.asked[-1].headers}
    assert names == {"host", "content-type", "content-length", "accept", "accept-encoding", "user-agent"}
    assert proxy.engine.asked[-1].headers["Host"] == "docker"


def test_a_name_may_be_escaped(proxy: RunningProxy) -> None:
    assert (
        proxy.ask("POST", f"/containers/create?n%61me={CONTAINER.replace('-', '%2d')}", encoded(accepted())).status
        == 200
    )
    assert parse_qs(proxy.engine.asked[-1].query) == {"name": [CONTAINER]}


@pytest.mark.parametrize("suffix", ["a", "0", "-c3-bc", "a-2d", "a--gpu", "-", "a" * (255 - len(f"{STACK}-user-"))])
def test_names_that_the_hub_makes_are_taken(proxy: RunningProxy, suffix: str) -> None:
    assert proxy.ask("POST", f"/containers/create?name={STACK}-user-{suffix}", encoded(accepted())).status == 200
    assert proxy.engine.asked[-1].query == f"name={STACK}-user-{suffix}"


@pytest.mark.parametrize("suffix", ["a", "-c3-bc", "-", "a" * (255 - len(f"{STACK}-home-"))])
def test_volumes_that_the_hub_makes_are_taken(proxy: RunningProxy, suffix: str) -> None:
    body = accepted()
    body["HostConfig"]["Binds"] = [f"{STACK}-home-{suffix}:/home/jovyan:rw"]
    assert proxy.ask("POST", CREATE, encoded(body)).status == 200
    assert proxy.engine.lines[0] == f"GET /volumes/{STACK}-home-{suffix}"
    assert json.loads(proxy.engine.asked[-1].body) == body


def test_a_number_that_is_taken_for_yes_or_no_is_written_as_one(proxy: RunningProxy) -> None:
    body = {**accepted(), "Tty": 0, "OpenStdin": 0.0}
    body["HostConfig"].update(Init=1, AutoRemove=1.0)
    assert proxy.ask("POST", CREATE, encoded(body)).status == 200
    assert b'"Init":true' in proxy.engine.asked[-1].body
    assert b'"Tty":false' in proxy.engine.asked[-1].body
    assert json.loads(proxy.engine.asked[-1].body) == accepted()


# Its volume


@pytest.mark.parametrize(
    "labels", [{"jupyterhub.stack": "jupyterhub-prod"}, {"jupyterhub.stack": ""}, {"jupyterhub.stack": STACK + "-x"}]
)
def test_a_volume_that_says_it_is_another_stacks_is_not_mounted(proxy: RunningProxy, labels: dict[str, str]) -> None:
    proxy.engine.add_volume(VOLUME, labels)
    answer = proxy.ask("POST", CREATE, encoded(accepted()))
    assert (answer.status, answer.message) == (
        403,
        "refused by this site's socket proxy: the volume is somebody else's",
    )
    assert proxy.engine.lines == [f"GET /volumes/{VOLUME}"]
    assert_made_as_asked(proxy)


@pytest.mark.parametrize("labels", [{"jupyterhub.stack": STACK}, {"jupyterhub.stack": STACK, "x": "y"}, {}, None])
def test_a_volume_of_this_stack_or_that_was_put_back_by_hand_is_mounted(
    proxy: RunningProxy, labels: dict[str, str] | None
) -> None:
    proxy.engine.add_volume(VOLUME, labels)
    assert proxy.ask("POST", CREATE, encoded(accepted())).status == 200
    assert len(proxy.engine.changes) == 1


# A site with name servers of its own, and one with less than one processor


def test_resolvers_of_the_site_are_required_in_their_order(
    loop: Loop, tmp_path_factory: pytest.TempPathFactory
) -> None:
    runtime = RUNTIME.model_copy(update={"resolvers": ["10.0.0.53", "10.0.1.53"]})
    with running(loop, runtime, tmp_path_factory.mktemp("dns")) as proxy:
        for dns in ([], ["10.0.0.53"], ["10.0.1.53", "10.0.0.53"], ["10.0.0.53", "10.0.1.53", "8.8.8.8"], None):
            body = accepted()
            body["HostConfig"]["Dns"] = dns
            assert proxy.ask("POST", CREATE, encoded(body)).status == 403
        body["HostConfig"].pop("Dns")
        assert proxy.ask("POST", CREATE, encoded(body)).status == 403
        assert proxy.engine.asked == []
        body["HostConfig"]["Dns"] = ["10.0.0.53", "10.0.1.53"]
        assert proxy.ask("POST", CREATE, encoded(body)).status == 200
        assert json.loads(proxy.engine.asked[-1].body) == body


def test_the_least_that_the_kernel_gives_is_allowed_where_the_site_gives_less(
    loop: Loop, tmp_path_factory: pytest.TempPathFactory
) -> None:
    runtime = RUNTIME.model_copy(update={"cpu_limit": 0.001})
    with running(loop, runtime, tmp_path_factory.mktemp("cpu")) as proxy:
        body = accepted()
        for quota, status in ((1000, 200), (1001, 403), (100, 403)):
            body["HostConfig"]["CpuQuota"] = quota
            assert proxy.ask("POST", CREATE, encoded(body)).status == status
