"""What the program says about a site once it is deployed."""

import pytest

from components.secrets import derive
from settings.hub import DerivedSecret
from tests.unit.program.conftest import Site
from tests.unit.program.deployments import OWN_PASSWORDS, deploy
from tests.unit.recording import Recording, State
from tests.unit.sites import SMALLEST

EXPORTS = {
    "url",
    "callback_url",
    "ca_certificate_pem",
    "certificate_expires",
    "user_password",
    "admin_password",
    "images",
    "networks",
    "volumes",
}


def test_every_site_exports_the_same(deployed: Recording) -> None:
    assert deployed.exports.keys() == EXPORTS
    assert all(value.known for value in deployed.exports.values())


def test_the_address_is_the_sites(site: Site) -> None:
    assert site.deployed.exports["url"].plain == site.settings.site.url


def test_the_authority_is_exported_where_there_is_one(site: Site) -> None:
    of_the_stack = site.settings.tls.kind.value == "self_signed"
    expected = "the certificate of certificates-ca\n" if of_the_stack else None
    assert site.deployed.exports["ca_certificate_pem"].plain == expected


def test_images_are_those_that_run(deployed: Recording) -> None:
    assert deployed.exports["images"].plain == {
        "hub": deployed["hub"].inputs["image"],
        "notebook": deployed["notebook-version-check"].inputs["image"],
        "reverse_proxy": deployed["proxy"].inputs["image"],
        "socket_proxy": deployed["socket-proxy"].inputs["image"],
        "firewall": _image_of("firewall", deployed),
        "egress_proxy": _image_of("egress-proxy", deployed),
    }


def _image_of(name: str, deployed: Recording) -> object:
    return next((each.inputs["image"] for each in deployed.services if each.name == name), None)


def test_networks_and_volumes_are_those_that_are_there(site: Site) -> None:
    networks = site.deployed.exports["networks"].plain
    volumes = site.deployed.exports["volumes"].plain
    assert networks == {
        part: site.deployed[f"networks-{part}"].inputs["name"] for part in ("users", "control", "services")
    }
    assert volumes == {
        "hub_data": site.deployed["volumes-hub-data"].inputs["name"],
        "routes": site.deployed["volumes-routes"].inputs["name"],
        "homes": f"{site.prefix}-home-<user>",
    }


def test_passwords_are_what_people_log_in_with(site: Site) -> None:
    said = {name: site.deployed.exports[name].plain for name in ("user_password", "admin_password")}
    envs = site.deployed["hub"].secret("envs")
    assert isinstance(envs, list)
    assert {f"HUB_{name.upper()}={value}" for name, value in said.items()} <= set(envs)


def test_passwords_of_the_operators_own_are_used_where_they_are_configured(site: Site) -> None:
    said = {name: site.deployed.exports[name].plain for name in OWN_PASSWORDS}
    configured = site.written["auth"].get("passwords") == "configured"
    assert (said == OWN_PASSWORDS) is configured


def test_a_password_is_derived_from_the_stacks_own_key() -> None:
    other: State = {"privateKeyPem": "the key of another stack"}
    one, another = deploy(SMALLEST), deploy(SMALLEST, states={"secrets-root-key": other})
    assert one.exports["user_password"].plain != another.exports["user_password"].plain


@pytest.mark.parametrize("kind", ["cookie_secret", "proxy_api_password"])
def test_a_rotation_in_the_settings_reaches_the_hub(kind: str) -> None:
    rotated = deploy({**SMALLEST, "hub": {"secret_rotation": {kind: 3}}})
    value = derive("the private key of secrets-root-key", DerivedSecret(kind), 3).hex()
    envs = rotated["hub"].secret("envs")
    assert isinstance(envs, list)
    assert value in {line.partition("=")[2] for line in envs}


def test_the_certificate_is_for_the_site_and_its_services() -> None:
    services = {"grafana": {"host": "grafana.example.org", "target": "http://grafana:3000"}}
    made = deploy({**SMALLEST, "services": services})
    assert made["certificates-request"].inputs["dnsNames"] == ["hub.example.org", "grafana.example.org"]
    assert "grafana.example.org" in str(made["proxy-static-routes"].inputs["uploads"])


def test_traefik_gets_the_operators_own_certificate(site: Site) -> None:
    tls = site.written["tls"]
    uploads = str(site.deployed["proxy-credentials"].inputs["uploads"])
    if tls["kind"] == "files":
        with open(tls["certificate_file"]) as file:  # noqa: PTH123
            assert file.read().splitlines()[1] in uploads
    elif tls["kind"] == "self_signed":
        assert "the certificate of certificates-certificate" in uploads
    else:
        assert "certFile" not in uploads
