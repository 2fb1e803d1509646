"""A site, and the two requests that its hub makes anew for every server. Everything here is written out by hand."""

import copy
import json
from typing import Any

from images.socket_proxy.runtime import SocketProxyRuntime

STACK = "jupyterhub-test"
IMAGE = "jhub.invalid/jupyterhub/notebook:0123456789abcdef"
PINNED_IMAGE = "quay.io/jupyter/scipy-notebook@sha256:" + "ab" * 32
CONTAINER, VOLUME = f"{STACK}-user-alice", f"{STACK}-home-alice"
CREATE = f"/v1.41/containers/create?name={CONTAINER}"
MEMORY = 2**30

RUNTIME = SocketProxyRuntime(
    stack=STACK,
    images=[IMAGE, PINNED_IMAGE],
    network=f"{STACK}-users",
    container_prefix=f"{STACK}-user-",
    volume_prefix=f"{STACK}-home-",
    home_path="/home/jovyan",
    port=8888,
    memory_limit=MEMORY,
    cpu_limit=1.5,
    pids_limit=512,
    resolvers=[],
    client_group=10000,
)

_ACCEPTED: dict[str, Any] = {
    "Image": IMAGE,
    "Cmd": ["python", "-s", "-m", "single_user", "--ServerApp.x={'secure': True}"],
    "Env": ["JUPYTERHUB_USER=alice", "COURSE=Physik für Anfänger", "EMPTY="],
    "Labels": {
        "jupyterhub.stack": STACK,
        "jupyterhub.role": "user-server",
        "jupyterhub.user": "alice",
        "jupyterhub.image": IMAGE,
        "jupyterhub.settings": "0123456789abcdef",
    },
    "Volumes": {"/home/jovyan": {}},
    "ExposedPorts": {"8888/tcp": {}},
    "Healthcheck": {"Test": ["NONE"]},
    "Tty": False,
    "OpenStdin": False,
    "StdinOnce": False,
    "AttachStdin": False,
    "AttachStdout": True,
    "AttachStderr": True,
    "NetworkDisabled": False,
    "HostConfig": {
        "Memory": MEMORY,
        "MemorySwap": MEMORY,
        "CpuPeriod": 100000,
        "CpuQuota": 150000,
        "PidsLimit": 512,
        "NetworkMode": f"{STACK}-users",
        "Binds": [f"{VOLUME}:/home/jovyan:rw"],
        "CapDrop": ["ALL"],
        "SecurityOpt": ["no-new-privileges"],
        "LogConfig": {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "3"}},
        "AutoRemove": True,
        "Init": True,
        "Dns": [],
        "Links": [],
        "Mounts": [],
    },
}


def accepted() -> dict[str, Any]:
    """A body of `POST /containers/create` that is taken, and reaches the engine as it is."""
    return copy.deepcopy(_ACCEPTED)


def accepted_volume() -> dict[str, Any]:
    """A body of `POST /volumes/create` that is taken."""
    return {"Name": VOLUME, "Driver": "local", "Labels": {"jupyterhub.stack": STACK, "jupyterhub.user": "alice"}}


def encoded(value: object) -> bytes:
    """A body as docker-py writes it."""
    return json.dumps(value).encode()


def container(name: str = CONTAINER, *, stack: str | None = STACK, role: str | None = "user-server") -> dict[str, Any]:
    """Options of FakeEngine.add_container."""
    labels = {"jupyterhub.stack": stack, "jupyterhub.role": role}
    return {"name": name, "labels": {key: value for key, value in labels.items() if value is not None}}
