"""The front door: Traefik, tried out before it is replaced, and the files that are handed to it."""

import json

import pulumi
import pytest

from components.certificates import Certificates, CertificatesArgs
from components.networks import Networks, NetworksArgs
from components.reverse_proxy import ReverseProxy, ReverseProxyArgs
from components.secrets import Secrets, SecretsArgs
from components.traefik import healthcheck_arguments, static_arguments, static_routes_file
from tests.unit.recording import IMAGE, Recording, State, record
from tests.unit.sites import NAMES, settings_of

SERVICES = {"grafana": {"path": "/grafana", "target": "http://grafana:3000"}}


def proxy(into: Recording | None = None, states: dict[str, State] | None = None, **concerns: object) -> Recording:
    settings = settings_of(**concerns)

    def program() -> None:
        certificates = CertificatesArgs(
            tls=settings.tls, organization=NAMES.prefix, host_names=settings.host_names, files=None
        )
        args = ReverseProxyArgs(
            names=NAMES,
            settings=settings,
            networks=Networks("networks", NetworksArgs(names=NAMES, network=settings.network)),
            certificates=Certificates("certificates", certificates),
            routes_volume="the-routes-volume",
            acme_volume="the-acme-volume",
            api_password=Secrets("secrets", SecretsArgs()).proxy_api_password,
        )
        ReverseProxy("proxy", args)

    return record(program, into=into, states=states)


def test_it_has_a_fixed_name_and_belongs_to_the_component() -> None:
    made = proxy()["proxy"]
    assert made.inputs["name"] == "jupyterhub-test-proxy"
    assert made.parent == "proxy"
    assert made.labels == {"jupyterhub.stack": "jupyterhub-test", "jupyterhub.role": "proxy"}


def test_its_image_is_built_by_default() -> None:
    made = proxy()
    (image,) = made.of(IMAGE)
    assert image.inputs["build"]["context"] == "images/reverse_proxy"
    assert made["proxy"].inputs["image"] == image.inputs["name"]
    assert made.outputs["proxy"] == {"image": image.inputs["name"]}


def test_a_published_image_is_pulled_instead_and_stays() -> None:
    made = proxy(proxy={"image": "traefik:v3.7.15"})
    (image,) = made.of(IMAGE)
    assert image.inputs == {"name": "traefik:v3.7.15", "keepLocally": True}
    assert (image.parent, image.delete_before_replace) == ("proxy", False)
    assert made["proxy"].inputs["image"] == made["proxy-check"].inputs["image"] == "traefik:v3.7.15"


def test_it_publishes_both_ports_of_the_site_on_the_address_of_the_site() -> None:
    site = {"domain": "hub.example.org", "https_port": 18443, "http_port": 18080, "bind_address": "192.0.2.7"}
    assert proxy(site=site)["proxy"].inputs["ports"] == [
        {"internal": 8080, "external": 18080, "ip": "192.0.2.7"},
        {"internal": 8443, "external": 18443, "ip": "192.0.2.7"},
    ]


def test_it_stands_in_all_three_networks_at_the_addresses_of_the_settings() -> None:
    network = {"subnet": "10.9.0.0/22", "control_subnet": "10.9.4.0/28"}
    assert proxy(network=network)["proxy"].inputs["networksAdvanced"] == [
        {"name": "id-of-networks-control", "ipv4Address": "10.9.4.3"},
        {"name": "id-of-networks-users", "ipv4Address": "10.9.0.20"},
        {"name": "id-of-networks-services", "aliases": ["proxy"]},
    ]


def test_its_api_listens_between_hub_and_proxy_alone() -> None:
    settings = settings_of(network={"control_subnet": "10.9.4.0/28"})
    inputs = proxy(network={"control_subnet": "10.9.4.0/28"})["proxy"].inputs
    assert inputs["entrypoints"] == ["traefik"]
    assert inputs["command"] == static_arguments(settings, "10.9.4.3")
    assert inputs["healthcheck"]["tests"] == ["CMD", "traefik", *healthcheck_arguments("10.9.4.3")]


def test_it_reads_its_routes_and_cannot_write_them_nor_reach_anything_else() -> None:
    assert proxy()["proxy"].inputs["mounts"] == [
        {"type": "volume", "source": "the-routes-volume", "target": "/srv/routes", "readOnly": True}
    ]


def test_its_memory_is_that_of_the_settings() -> None:
    assert proxy(proxy={"memory": "256M"})["proxy"].inputs["memory"] == 256


@pytest.mark.parametrize(
    ("name", "file"),
    [("proxy-static-routes", "/srv/routes/static.yml"), ("proxy-credentials", "/srv/routes/credentials.yml")],
)
def test_a_file_is_put_into_the_volume_by_a_container_that_ends(name: str, file: str) -> None:
    made = proxy()[name]
    uploads = made.inputs["uploads"]
    (upload,) = uploads["value"] if isinstance(uploads, dict) else uploads
    assert (upload["file"], upload["permissions"]) == (file, "0640"), "for root and Traefik's group alone"
    assert (made.inputs["entrypoints"], made.inputs["command"]) == (["/bin/chmod"], ["1777", "/srv/routes"])
    assert made.inputs["user"] == "0", "whoever the image's own user is"
    assert [(mount["source"], mount["readOnly"]) for mount in made.inputs["mounts"]] == [("the-routes-volume", False)]
    assert made.labels["jupyterhub.role"] == "routes-file"


def test_traefik_is_nobody_special_and_writes_nothing() -> None:
    made = proxy()["proxy"]
    assert (made.inputs["user"], made.inputs["readOnly"]) == ("10001:0", True)


def test_previews_show_the_static_routes() -> None:
    settings = settings_of(services=SERVICES)
    (upload,) = proxy(services=SERVICES)["proxy-static-routes"].inputs["uploads"]
    assert upload["content"] == static_routes_file(settings)


def test_previews_hide_certificate_key_and_password() -> None:
    (upload,) = proxy()["proxy-credentials"].inputs["uploads"]
    assert "content" not in {key for key, value in upload.items() if isinstance(value, str)}
    content = json.loads(upload["content"]["value"])
    assert content["tls"]["certificates"][0] == {
        "certFile": "the certificate of certificates-certificate\nthe certificate of certificates-ca\n",
        "keyFile": "the private key of certificates-key",
    }


def test_a_new_service_or_certificate_does_not_restart_it() -> None:
    before, after = proxy(), proxy(services=SERVICES, tls={"kind": "self_signed", "validity_days": 90})
    assert before["proxy"].inputs == after["proxy"].inputs
    assert before["proxy-static-routes"].inputs != after["proxy-static-routes"].inputs


def test_it_comes_after_its_files_and_its_check() -> None:
    assert {"proxy-check", "proxy-static-routes", "proxy-credentials"} <= proxy()["proxy"].dependencies


def test_the_check_starts_traefik_with_the_same_arguments_on_an_address_of_its_own() -> None:
    settings = settings_of()
    inputs = proxy()["proxy-check"].inputs
    assert inputs["command"] == static_arguments(settings, "127.0.0.1")
    shell, option, script, *_ = inputs["entrypoints"]
    assert (shell, option) == ("/bin/sh", "-c")
    assert 'traefik "$@"' in script
    assert 'traefik healthcheck "$@"' in script


def test_a_check_that_fails_leaves_the_running_one_alone() -> None:
    attempt = Recording()
    failed: State = {"exitCode": 1, "containerLogs": "unknown argument"}
    with pytest.raises(pulumi.RunError, match=r"Traefik does not start with these settings.*\nunknown argument"):
        proxy(attempt, {"proxy-check": failed})
    assert "proxy-check" in {each.name for each in attempt}
    assert "jupyterhub-test-proxy" not in {each.inputs.get("name") for each in attempt}
