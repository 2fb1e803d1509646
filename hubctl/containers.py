"""What belongs to a stack on the Docker Engine, found by its labels: also what is not in Pulumi's state."""

from concurrent.futures import ThreadPoolExecutor, as_completed

import docker
from docker.errors import NotFound
from docker.models.containers import Container
from docker.models.volumes import Volume
from rich.console import Console
from rich.progress import Progress

from hubctl.pulumi_stack import PulumiStack

_USER_SERVER = "user-server"
_STOP_SECONDS = 10
_AT_ONCE = 8


class StackObjects:
    """Everything that carries the label of one stack."""

    def __init__(self, stack: PulumiStack) -> None:
        self._client = docker.DockerClient(base_url=stack.docker.host)
        self._label = f"jupyterhub.stack={stack.prefix}"
        self._firewall_image = f"jhub.invalid/{stack.project}/firewall"

    def remove_unknown(self, known: set[str]) -> list[str]:
        """Remove the program's own containers and networks whose identifiers are not known; the names of those."""
        containers = [
            container
            for container in self._client.containers.list(all=True, filters={"label": self._label})
            if container.labels["jupyterhub.role"] != _USER_SERVER and container.id not in known
        ]
        for container in containers:
            container.remove(force=True)
        networks = [
            network
            for network in self._client.networks.list(filters={"label": self._label}, greedy=True)
            if network.id not in known and not network.containers
        ]
        for network in networks:
            network.remove()
        return [*(str(container.name) for container in containers), *(str(network.name) for network in networks)]

    def stop_user_servers(self, console: Console) -> None:
        """Stop and remove every user's server; files stay."""
        containers = self._client.containers.list(
            all=True, filters={"label": [self._label, f"jupyterhub.role={_USER_SERVER}"]}
        )
        with ThreadPoolExecutor(_AT_ONCE) as pool, Progress(console=console, transient=True) as progress:
            bar = progress.add_task("Stopping user servers", total=len(containers))
            for stopped in as_completed([pool.submit(_stop, container) for container in containers]):
                stopped.result()
                progress.advance(bar)
        if containers:
            console.print(f"Stopped {len(containers)} user servers.")

    def volumes(self) -> list[Volume]:
        """Every volume of the stack, users' homes among them."""
        volumes: list[Volume] = self._client.volumes.list(filters={"label": self._label})
        return volumes

    def delete_volumes(self, console: Console) -> None:
        """Delete every volume of the stack, with what is in it."""
        volumes = self.volumes()
        for volume in volumes:
            volume.remove()
        if volumes:
            console.print(f"Deleted {len(volumes)} volumes.")

    def user_bridge(self) -> str | None:
        """Name of the user network's bridge, if there is that network."""
        networks = self._client.networks.list(filters={"label": [self._label, "jupyterhub.role=users"]}, greedy=True)
        return networks[0].attrs["Options"]["com.docker.network.bridge.name"] if networks else None

    def remove_firewall_rules(self, bridge: str | None, console: Console) -> None:
        """Remove the rules on a bridge, which stay when the firewall's container ends."""
        images = self._client.images.list(name=self._firewall_image)
        if bridge is None or not images:
            return
        answer: bytes = self._client.containers.run(
            images[0],
            ["python", "-m", "images.firewall", "remove", "--bridge", bridge],
            network_mode="host",
            cap_drop=["ALL"],
            cap_add=["NET_ADMIN"],
            remove=True,
        )
        console.print(answer.decode().strip())


def run_once(stack: PulumiStack, image: str, command: list[str]) -> str:
    """What a command prints in a container of an image, without a network."""
    client = docker.DockerClient(base_url=stack.docker.host)
    output: bytes = client.containers.run(image, command, remove=True, network_mode="none")
    return output.decode()


def _stop(container: Container) -> None:
    try:
        container.stop(timeout=_STOP_SECONDS)
        # The hub's own containers remove themselves when they stop; one that never ran does not.
        container.remove(force=True)
    except NotFound:
        return
    except docker.errors.APIError as error:
        if "already in progress" not in str(error):
            raise
