"""A site's own files in jupyterhub_config.d: the last word on every option."""

from collections.abc import Callable, Iterator

import pytest
from traitlets.config import Configurable

from images.hub.spawner import UserServerSpawner
from tests.unit.images.configured_hub import CHECKOUT, ConfiguredHub

Configure = Callable[..., ConfiguredHub]


SPECIAL: dict[str, object] = {
    "pull_policy": "always",
    "services": [{"name": "own"}],
    "load_roles": [{"name": "own"}],
    "public_url": "https://other.example.org/",
    "hub_bind_url": "http://0.0.0.0:8000",
}


def other_than(option: str, value: object) -> object:
    """Another value that is good for an option of ours."""
    if option in SPECIAL:
        return SPECIAL[option]
    match value:
        case bool():
            return not value
        case int() | float():
            return value + 1
        case str():
            return value + "x"
        case list() | set():
            return type(value)(["x"])
    return {"x": "y"}


def options_of(hub: ConfiguredHub, of: type[Configurable]) -> Iterator[tuple[str, object]]:
    """Each option of ours for a class, with its value."""
    for section in of.__mro__:
        yield from hub.app.config.get(section.__name__, {}).items()


def overridden(configure: Configure, of: str, get: Callable[[ConfiguredHub], Configurable]) -> list[str]:
    """Each option of ours, set by a site's file on each class that has it, that keeps our value."""
    ours = configure()
    kept = []
    seen = 0
    for option, value in options_of(ours, getattr(ours.app, of, type(ours.app))):
        if callable(value):  # a class, or a function that makes labels
            continue
        for section in type(get(ours)).__mro__:
            if option not in getattr(section, "_traits", {}) or section.__name__ in {"Configurable", "Application"}:
                continue
            seen += 1
            new = other_than(option, value)
            theirs = configure(site_files={"ours.py": f"c.{section.__name__}.{option} = {new!r}"})
            if getattr(get(theirs), option) != new:
                kept.append(f"c.{section.__name__}.{option}")
    assert seen > 2
    return kept


def test_they_can_change_every_option_of_the_hub(configure: Configure) -> None:
    assert overridden(configure, "", lambda hub: hub.app) == []


def test_they_can_change_every_option_of_user_servers_on_whatever_class_upstream_documents(
    configure: Configure,
) -> None:
    assert overridden(configure, "spawner_class", ConfiguredHub.spawner) == []


def test_they_can_change_every_option_of_the_log_in(configure: Configure) -> None:
    assert overridden(configure, "authenticator_class", lambda hub: hub.authenticator) == []


def test_they_can_change_how_the_container_is_created(configure: Configure) -> None:
    hub = configure(site_files={"gpu.py": 'c.DockerSpawner.extra_create_kwargs = {"runtime": "nvidia"}'})
    assert hub.spawner().extra_create_kwargs == {"runtime": "nvidia"}


def test_they_can_add_to_what_is_there(configure: Configure) -> None:
    hub = configure(
        site_files={
            "shm.py": 'c.DockerSpawner.extra_host_config.update({"shm_size": "256m"})',
            "service.py": 'c.JupyterHub.services.append({"name": "grades", "url": "http://grades:80"})',
        }
    )
    assert hub.spawner().extra_host_config["shm_size"] == "256m"
    assert hub.spawner().extra_host_config["cap_drop"] == ["ALL"]
    assert [service["name"] for service in hub.app.services] == ["idle-culler", "grades"]


def test_they_can_replace_the_spawner(configure: Configure) -> None:
    own = """
from images.hub.spawner import UserServerSpawner
class Own(UserServerSpawner): pass
c.JupyterHub.spawner_class = Own
"""
    spawner = configure(site_files={"own.py": own}).spawner()
    assert type(spawner).__name__ == "Own"
    assert isinstance(spawner, UserServerSpawner)
    assert spawner.mem_limit == 2 * 2**30, "our options are its options"


def test_the_last_by_name_wins(configure: Configure) -> None:
    files = {
        "10-second.py": "c.Spawner.cpu_limit = 2.0",
        "2-last.py": "c.Spawner.cpu_limit = 6.0",
        "01-first.py": "c.Spawner.cpu_limit = 5.0",
    }
    assert configure(site_files=files).spawner().cpu_limit == 6.0


def test_only_python_files_are_read(configure: Configure) -> None:
    files = {"README.md": "not Python", "old.py.bak": "raise RuntimeError", "data.json": "{"}
    assert configure(site_files=files).spawner().cpu_limit == 1.0


def test_a_site_that_adds_nothing_has_a_folder_that_says_what_it_is_for() -> None:
    folder = CHECKOUT / "images/hub/jupyterhub_config.d"
    assert [file.name for file in folder.iterdir() if file.name != "__pycache__"] == ["README.md"]


@pytest.mark.parametrize(
    "content", ["raise ValueError('no')", "this is no Python", "c.JupyterHub.services = nobody_knows_this"]
)
def test_a_broken_one_keeps_the_hub_from_starting(configure: Configure, content: str) -> None:
    with pytest.raises(Exception, match=r"no|invalid syntax|nobody_knows_this"):
        configure(site_files={"broken.py": content})
