"""The socket proxy: what it is told of a site, and what it can do itself."""

import json

from components.notebook_image import NotebookImage, NotebookImageArgs
from components.socket_proxy import SocketProxy, SocketProxyArgs
from images.socket_proxy.runtime import SocketProxyRuntime
from tests.unit.recording import Recording, record
from tests.unit.sites import NAMES, settings_of


def socket_proxy(**concerns: object) -> Recording:
    settings = settings_of(**concerns)

    def program() -> None:
        image = NotebookImageArgs(names=NAMES, image=settings.notebooks.image, build=settings.build)
        args = SocketProxyArgs(
            names=NAMES,
            settings=settings,
            notebook_image=NotebookImage("notebook", image),
            docker_api_volume="jupyterhub-test-docker-api",
        )
        SocketProxy("socket-proxy", args)

    return record(program)


def runtime(made: Recording) -> SocketProxyRuntime:
    (line,) = made["socket-proxy"].inputs["envs"]
    name, _, value = line.partition("=")
    return SocketProxyRuntime.from_environment({name: value})


def test_it_has_no_network_writes_nothing_and_can_do_no_more_than_leave_root() -> None:
    made = socket_proxy()["socket-proxy"].inputs
    assert (made["networkMode"], made["readOnly"]) == ("none", True)
    assert made["capabilities"] == {"adds": ["CAP_SETGID", "CAP_SETUID"], "drops": ["ALL"]}
    assert not made.get("networksAdvanced")
    assert not made.get("ports")


def test_it_mounts_the_engines_socket_and_the_volume_that_it_serves_on() -> None:
    mounts = socket_proxy(docker={"host": "unix:///run/user/1000/docker.sock"})["socket-proxy"].inputs["mounts"]
    assert [(mount["type"], mount["source"], mount["target"]) for mount in mounts] == [
        ("bind", "/run/user/1000/docker.sock", "/run/engine/docker.sock"),
        ("volume", "jupyterhub-test-docker-api", "/run/docker-api"),
    ]


def test_it_allows_what_the_settings_say() -> None:
    made = socket_proxy(
        notebooks={
            "image": {"kind": "published", "reference": "quay.io/jupyter/scipy-notebook:hub-6.1.1"},
            "limits": {"memory": "3G", "cpu": 1.5, "pids": 100},
        },
        storage={"home": {"mount_path": "/home/jovyan/work"}},
        network={"resolvers": ["10.0.0.53"]},
    )
    assert runtime(made) == SocketProxyRuntime(
        stack="jupyterhub-test",
        images=["quay.io/jupyter/scipy-notebook:hub-6.1.1"],
        network="jupyterhub-test-users",
        container_prefix="jupyterhub-test-user-",
        volume_prefix="jupyterhub-test-home-",
        home_path="/home/jovyan/work",
        port=8888,
        memory_limit=3 * 2**30,
        cpu_limit=1.5,
        pids_limit=100,
        resolvers=["10.0.0.53"],
        client_group=10000,
    )


def test_a_new_notebook_image_is_allowed_in_place_of_the_old_one() -> None:
    before, after = socket_proxy(), socket_proxy(notebooks={"image": {"kind": "build", "r": True}})
    assert runtime(before).images == [before["notebook-version-check"].inputs["image"]]
    assert runtime(after).images == [after["notebook-version-check"].inputs["image"]]
    assert runtime(before).images != runtime(after).images


def test_it_is_well_when_it_answers_on_the_served_socket() -> None:
    health = json.dumps(socket_proxy()["socket-proxy"].inputs["healthcheck"]["tests"])
    assert "/run/docker-api/docker.sock" in health
    assert "/_ping" in health
