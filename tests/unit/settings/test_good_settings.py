"""What is said in stack files and in documentation is good, and means what it should."""

import re
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from pydantic import BaseModel, ValidationError

from settings import Settings, load
from settings.access import AccessSettings
from settings.auth import OidcAuth, PasswordSource, SharedPasswordAuth
from settings.hub import DerivedSecret
from settings.network import NetworkSettings
from settings.notebooks import BuiltNotebookImage
from settings.problems import validate_settings
from settings.tls import AcmeTls, FilesTls, SelfSignedTls
from tests.unit.settings.certificates import NOW, files, pair
from tests.unit.settings.conftest import Loader
from tests.unit.sites import SMALLEST, problems_of, settings_of

PROJECT = Path(__file__).parents[3]
DOCUMENTS = [PROJECT / "README.md", *sorted((PROJECT / "docs").glob("*.md"))]
EXAMPLES = sorted((PROJECT / "examples").glob("*.yaml"))


def stack_file(stack: str) -> dict[str, Any]:
    config = yaml.safe_load((PROJECT / f"Pulumi.{stack}.yaml").read_text())["config"]
    return {key.removeprefix("jupyterhub:"): value for key, value in config.items()}


def test_a_site_need_not_say_more_than_where_and_who() -> None:
    settings = settings_of()
    assert settings.site.url == "https://hub.example.org/"
    assert not settings.site.is_loopback
    assert isinstance(settings.tls, SelfSignedTls)
    assert isinstance(settings.auth, SharedPasswordAuth)
    assert settings.auth.passwords is PasswordSource.GENERATED
    assert isinstance(settings.notebooks.image, BuiltNotebookImage)


def test_by_default_limits_hold_and_idle_servers_stop_and_nobody_is_an_admin() -> None:
    settings = settings_of()
    assert settings.notebooks.limits.memory == 2 * 1024**3
    assert settings.notebooks.limits.pids == 512
    assert settings.idle.server_timeout == 3600
    assert settings.access.admins == frozenset()
    assert settings.services == {}
    assert settings.docker.socket_path == "/var/run/docker.sock"


def test_settings_stay_as_they_were_read() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        settings_of().site.domain = "elsewhere.example.org"  # type: ignore[misc]


def test_the_dev_stack_loads_and_stays_on_this_machine(load_stack: Loader) -> None:
    settings = load_stack(stack_file("dev")).settings
    assert settings.site.url == "https://localhost:8443/"
    assert settings.site.is_loopback
    assert settings.proxy.hsts == 0, "a year of it would cover every other program on localhost"


def test_the_prod_stack_loads_once_its_secret_is_there(load_stack: Loader) -> None:
    loaded = load_stack(stack_file("prod"), {"oauth_client_secret": "of the log-in server"})
    assert isinstance(loaded.settings.tls, AcmeTls)
    assert isinstance(loaded.settings.auth, OidcAuth)
    assert loaded.auth_secret == ("of the log-in server", True)
    assert loaded.settings.idle.max_age == 7 * 24 * 3600
    assert loaded.settings.hub.active_server_limit == 200


@pytest.mark.parametrize("example", EXAMPLES, ids=[example.stem for example in EXAMPLES])
def test_an_example_loads_once_its_files_and_secret_are_there(
    load_stack: Loader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, example: Path
) -> None:
    monkeypatch.setattr(load, "now", lambda: NOW)
    config = yaml.safe_load(example.read_text())["config"]
    concerns = {key.removeprefix("jupyterhub:"): value for key, value in config.items()}
    made = pair("*.example.org")
    there = files(tmp_path, made.pem, made.key_pem)
    concerns["tls"] |= {
        "certificate_file": str(there.certificate_file),
        "private_key_file": str(there.private_key_file),
    }
    secrets = {"oauth_client_secret": "of GitLab"} if concerns["auth"]["kind"] == "gitlab" else {}
    loaded = load_stack(concerns, secrets)
    assert isinstance(loaded.settings.tls, FilesTls)
    assert loaded.certificate
    assert loaded.certificate.certificate_pem == made.pem.decode()


def indented_blocks(text: str) -> list[str]:
    """Blocks of code of a Markdown page, indented or fenced."""
    fenced = re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    indented = re.findall(r"(?:^    .*\n|^\n(?=    ))+", text, re.MULTILINE)
    return [*fenced, *(re.sub(r"^    ", "", block, flags=re.MULTILINE).strip("\n") for block in indented)]


def configuration_in(document: Path) -> list[dict[str, Any]]:
    """The stack files, and pieces of one, that a page shows."""
    blocks = [block for block in indented_blocks(document.read_text()) if re.match(r"config:|jupyterhub:\w+:", block)]
    contents = [yaml.safe_load(block) for block in blocks]
    return [
        {key.removeprefix("jupyterhub:"): value for key, value in content.get("config", content).items()}
        for content in contents
    ]


def settings_in(document: Path) -> list[tuple[str, Any]]:
    """Single settings such as `hub.secret_rotation: {cookie_secret: 1}` within a page's sentences."""
    found = re.findall(r"`([a-z_]+(?:\.[a-z_]+)*): ?([^`]+)`", " ".join(document.read_text().split()))
    return [(path, yaml.safe_load(value)) for path, value in found if path.split(".")[0] in Settings.model_fields]


BLOCKS = [(page.name, block) for page in DOCUMENTS for block in configuration_in(page)]
PIECES = [(page.name, path, value) for page in DOCUMENTS for path, value in settings_in(page)]
PATHS = sorted(
    {
        path
        for page in DOCUMENTS
        for path in re.findall(r"`([a-z_]+(?:\.[a-z_]+)+)(?=[`:])", page.read_text())
        if path.split(".")[0] in Settings.model_fields and path != "docker.io"  # Debian's package
    }
)


@pytest.mark.parametrize(("page", "block"), BLOCKS, ids=[f"{page}: {', '.join(block)}" for page, block in BLOCKS])
def test_a_stack_file_in_the_documentation_is_good(page: str, block: dict[str, Any]) -> None:
    settings = validate_settings(block if "site" in block else {**SMALLEST, **block})
    assert settings.model_fields_set >= set(block), page


@pytest.mark.parametrize(("page", "path", "value"), PIECES, ids=[f"{page}: {path}" for page, path, _ in PIECES])
def test_a_setting_in_the_documentation_is_good(page: str, path: str, value: object) -> None:
    concern, *keys = path.split(".")
    for key in reversed(keys):
        value = {key: value}
    assert problems_of(**{concern: value}) == [], page


@pytest.mark.parametrize("path", PATHS)
def test_a_key_that_the_documentation_names_is_a_setting(path: str) -> None:
    annotation: Any = Settings
    for key in path.split("."):
        models = [model for model in (annotation, *get_args(annotation)) if isinstance(model, type)]
        fields = [model.model_fields for model in models if issubclass(model, BaseModel)]
        (annotation,) = {known[key].annotation for known in fields if key in known}


def test_the_documentation_shows_a_whole_stack_file_services_and_an_image() -> None:
    assert any("site" in block for page, block in BLOCKS if page == "README.md")
    assert any("services" in block for _, block in BLOCKS)
    assert "notebooks.image" in {path for _, path, _ in PIECES}
    assert "idle.server_timeout" in PATHS


@pytest.mark.parametrize(("port", "url"), [(443, "https://hub.example.org/"), (8443, "https://hub.example.org:8443/")])
def test_the_address_names_the_port_where_it_is_not_that_of_https(port: int, url: str) -> None:
    assert settings_of(site={**SMALLEST["site"], "https_port": port}).site.url == url


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.53"])
def test_anybody_may_be_let_in_where_only_this_machine_can_come(address: str) -> None:
    site = {**SMALLEST["site"], "bind_address": address}
    assert problems_of(site=site, auth={"kind": "dummy"}) == []


def test_the_front_door_answers_to_the_site_and_to_services_by_host() -> None:
    services = {
        "grafana": {"path": "/grafana", "target": "http://grafana:3000", "strip_path": True},
        "docs": {"host": "docs.example.org", "target": "http://10.0.0.7:8080"},
    }
    assert settings_of(services=services).host_names == ["hub.example.org", "docs.example.org"]


@pytest.mark.parametrize("path", ["/hubble", "/users", "/grafana/hub", "/services-of-ours", "/lab"])
def test_a_service_may_have_a_path_that_only_looks_like_the_hubs(path: str) -> None:
    assert problems_of(services={"grafana": {"path": path, "target": "http://grafana:3000"}}) == []


@pytest.mark.parametrize("path", ["/hub", "/user/alice", "/services/x", "/user-redirect", "/_chp_healthz"])
def test_a_service_may_have_no_path_of_the_hub(path: str) -> None:
    assert len(problems_of(services={"grafana": {"path": path, "target": "http://grafana:3000"}})) == 1


@pytest.mark.parametrize(
    "access",
    [
        {"allow_all": True},
        {"allow_all": True, "admins": ["carol"]},
        {"allowed_users": ["alice"]},
        {"allowed_users": ["alice"], "allow_existing": True, "admins": ["carol"]},
    ],
    ids=str,
)
def test_one_rule_that_lets_people_in_is_enough(access: dict[str, Any]) -> None:
    assert settings_of(access=access).access == AccessSettings.model_validate(access)


@pytest.mark.parametrize(
    "idle",
    [
        {"server_timeout": "0s"},
        {"server_timeout": "60s", "check_every": "30s"},
        {"server_timeout": "10m", "check_every": "5m"},
        {"server_timeout": "0s", "check_every": "1d"},
    ],
    ids=str,
)
def test_a_server_may_stay_for_ever_or_as_long_as_its_activity_is_seen(idle: dict[str, str]) -> None:
    assert problems_of(idle=idle) == []


@pytest.mark.parametrize("days", [(2, 1), (825, 824), (61, 60)], ids=str)
def test_a_certificate_may_be_renewed_as_late_as_the_day_after_it_began(days: tuple[int, int]) -> None:
    tls = {"kind": "self_signed", "validity_days": days[0], "renew_before_days": days[1]}
    assert problems_of(tls=tls) == []


@pytest.mark.parametrize("secret", list(DerivedSecret))
def test_every_derived_secret_can_be_rotated(secret: DerivedSecret) -> None:
    assert settings_of(hub={"secret_rotation": {secret.value: 2}}).hub.secret_rotation == {secret: 2}


@pytest.mark.parametrize("subnet", ["10.201.0.0/16", "10.201.0.0/20", "192.168.7.0/26"])
def test_on_the_user_network_no_fixed_address_is_in_the_users_half(subnet: str) -> None:
    network = NetworkSettings.model_validate({"subnet": subnet, "control_subnet": "172.16.0.0/28"})
    fixed = [network.gateway, network.hub_address, network.proxy_address, network.egress_proxy_address]
    assert len({*fixed, network.subnet.network_address}) == 5
    assert all(address in network.subnet and address not in network.user_range for address in fixed)
    assert network.user_range.broadcast_address == network.subnet.broadcast_address
    assert network.user_range.num_addresses * 2 == network.subnet.num_addresses


def test_the_addresses_of_the_infrastructure_never_move() -> None:
    network = NetworkSettings()
    assert [network.gateway, network.hub_address, network.proxy_address] == [
        IPv4Address(f"10.201.0.{number}") for number in (1, 10, 20)
    ]
    assert [network.control_gateway, network.hub_control_address, network.proxy_control_address] == [
        IPv4Address(f"10.201.16.{number}") for number in (1, 2, 3)
    ]


@pytest.mark.parametrize("control", ["10.201.16.0/28", "10.201.16.0/24", "192.168.0.0/16"])
def test_the_control_network_may_be_larger(control: str) -> None:
    assert problems_of(network={"control_subnet": control}) == []
