"""A stack deployed for tests by the real Pulumi command line, from a copy of the checkout and with its own backend."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import docker
import yaml
from docker.models.containers import Container

CHECKOUT = Path(__file__).parents[2]
_PASSPHRASE = "of-the-integration-tests"


def copy_checkout(folder: Path) -> Path:
    """Copy what git knows, and what it does not ignore, so that a test may change files without touching yours."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=CHECKOUT, check=True, capture_output=True, text=True
    ).stdout
    for name in filter(None, listed.split("\0")):
        source = CHECKOUT / name
        if source.exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, folder / name)
    (folder / ".bootstrap").mkdir()
    shutil.copy2(CHECKOUT / ".bootstrap/ca-bundle.pem", folder / ".bootstrap/ca-bundle.pem")
    return folder


class Deployment:
    """One stack in a copy of the checkout."""

    def __init__(self, folder: Path, backend: Path, stack: str) -> None:
        self.folder = folder
        self.stack = stack
        self.prefix = f"jupyterhub-{stack}"
        self.engine = docker.DockerClient()
        self.environment = {
            **{key: value for key, value in os.environ.items() if key != "PULUMI_CONFIG_PASSPHRASE_FILE"},
            "PULUMI_BACKEND_URL": f"file://{backend}",
            "PULUMI_CONFIG_PASSPHRASE": _PASSPHRASE,
        }
        backend.mkdir(exist_ok=True)
        self.pulumi("stack", "init", stack, named=False)

    @property
    def stack_file(self) -> Path:
        """Pulumi.<stack>.yaml of this stack."""
        return self.folder / f"Pulumi.{self.stack}.yaml"

    def configure(self, **concerns: object) -> None:
        """Write the stack file anew, with these concerns and nothing else but its salt."""
        content = yaml.safe_load(self.stack_file.read_text()) if self.stack_file.exists() else {}
        content["config"] = {f"jupyterhub:{name}": value for name, value in concerns.items()}
        self.stack_file.write_text(yaml.safe_dump(content))

    def pulumi(self, *arguments: str, check: bool = True, named: bool = True) -> subprocess.CompletedProcess[str]:
        """Run pulumi; its output, standard output and error in one, is in `stdout`.

        Raises:
            AssertionError: with that output, where it failed and `check` is set.
        """
        return self._run(["pulumi", *arguments, *(["--stack", self.stack] if named else [])], check=check)

    def hubctl(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run hubctl for this stack."""
        return self._run([sys.executable, "-m", "hubctl", *arguments, "--stack", self.stack], check=check)

    def _run(self, command: list[str], *, check: bool) -> subprocess.CompletedProcess[str]:
        result = subprocess.run(
            [*command],
            cwd=self.folder,
            env={**self.environment, "PULUMI_OPTION_NON_INTERACTIVE": "true"},
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert not check or result.returncode == 0, f"{' '.join(command)} failed:\n{result.stdout}"
        return result

    def up(self, *, check: bool = True) -> str:
        """Run `pulumi up`; everything it printed."""
        return self.pulumi("up", "--yes", "--skip-preview", check=check).stdout

    def preview(self, *arguments: str) -> list[dict[str, Any]]:
        """Run `pulumi preview`; the steps it would take, those that leave a resource as it is left out."""
        result = subprocess.run(
            ["pulumi", "preview", "--json", "--stack", self.stack, *arguments],
            cwd=self.folder,
            env=self.environment,
            check=False,
            capture_output=True,
            text=True,
        )
        assert result.returncode == 0, result.stdout + result.stderr
        return [step for step in json.loads(result.stdout)["steps"] if step["op"] not in {"same", "refresh", "read"}]

    def kill_up_when(self, said: str, delay: float = 0) -> None:
        """Start `pulumi up` and kill it, with all that it started, so many seconds after it has said something."""
        with (self.folder / "killed-up.log").open("w") as log:
            process = subprocess.Popen(
                ["pulumi", "up", "--yes", "--skip-preview", "--stack", self.stack],
                cwd=self.folder,
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + 120
        while said not in (self.folder / "killed-up.log").read_text():
            assert time.monotonic() < deadline, "the update never came that far"
            time.sleep(0.05)
        time.sleep(delay)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def output(self, name: str) -> Any:  # noqa: ANN401 - whatever the program exports
        """An output of the stack, secret or not."""
        outputs = json.loads(self.pulumi("stack", "output", "--json", "--show-secrets").stdout)
        return outputs[name]

    def container(self, part: str) -> Container:
        """A container of the stack by its name less the prefix."""
        return self.engine.containers.get(f"{self.prefix}-{part}")

    @contextmanager
    def no_docker_for_the_hub(self) -> Iterator[None]:
        """Have the hub's calls of Docker wait, and with them every start of a server."""
        socket_proxy = self.container("socket-proxy")
        socket_proxy.pause()
        try:
            yield
        finally:
            socket_proxy.unpause()

    def read_file(self, part: str, path: str) -> str:
        """A file inside a container of the stack."""
        code, content = self.container(part).exec_run(["cat", path])
        assert code == 0
        assert isinstance(content, bytes)
        return content.decode()

    def left_behind(self) -> list[str]:
        """Names of everything labelled as this stack's that still exists."""
        label: dict[str, str | list[str] | bool] = {"label": f"jupyterhub.stack={self.prefix}"}
        containers = [item.name or "" for item in self.engine.containers.list(all=True, filters=label)]
        volumes = [item.name for item in self.engine.volumes.list(filters=label)]
        networks = [item.name or "" for item in self.engine.networks.list(filters=label)]
        return [*containers, *volumes, *networks]

    def remove_everything(self) -> None:
        """Remove whatever is labelled as this stack's, whoever made it."""
        label: dict[str, str | list[str] | bool] = {"label": f"jupyterhub.stack={self.prefix}"}
        for container in self.engine.containers.list(all=True, filters=label):
            container.remove(force=True)
        for volume in self.engine.volumes.list(filters=label):
            volume.remove(force=True)
        for network in self.engine.networks.list(filters=label):
            network.remove()
