"""A Docker engine that notes what it is asked for, after docker-py has checked and encoded it as for a real one."""

import json
from typing import Any

import docker
from docker.errors import ImageNotFound, NotFound
from requests import Response


class RecordingEngine:
    """Docker's client without an engine: every container and volume can be made, none is there before."""

    def __init__(self) -> None:
        # It says what would go over the wire, and with its version given connects to nothing.
        self._encoder = docker.APIClient(base_url="http://127.0.0.1:9", version="1.41")
        self.calls: list[str] = []
        self.volumes: list[tuple[str, dict[str, str]]] = []
        self.containers: dict[str, dict[str, Any]] = {}
        self.images: set[str] | None = None
        self.left_behind: set[str] = set()

    def close(self) -> None:
        """Let go of what the client keeps for connections."""
        self._encoder.close()

    def inspect_image(self, image: str) -> dict[str, Any]:
        """Every image is there, unless the test says which."""
        self.calls.append("inspect image")
        if self.images is not None and image not in self.images:
            raise ImageNotFound(image, response=_not_found())
        return {}

    def inspect_container(self, container: str) -> dict[str, Any]:
        """Nothing is there but what was left behind, and what was made."""
        self.calls.append("inspect container")
        if container in self.left_behind:
            return {"Id": container, "Config": {"Env": []}, "State": {"Running": False}}
        if container in self.containers:
            network = self.containers[container]["HostConfig"]["NetworkMode"]
            return {"Id": container, "NetworkSettings": {"Networks": {network: {"IPAddress": "10.201.8.1"}}}}
        raise NotFound(container, response=_not_found())

    def create_volume(self, name: str, *, driver: str, labels: dict[str, str]) -> None:
        """Note a volume."""
        assert driver == "local"
        self.calls.append("create volume")
        self.volumes.append((name, labels))

    def create_host_config(self, **options: Any) -> dict[str, Any]:  # noqa: ANN401 - as docker-py
        """What Docker is told of the container's place on the server."""
        return self._encoder.create_host_config(**options)

    def create_container(self, name: str, **options: Any) -> dict[str, Any]:  # noqa: ANN401 - as docker-py
        """Note a container."""
        self.calls.append("create container")
        config = self._encoder.create_container_config(**options)
        self.containers[name] = json.loads(json.dumps(config))
        return {"Id": name}

    def start(self, container: str) -> None:
        """Note the start."""
        assert container in self.containers
        self.calls.append("start container")

    def remove_container(self, container: str, *, v: bool) -> None:
        """Note what is removed."""
        assert v, "volumes without a name are nobody's"
        self.calls.append("remove container")
        self.left_behind.remove(container)


def _not_found() -> Response:
    response = Response()
    response.status_code = 404
    return response
