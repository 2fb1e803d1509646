"""How the images are built: from what is named outside, nothing unlocked, and without what belongs to the build."""

import re
from pathlib import Path

import pytest

from components.built_image import context_files
from tests.unit.images.configured_hub import CHECKOUT

FOLDERS = sorted(dockerfile.parent for dockerfile in (CHECKOUT / "images").glob("*/Dockerfile"))
of_every_image = pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)

Instruction = tuple[str, str]


def instructions(folder: Path) -> list[Instruction]:
    """Name and text of each instruction, continued lines joined, comments left out."""
    lines = [line for line in (folder / "Dockerfile").read_text().splitlines() if not line.lstrip().startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ").splitlines()
    return [(line.split()[0], line.split(maxsplit=1)[1]) for line in joined if line.strip()]


def last_stage(folder: Path) -> list[Instruction]:
    found = instructions(folder)
    start = max(position for position, (name, _) in enumerate(found) if name == "FROM")
    return found[start:]


def runs(folder: Path) -> list[str]:
    return [text for name, text in instructions(folder) if name == "RUN"]


def test_no_image_is_overlooked() -> None:
    assert {"hub", "notebook", "reverse_proxy", "socket_proxy"} <= {folder.name for folder in FOLDERS}


@of_every_image
def test_the_base_image_is_the_settings_one(folder: Path) -> None:
    found = instructions(folder)
    assert found[0] == ("ARG", "BASE_IMAGE=debian:trixie-slim")
    bases = [text.split()[0] for name, text in found if name == "FROM"]
    assert set(bases) == {"${BASE_IMAGE}"}


@of_every_image
def test_packages_come_from_the_lock_alone(folder: Path) -> None:
    installs = re.findall(r"pip install [^&;|]*", " ".join(runs(folder)))
    locked = [line for line in installs if "--require-hashes -r" in line]
    assert len(locked) == 1
    # A site's own packages are the site's to pin; what the lock brought stays as it is.
    assert [
        line for line in installs if line not in locked and "-c /tmp/constraints.txt $PIP_PACKAGES" not in line
    ] == []


@of_every_image
def test_nothing_is_downloaded_but_packages(folder: Path) -> None:
    assert not re.search(r"\b(curl|wget|git) (-\S+ )*(https?:|clone)", " ".join(runs(folder)))
    assert not [text for name, text in instructions(folder) if name == "ADD"]


@of_every_image
def test_authorities_to_trust_are_a_secret_of_each_step_that_downloads(folder: Path) -> None:
    downloads = [text for text in runs(folder) if re.search(r"apt-get|pip install", text)]
    assert downloads
    assert [text for text in downloads if "--mount=type=secret,id=ca" not in text] == []
    assert [text for text in downloads if "PIP_CERT" not in text and "Acquire::https::CAInfo" not in text] == []
    assert not [text for name, text in instructions(folder) if name in {"ARG", "ENV"} and "CERT" in text]


@of_every_image
def test_every_image_knows_the_authorities_that_everybody_trusts(folder: Path) -> None:
    # A slim base image has none: nothing would speak https with the outside.
    installed = any(name == "RUN" and " ca-certificates " in text for name, text in last_stage(folder))
    copied = ("COPY", "--from=download {0} {0}".format("/etc/ssl/certs/ca-certificates.crt"))
    assert installed or copied in last_stage(folder)


@of_every_image
def test_a_raised_revision_runs_every_step_anew(folder: Path) -> None:
    names = [name if name != "ARG" else text.split("=")[0] for name, text in instructions(folder)]
    assert names.index("REVISION") < names.index("RUN")


@of_every_image
def test_nothing_of_a_build_argument_stays_in_the_environment(folder: Path) -> None:
    set_in_image = " ".join(text for name, text in last_stage(folder) if name in {"ENV", "LABEL"})
    arguments = [text.split("=")[0] for name, text in instructions(folder) if name == "ARG"]
    assert not [argument for argument in arguments if argument in set_in_image]


@of_every_image
def test_what_python_leaves_behind_is_no_part_of_the_build(folder: Path) -> None:
    ignored = (folder / ".dockerignore").read_text().split()
    assert ignored == [".dockerignore", "Dockerfile", "**/__pycache__", "**/*.pyc"]


@of_every_image
def test_the_content_hash_covers_what_the_build_sees(folder: Path) -> None:
    hashed = {file.relative_to(folder).as_posix() for file in context_files(folder)}
    copied = [text.split() for name, text in instructions(folder) if name == "COPY" and "--from" not in text]
    sources = {source for words in copied for source in words[:-1] if source != "."}
    assert sources <= hashed
    assert "Dockerfile" in hashed
    assert not [file for file in hashed if file.endswith(".pyc")]


def test_a_notebook_server_is_no_root() -> None:
    users = [text for name, text in last_stage(CHECKOUT / "images/notebook") if name == "USER"]
    assert users[-1:] == ["jovyan"]
    assert "useradd --uid 1000 --user-group --create-home" in " ".join(runs(CHECKOUT / "images/notebook"))


def test_nothing_in_the_notebook_image_is_done_as_root_after_it_has_a_user() -> None:
    names = [name for name, _ in last_stage(CHECKOUT / "images/notebook")]
    assert not {"RUN", "COPY"} & set(names[names.index("USER") :])


def test_an_update_of_a_sites_packages_cannot_bring_another_jupyterhub() -> None:
    [extra] = [text for text in runs(CHECKOUT / "images/notebook") if "$PIP_PACKAGES" in text]
    assert extra.index("pip freeze --local > /tmp/constraints.txt") < extra.index("-c /tmp/constraints.txt")


def test_the_hub_starts_with_our_configuration() -> None:
    assert last_stage(CHECKOUT / "images/hub")[-1] == (
        "CMD",
        '["jupyterhub", "-f", "/srv/jupyterhub/images/hub/jupyterhub_config.py"]',
    )
    environment = " ".join(text for name, text in last_stage(CHECKOUT / "images/hub") if name == "ENV")
    assert "PYTHONPATH=/srv/jupyterhub " in environment, "our code is images.hub there too"
    assert ("COPY", ". /srv/jupyterhub/images/hub") in last_stage(CHECKOUT / "images/hub")


def test_the_front_door_has_traefik_and_nothing_of_how_it_was_fetched() -> None:
    stage = last_stage(CHECKOUT / "images/reverse_proxy")
    assert [text for name, text in stage if name == "COPY"] == [
        "--from=download /opt/traefik/bin/traefik /usr/local/bin/traefik",
        "--from=download {0} {0}".format("/etc/ssl/certs/ca-certificates.crt"),
    ]
    assert not [text for name, text in stage if name == "RUN" and "apt-get" in text]
