"""Step 5: the image that all others are built from."""

import os
import pty
import select
import shutil
import subprocess

from bootstrap import apt
from bootstrap.commands import BootstrapError, output_of, run_logged
from bootstrap.folders import scratch
from bootstrap.progress import Step

SUITE = "trixie"
IMAGE = f"debian:{SUITE}-slim"
# As in the published slim image, but for the packages, which every image of ours needs.
_OPTIONS = [
    "--variant=minbase",
    "--include=ca-certificates,python3,python3-venv,tini",
    '--aptopt=APT::Install-Recommends "false"',
    *(f"--dpkgopt=path-exclude=/usr/share/{folder}/*" for folder in ("doc", "info", "locale", "man")),
    "--dpkgopt=path-include=/usr/share/doc/*/copyright",
]


def ensure(step: Step) -> None:
    """Find, pull or make the image."""
    if output_of("docker", "image", "inspect", "--format", "{{.Id}}", IMAGE):
        return
    if pull("docker", "pull", IMAGE):
        step.outcome = "pulled"
        return
    step.starting("no image registry here: making it from Debian's packages with mmdebstrap, about a minute")
    _make()
    step.outcome = "made"


def pull(*command: str, seconds: float = 10) -> bool:
    """Run a pull and tell whether it succeeded; it is ended when it shows no progress for some seconds."""
    # On a terminal the Docker command tells its progress all the time, else only once a layer.
    terminal, other_side = pty.openpty()
    try:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=other_side, stderr=other_side)
        os.close(other_side)
        while select.select([terminal], [], [], seconds)[0]:
            try:
                os.read(terminal, 65536)
            except OSError:  # the other side is closed: it has ended
                break
        else:
            process.kill()
        return process.wait() == 0
    finally:
        os.close(terminal)


def _make() -> None:
    if not shutil.which("mmdebstrap"):
        if not apt.usable():
            raise BootstrapError(
                f"No image registry answers and mmdebstrap is missing: `docker load` the image {IMAGE}, or install "
                "mmdebstrap and debian-archive-keyring; then run this again."
            )
        apt.refresh()
        apt.install("mmdebstrap", "debian-archive-keyring")
    with scratch() as folder:
        # Not piped: half an archive would be imported without complaint.
        archive = folder / "image.tar"
        run_logged(f"making {IMAGE} with mmdebstrap", "mmdebstrap", *_OPTIONS, SUITE, archive)
        run_logged(f"importing {IMAGE}", "docker", "import", "--change", 'CMD ["bash"]', archive, IMAGE)
