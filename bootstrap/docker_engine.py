"""Step 4: a Docker Engine that answers."""

import os
import shutil
import subprocess
import time
from pathlib import Path

from bootstrap import apt
from bootstrap.commands import BootstrapError, last_line, output_of, run_logged, version
from bootstrap.folders import state
from bootstrap.progress import Step

OLDEST = "20.10"
_DEFAULT_HOST = "unix:///var/run/docker.sock"
_SYSTEMD = Path("/run/systemd/system")  # there only where systemd runs the machine
_SECONDS_TO_START = 60
_ADVICE = (
    f"install Docker Engine {OLDEST} or newer (Debian, Ubuntu: `apt install docker.io iptables`), start it and let "
    "this user use it, or name another one in DOCKER_HOST; then run this again"
)


def ensure(step: Step) -> str | None:
    """Reach, start or install an engine.

    Returns:
        Its address when that is neither the default nor in DOCKER_HOST already: Pulumi's plugin does not read the
        Docker command's contexts.
    """
    host = address()
    if not _answer():
        step.outcome = "started"
        if host != _DEFAULT_HOST:
            raise BootstrapError(f"No Docker engine answers at {host}: start it, or correct DOCKER_HOST.")
        _install_missing(step)
        _start()
    engine = _answer()
    if version(engine) < version(OLDEST):
        raise BootstrapError(f"The Docker engine is version {engine}, which is too old: {_ADVICE}.")
    step.name = f"Docker engine {engine}"
    return host if host not in {_DEFAULT_HOST, os.environ.get("DOCKER_HOST")} else None


def address() -> str:
    """Where the Docker command looks for its engine."""
    if stated := os.environ.get("DOCKER_HOST"):
        return stated
    return output_of("docker", "context", "inspect", "--format", "{{.Endpoints.docker.Host}}") or _DEFAULT_HOST


def _answer() -> str | None:
    return output_of("docker", "version", "--format", "{{.Server.Version}}")


def _install_missing(step: Step) -> None:
    if shutil.which("docker") and shutil.which("dockerd") and shutil.which("iptables"):
        return
    if not apt.usable():
        raise BootstrapError(f"No Docker engine answers, and this user cannot install one: {_ADVICE}.")
    step.starting("installing docker.io and iptables")
    apt.refresh()
    packages = ["docker.io", "iptables"]
    if not shutil.which("docker") and apt.knows("docker-cli"):
        packages.append("docker-cli")
    if Path("/sys/module/apparmor/parameters/enabled").exists():
        packages.append("apparmor")
    apt.install(*packages)
    step.outcome = "installed and started"


def _start() -> None:
    if os.geteuid() != 0:
        raise BootstrapError(f"No Docker engine answers, or not to this user: {_ADVICE}.")
    if _SYSTEMD.is_dir():
        run_logged("starting Docker", "systemctl", "start", "docker")
        _wait(None, "see `journalctl -u docker`")
        return
    log = state() / "logs" / "dockerd.log"
    log.parent.mkdir(exist_ok=True)
    # A session of its own, so that neither the end of make nor Ctrl-C ends it; and no child of this process, which may
    # become another program (`bootstrap run`) that would keep the ended engine as a zombie.
    shell = ["sh", "-c", 'dockerd </dev/null >>"$0" 2>&1 & echo $!', str(log)]
    started = subprocess.run(shell, cwd="/", stdout=subprocess.PIPE, start_new_session=True, check=True)
    _wait(int(started.stdout), f"its log is {log}", log)


def _wait(daemon: int | None, where: str, log: Path | None = None) -> None:
    give_up = time.monotonic() + _SECONDS_TO_START
    while not _answer():
        ended = daemon is not None and not _is_running(daemon)
        if ended or time.monotonic() > give_up:
            reason = last_line(log) if log else f"no answer within {_SECONDS_TO_START} s"
            raise BootstrapError(f"The Docker engine does not start: {reason} ({where}).")
        time.sleep(0.2)


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
