"""The firewall's container, made as the program makes it, on the host of a world instead of the real one."""

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Self

from docker.models.containers import Container
from docker.types import Mount

from components.firewall import Firewall as FirewallComponent
from components.firewall import FirewallArgs
from components.networks import Networks, NetworksArgs
from images.firewall.health import heartbeat_problem
from images.firewall.runtime import HEARTBEAT_FILE, RUNTIME_VARIABLE, FirewallRuntime
from tests.integration.images.image import LABELS, Image
from tests.unit.recording import record
from tests.unit.sites import NAMES, settings_of


@dataclass
class Firewall:
    """A firewall of one runtime, whose heartbeat goes into a folder of its own."""

    image: Image
    host: Container
    """Whose network it guards."""
    runtime: FirewallRuntime
    folder: Path
    container: Container | None = None

    @property
    def heartbeat(self) -> Path:
        return self.folder / HEARTBEAT_FILE.name

    @property
    def log(self) -> str:
        """Everything said since it started."""
        assert self.container is not None
        return self.container.logs().decode()

    def start(self) -> Self:
        """Start it, and wait until it says that all is in force."""
        assert self.container is None
        self.container = self._create(["run"])
        self.container.start()
        wait_until(lambda: self.beats_since(0), 5, lambda: self.log)
        return self

    def stop(self) -> int:
        """End it as Docker does."""
        assert self.container is not None
        self.container.stop(timeout=5)
        status: int = self.container.wait()["StatusCode"]
        return status

    def remove(self) -> None:
        """Leave the rules alone."""
        if self.container is not None:
            self.container.remove(force=True)

    def check(self) -> tuple[int, str]:
        """Exit code and output of the running firewall's health check."""
        assert self.container is not None
        command = _as_the_program_makes_it()["healthcheck"]["tests"]
        assert command[0] == "CMD"
        status, output = self.container.exec_run(command[1:])
        assert status is not None
        assert isinstance(output, bytes)
        return status, output.decode()

    def do(self, *verb: str) -> tuple[int, str]:
        """Exit code and output of another verb, in a container of its own."""
        container = self._create(verb)
        try:
            container.start()
            return container.wait(timeout=30)["StatusCode"], container.logs().decode()
        finally:
            container.remove(force=True)

    def wait_until_well(self, seconds: float = 5) -> None:
        """Wait for a heartbeat whose firewall began to look after this moment."""
        end = time.monotonic() + seconds
        # What comes before the first one may have been looked at before.
        for _ in range(2):
            self._wait_for_a_beat(end - time.monotonic())

    def _wait_for_a_beat(self, seconds: float) -> None:
        moment = time.time()
        wait_until(lambda: self.beats_since(moment), seconds, lambda: self.log)

    def beats_since(self, moment: float) -> bool:
        """Whether all has been well after a moment."""
        if heartbeat_problem(self.heartbeat, self.runtime.fingerprint) is not None:
            return False
        return self.heartbeat.stat().st_mtime > moment

    def _create(self, verb: Sequence[str]) -> Container:
        made = _as_the_program_makes_it()
        return self.image.engine.containers.create(
            self.image.reference,
            list(verb),
            entrypoint=made["entrypoints"],
            environment={RUNTIME_VARIABLE: self.runtime.model_dump_json()},
            name=f"{self.host.name}-{uuid.uuid4().hex[:8]}",
            labels=LABELS,
            network_mode=f"container:{self.host.id}",
            read_only=made["readOnly"],
            init=made["init"],
            cap_drop=made["capabilities"]["drops"],
            cap_add=made["capabilities"]["adds"],
            security_opt=made["securityOpts"],
            mem_limit=f"{made['memory']}m",
            memswap_limit=f"{made['memorySwap']}m",
            mounts=[Mount(str(HEARTBEAT_FILE.parent), str(self.folder), type="bind")],
        )


@cache
def _as_the_program_makes_it() -> Mapping[str, Any]:
    settings = settings_of()

    def program() -> None:
        networks = Networks("networks", NetworksArgs(names=NAMES, network=settings.network))
        args = FirewallArgs(names=NAMES, network=settings.network, build=settings.build, networks=networks)
        FirewallComponent("firewall", args)

    return record(program)["firewall"].inputs


def wait_until(is_so: Callable[[], bool], seconds: float, why_not: Callable[[], str]) -> None:
    """Wait for something.

    Raises:
        AssertionError: it does not come about.
    """
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, why_not()
        time.sleep(0.02)
