"""What the program's settings make of the hub, seen on the objects that traitlets makes of its configuration."""

from collections.abc import Callable
from pathlib import Path

import jupyterhub.orm
import pytest

from images.hub.proxy import TraefikRoutes
from images.hub.runtime import DATA_FOLDER, HUB_PORT
from images.hub.spawner import UserServerSpawner
from tests.unit.images.configured_hub import CHECKOUT, SECRETS, SITES, ConfiguredHub

Configure = Callable[..., ConfiguredHub]


@pytest.mark.parametrize("site", SITES.values(), ids=SITES)
def test_every_option_is_one_of_the_class_it_is_set_on(configure: Configure, site: dict[str, object]) -> None:
    assert configure(**site).unknown_options() == []


def test_an_option_that_nothing_has_would_be_noticed(configure: Configure) -> None:
    typos = "c.Spawner.memory_limit = 1\nc.JupiterHub.port = 1\nc.PAMAuthenticator.open_sessions = True\n"
    hub = configure(site_files={"typos.py": typos})
    assert hub.unknown_options() == [
        "Spawner.memory_limit",
        "JupiterHub.port",
        "PAMAuthenticator.open_sessions",
    ]


@pytest.mark.parametrize("site", SITES.values(), ids=SITES)
def test_everything_can_be_made_of_it(configure: Configure, site: dict[str, object]) -> None:
    hub = configure(**site)
    assert isinstance(hub.spawner(), UserServerSpawner)
    assert isinstance(hub.proxy(), TraefikRoutes)
    assert hub.authenticator.admin_users <= {"carol"}


def test_a_hub_that_stops_leaves_servers_running(hub: ConfiguredHub) -> None:
    assert hub.app.cleanup_servers is False
    assert hub.app.proxy_class is TraefikRoutes
    assert hub.proxy().should_start is False


def test_the_hub_is_found_from_inside_and_outside(configure: Configure) -> None:
    app = configure(site={"domain": "hub.example.org", "https_port": 8443}).app
    assert app.hub_bind_url == f"http://0.0.0.0:{HUB_PORT}", "proxy and servers are on two networks"
    assert app.hub_connect_url == f"http://hub:{HUB_PORT}"
    assert app.public_url == "https://hub.example.org:8443/", "of https, else cookies would go without Secure"


def test_the_database_is_on_the_data_volume_and_brought_up_to_date(hub: ConfiguredHub) -> None:
    assert hub.app.db_url == f"sqlite:///{DATA_FOLDER}/jupyterhub.sqlite"
    assert jupyterhub.orm.create_engine(hub.app.db_url).url.database == f"{DATA_FOLDER}/jupyterhub.sqlite"
    assert hub.app.upgrade_db is True


def test_files_that_the_hub_writes_without_being_told_where_are_on_the_data_volume(hub: ConfiguredHub) -> None:
    assert not Path(hub.app.cookie_secret_file).is_absolute()
    assert f"WORKDIR {DATA_FOLDER}\n" in (CHECKOUT / "images/hub/Dockerfile").read_text()


def test_cookies_are_signed_with_the_programs_secret_which_is_written_nowhere(
    hub: ConfiguredHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    hub.app.init_secrets()
    assert hub.app.cookie_secret == bytes.fromhex(SECRETS["JPY_COOKIE_SECRET"])
    assert not (tmp_path / hub.app.cookie_secret_file).exists()


def test_no_secret_is_in_the_configuration_as_it_is_printed(hub: ConfiguredHub) -> None:
    printed = [repr(hub.app.config), str(hub.app.config), f"{hub.app.config}"]
    assert [name for name, value in SECRETS.items() if any(value in text for text in printed)] == []
    assert "<hidden>" in printed[0], "they are there all the same"


def test_no_secret_reaches_a_users_server(hub: ConfiguredHub) -> None:
    assert hub.spawner().env_keep == []
    assert not set(SECRETS) & set(hub.spawner().environment)


def test_missing_routes_are_put_back_within_a_minute(hub: ConfiguredHub) -> None:
    assert 0 < hub.app.last_activity_interval <= 60


def test_the_proxy_asks_traefik_with_the_programs_words(hub: ConfiguredHub) -> None:
    proxy = hub.proxy()
    assert proxy.traefik_api_url == "http://10.201.16.3:8099"
    assert (proxy.traefik_api_username, proxy.traefik_api_password) == ("hub", SECRETS["HUB_PROXY_API_PASSWORD"])
    assert proxy.traefik_entrypoint == "websecure"
    assert proxy.dynamic_config_file == "/srv/jupyterhub/routes/hub.toml"
    assert proxy.enable_setup_dynamic_config is False, "the program writes the API's router and its password"


def test_numbers_of_servers_are_the_settings(configure: Configure) -> None:
    app = configure(**SITES["large"]).app
    assert (app.active_server_limit, app.concurrent_spawn_limit) == (200, 16)


def test_without_settings_any_number_of_servers_runs_and_64_start_at_once(hub: ConfiguredHub) -> None:
    assert (hub.app.active_server_limit, hub.app.concurrent_spawn_limit) == (0, 64)


def test_pages_have_the_sites_title(configure: Configure) -> None:
    app = configure(site={"domain": "hub.example.org", "title": "Notebooks of the Faculty"}).app
    assert app.template_vars == {"site_title": "Notebooks of the Faculty"}
    [folder] = app.template_paths
    assert "{{ site_title }}" in (Path(folder) / "page.html").read_text()


@pytest.mark.parametrize(("threads", "expected"), [(1, 1), (8, 8), (32, 32)], ids=str)
def test_docker_is_called_by_as_many_threads_as_the_settings_say(
    configure: Configure, threads: int, expected: int
) -> None:
    spawner = configure(hub={"docker_threads": threads}).spawner()
    assert spawner.executor._max_workers == expected
