"""What the program's settings make of a user's server, seen on the spawner that traitlets makes of them."""

import ast
import asyncio
from collections.abc import Callable

import pytest

from tests.unit.images.configured_hub import NOTEBOOK_IMAGE, SITES, STACK, ConfiguredHub
from tests.unit.images.engine import RecordingEngine
from tests.unit.recording import CHECKOUT

Configure = Callable[..., ConfiguredHub]
START_SCRIPT = (CHECKOUT / "images/notebook/single_user.py").read_text()


def test_a_server_starts_with_jupyterlab_in_the_home(hub: ConfiguredHub) -> None:
    spawner = hub.spawner()
    assert (spawner.default_url, spawner.notebook_dir) == ("/lab", "/home/jovyan")


@pytest.mark.parametrize(
    ("site", "command"),
    [("smallest", ["python", "-s", "-m", "single_user"]), ("published image", ["python", "-c", START_SCRIPT])],
    ids=["our own", "published"],
)
def test_a_server_starts_with_the_command_of_its_image(
    configure: Configure, engine: RecordingEngine, site: str, command: list[str]
) -> None:
    spawner = configure(**SITES[site]).spawner()
    asyncio.run(spawner.start())
    assert engine.containers[spawner.container_name]["Cmd"][: len(command)] == command


def test_a_server_may_use_what_the_settings_say(configure: Configure) -> None:
    spawner = configure(**SITES["large"]).spawner()
    assert (spawner.mem_limit, spawner.cpu_limit) == (4 * 2**30, 2.0)
    assert spawner.extra_host_config["pids_limit"] == 1024
    assert spawner.extra_host_config["memswap_limit"] == spawner.mem_limit, "no swap beside it"


def test_a_server_may_take_as_long_to_start_as_the_settings_say(configure: Configure) -> None:
    spawner = configure(hub={"start_timeout": "10m"}).spawner()
    assert (spawner.start_timeout, spawner.http_timeout) == (600, 600)


def test_a_server_gains_no_privileges(hub: ConfiguredHub) -> None:
    host_config = hub.spawner().extra_host_config
    assert host_config["cap_drop"] == ["ALL"]
    assert host_config["security_opt"] == ["no-new-privileges"]
    assert host_config["init"] is True, "else it would be slow to stop"


def test_logs_of_a_server_do_not_fill_the_disk(hub: ConfiguredHub) -> None:
    log_config = hub.spawner().extra_host_config["log_config"]
    assert log_config == {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "3"}}


def test_a_server_is_of_the_stack_and_a_new_container_at_each_start(hub: ConfiguredHub) -> None:
    spawner = hub.spawner()
    assert spawner.stack == STACK
    assert (spawner.image, spawner.pull_policy) == (NOTEBOOK_IMAGE, "never")
    assert spawner.remove is True
    assert spawner.network_name == f"{STACK}-users"
    assert spawner.use_internal_ip is True, "the hub talks to it by address"
    assert spawner.use_internal_hostname is False


def kernel_options(hub: ConfiguredHub) -> dict[str, str]:
    mark = "--MappingKernelManager."
    arguments = [argument.removeprefix(mark) for argument in hub.spawner().args if argument.startswith(mark)]
    return dict(argument.split("=") for argument in arguments)


def test_cookies_against_forged_requests_go_over_https_only(hub: ConfiguredHub) -> None:
    (argument,) = [argument for argument in hub.spawner().args if argument.startswith("--ServerApp.")]
    name, _, value = argument.partition("=")
    options = {"xsrf_cookie_kwargs": {"secure": True, "samesite": "Lax"}}
    assert (name, ast.literal_eval(value)) == ("--ServerApp.tornado_settings", options)
    assert hub.app.tornado_settings == options


@pytest.mark.parametrize(
    ("kernel_timeout", "options"),
    [
        ("2h", {"cull_idle_timeout": "7200", "cull_interval": "300", "cull_connected": "True"}),
        ("10m", {"cull_idle_timeout": "600", "cull_interval": "300", "cull_connected": "True"}),
        ("20s", {"cull_idle_timeout": "20", "cull_interval": "10", "cull_connected": "True"}),
        ("1s", {"cull_idle_timeout": "1", "cull_interval": "1", "cull_connected": "True"}),
        ("0s", {}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_idle_kernels_are_looked_for_often_enough_and_with_0s_never(
    configure: Configure, kernel_timeout: str, options: dict[str, str]
) -> None:
    hub = configure(idle={"kernel_timeout": kernel_timeout})
    assert kernel_options(hub) == options


def test_a_server_reports_its_activity_as_often_as_it_is_looked_at(configure: Configure) -> None:
    spawner = configure(idle={"server_timeout": "1h", "check_every": "90s"}).spawner()
    assert spawner.environment["JUPYTERHUB_ACTIVITY_INTERVAL"] == "90"


def test_the_sites_environment_is_the_servers_word_for_word(configure: Configure) -> None:
    environment = {"COURSE": "{username}", "FORMAT": "{} {0} {{x}} %s $HOME", "EMPTY": ""}
    spawner = configure(notebooks={"environment": environment}).spawner()
    assert {name: spawner.environment[name] for name in environment} == environment
