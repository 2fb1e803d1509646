"""The hub: tried out with its settings before it is replaced, its secrets apart from them."""

import json
from typing import Any

import pulumi
import pytest

from components.certificates import Certificates, CertificatesArgs
from components.firewall import Firewall, FirewallArgs
from components.hub import Hub, HubArgs
from components.hub_runtime import hub_runtime
from components.networks import Networks, NetworksArgs
from components.notebook_image import NotebookImage, NotebookImageArgs
from components.reverse_proxy import ReverseProxy, ReverseProxyArgs
from components.secrets import Secrets, SecretsArgs
from components.socket_proxy import SocketProxy, SocketProxyArgs
from components.volumes import Volumes, VolumesArgs
from images.hub.runtime import HubRuntime, HubSecrets
from settings.network import Isolation
from tests.unit.recording import Recording, Registration, State, record
from tests.unit.sites import NAMES, settings_of

USER_PASSWORD, ADMIN_PASSWORD = "for everybody; with = and ;", "for admins"


def hub(
    into: Recording | None = None,
    states: dict[str, State] | None = None,
    *,
    preview: bool = False,
    **concerns: object,
) -> Recording:
    settings = settings_of(**concerns)

    def program() -> None:
        networks = Networks("networks", NetworksArgs(names=NAMES, network=settings.network))
        volumes = Volumes("volumes", VolumesArgs(names=NAMES))
        secrets = Secrets("secrets", SecretsArgs())
        certificates = CertificatesArgs(tls=settings.tls, organization="it", host_names=settings.host_names)
        proxy = ReverseProxyArgs(
            names=NAMES,
            settings=settings,
            networks=networks,
            certificates=Certificates("certificates", certificates),
            routes_volume=volumes.routes,
            acme_volume=volumes.acme,
            api_password=secrets.proxy_api_password,
        )
        image = NotebookImageArgs(names=NAMES, image=settings.notebooks.image, build=settings.build)
        notebook_image = NotebookImage("notebook", image)
        socket_proxy = SocketProxyArgs(
            names=NAMES, settings=settings, notebook_image=notebook_image, docker_api_volume=volumes.docker_api
        )
        firewall = FirewallArgs(names=NAMES, network=settings.network, build=settings.build, networks=networks)
        args = HubArgs(
            names=NAMES,
            settings=settings,
            networks=networks,
            volumes=volumes,
            secrets=secrets,
            user_password=pulumi.Output.secret(USER_PASSWORD),
            admin_password=pulumi.Output.secret(ADMIN_PASSWORD),
            notebook_image=notebook_image,
            reverse_proxy=ReverseProxy("proxy", proxy),
            socket_proxy=SocketProxy("socket-proxy", socket_proxy),
            firewall=Firewall("firewall", firewall) if settings.network.isolation is Isolation.FIREWALL else None,
            egress_proxy=None,
        )
        Hub("hub", args)

    return record(program, into=into, states=states, preview=preview)


def environment(container: Registration) -> dict[str, str]:
    lines = container.secret("envs")
    assert isinstance(lines, list)
    return dict(line.split("=", 1) for line in lines)


def test_it_has_a_fixed_name_and_belongs_to_the_component() -> None:
    made = hub()["hub"]
    assert (made.inputs["name"], made.parent) == ("jupyterhub-test-hub", "hub")
    assert made.labels == {"jupyterhub.stack": "jupyterhub-test", "jupyterhub.role": "hub"}


@pytest.mark.parametrize(
    ("concerns", "base"),
    [
        ({}, "debian:trixie-slim"),
        ({"build": {"base_image": "example.org/debian:13"}}, "example.org/debian:13"),
        (
            {"build": {"base_image": "example.org/debian:13"}, "hub": {"base_image": "example.org/hub:6"}},
            "example.org/hub:6",
        ),
    ],
    ids=["default", "of every image", "its own"],
)
def test_its_image_is_built_on_the_base_of_the_settings(concerns: dict[str, Any], base: str) -> None:
    made = hub(**concerns)
    image = made["hub-image-build"]
    assert image.inputs["build"]["context"] == "images/hub"
    assert image.inputs["build"]["buildArgs"]["BASE_IMAGE"] == base
    assert made["hub"].inputs["image"] == image.inputs["name"] == made.outputs["hub"]["image"]


def test_previews_show_its_settings_and_the_hub_reads_them() -> None:
    made = hub(hub={"active_server_limit": 200})
    (upload,) = made["hub"].inputs["uploads"]
    settings = settings_of(hub={"active_server_limit": 200})
    assert upload["file"] == "/etc/jupyterhub/runtime.json"
    expected = hub_runtime(settings, NAMES, made.outputs["notebook"]["reference"])
    assert HubRuntime.model_validate_json(upload["content"]) == expected


def test_its_secrets_are_those_of_the_stack_and_hidden() -> None:
    made = hub()
    derived = {name: output["value"] for name, output in made.outputs["secrets"].items()}
    assert environment(made["hub"]) == {
        "JPY_COOKIE_SECRET": derived["cookie_secret"],
        "JUPYTERHUB_CRYPT_KEY": derived["crypt_key"],
        "HUB_PROXY_API_PASSWORD": derived["proxy_api_password"],
        "HUB_USER_PASSWORD": USER_PASSWORD,
        "HUB_ADMIN_PASSWORD": ADMIN_PASSWORD,
    }


def test_the_hub_finds_all_its_secrets_in_its_environment() -> None:
    found = HubSecrets.from_environment(environment(hub()["hub"]))
    assert all(found.model_dump(exclude={"hub_auth_secret"}).values())
    assert found.hub_auth_secret == "", "of another kind of log-in"


def test_it_keeps_its_data_writes_routes_and_reaches_docker() -> None:
    mounts = hub()["hub"].inputs["mounts"]
    assert [(mount["type"], mount["source"], mount["target"], mount["readOnly"]) for mount in mounts] == [
        ("volume", "jupyterhub-test-hub-data", "/srv/jupyterhub/data", False),
        ("volume", "jupyterhub-test-routes", "/srv/jupyterhub/routes", False),
        ("volume", "jupyterhub-test-docker-api", "/run/docker-api", True),
        ("volume", "jupyterhub-test-firewall", "/run/firewall", True),
    ]


def test_it_waits_for_the_firewall_where_there_is_one() -> None:
    assert "firewall" in hub()["hub"].dependencies
    without = hub(network={"isolation": "docker", "egress": "blocked"})["hub"]
    assert "firewall" not in without.dependencies
    assert "/run/firewall" not in {mount["target"] for mount in without.inputs["mounts"]}


def test_proxy_and_user_servers_find_it_at_the_addresses_of_the_settings() -> None:
    network = {"subnet": "10.9.0.0/22", "control_subnet": "10.9.4.0/28"}
    assert hub(network=network)["hub"].inputs["networksAdvanced"] == [
        {"name": "id-of-networks-control", "ipv4Address": "10.9.4.2", "aliases": ["hub"]},
        {"name": "id-of-networks-users", "ipv4Address": "10.9.0.10", "aliases": ["hub"]},
    ]


def test_its_memory_is_that_of_the_settings() -> None:
    assert hub(hub={"memory": "2G"})["hub"].inputs["memory"] == 2048


def test_it_is_well_when_it_answers() -> None:
    health = hub()["hub"].inputs["healthcheck"]
    assert health["tests"][:4] == ["CMD", "python", "-S", "-c"]
    assert '("127.0.0.1", 8081)' in health["tests"][4]
    assert "GET /hub/health " in health["tests"][4]
    # As Go prints a duration: the provider would see a change at every preview otherwise.
    assert (health["interval"], health["timeout"], health["startPeriod"]) == ("2s", "5s", "1m0s")


def test_its_services_have_time_to_stop_before_it_does() -> None:
    assert hub()["hub"].inputs["destroyGraceSeconds"] == 60


def test_it_comes_after_its_check_the_notebooks_check_and_the_front_door() -> None:
    assert {"hub-check", "notebook-version-check", "proxy"} <= hub()["hub"].dependencies


def test_the_check_has_the_same_image_and_settings() -> None:
    made = hub()
    check = made["hub-check"]
    assert check.inputs["entrypoints"] == ["python", "-m", "images.hub.check"]
    for same in ("image", "uploads"):
        assert check.inputs[same] == made["hub"].inputs[same]


def test_the_check_gets_secrets_that_protect_nothing() -> None:
    made = hub()
    stand_ins = dict(line.split("=", 1) for line in made["hub-check"].inputs["envs"])
    assert stand_ins.keys() >= environment(made["hub"]).keys()
    assert len(set(stand_ins.values())) == len(stand_ins)
    assert not set(stand_ins.values()) & set(environment(made["hub"]).values())
    assert all(len(bytes.fromhex(value)) == 32 for value in stand_ins.values())


def test_the_check_sees_no_data_and_no_docker() -> None:
    assert hub()["hub-check"].inputs.get("mounts", []) == []


def test_a_secret_that_changes_does_not_run_the_check_again() -> None:
    other: State = {"privateKeyPem": "another key"}
    one, another = hub(), hub(states={"secrets-root-key": other})
    assert one["hub-check"].inputs == another["hub-check"].inputs
    assert one["hub"].inputs != another["hub"].inputs


@pytest.mark.parametrize(
    ("failing", "sentence"),
    [
        ("hub-check", "The hub does not start with these settings; the running one was left alone.\nsaid by it"),
        ("proxy-check", "Traefik does not start with these settings; the running one was left alone.\nsaid by it"),
        ("notebook-version-check", "has no JupyterHub of its own"),
    ],
)
def test_any_check_that_fails_leaves_the_running_hub_alone(failing: str, sentence: str) -> None:
    attempt = Recording()
    state: State = {"exitCode": 1, "containerLogs": "said by it"}
    with pytest.raises(pulumi.RunError, match=sentence):
        hub(attempt, {failing: state})
    assert failing in {each.name for each in attempt}
    assert "jupyterhub-test-hub" not in {each.inputs.get("name") for each in attempt}


def test_a_preview_shows_the_settings_although_nothing_is_built_yet() -> None:
    (upload,) = hub(preview=True)["hub"].inputs["uploads"]
    assert json.loads(upload["content"])["stack"] == "jupyterhub-test"
