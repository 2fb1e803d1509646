"""Rules that hold for every resource of every site."""

import ast
import re
from collections import Counter
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import pytest

from tests.unit.program.conftest import Site
from tests.unit.program.deployments import deploy
from tests.unit.recording import CHECKOUT, CONTAINER, IMAGE, NETWORK, PROVIDER, VOLUME, Recording, Registration
from tests.unit.sites import SMALLEST

# Only what is here may be protected, so that `make down` takes down everything else; see the design's decision 10.
PROTECTED = {
    "volumes-hub-data",
    "volumes-acme",
    "networks-users",
    "secrets-root-key",
    "certificates-ca",
    "certificates-ca-key",
}

ROLES = {
    "networks-users": "users",
    "networks-control": "control",
    "networks-services": "services",
    "volumes-hub-data": "hub-data",
    "volumes-routes": "routes",
    "volumes-acme": "acme",
    "volumes-docker-api": "docker-api",
    "notebook-version-check": "check",
    "proxy-check": "check",
    "hub-check": "check",
    "proxy-static-routes": "routes-file",
    "proxy-credentials": "routes-file",
    "proxy": "proxy",
    "socket-proxy": "socket-proxy",
    "hub": "hub",
}
COMPONENTS = {
    "networks": "Networks",
    "volumes": "Volumes",
    "secrets": "Secrets",
    "certificates": "Certificates",
    "notebook": "NotebookImage",
    "proxy": "ReverseProxy",
    "socket-proxy": "SocketProxy",
    "hub": "Hub",
}
# The only capabilities that any container has.
CAPABILITIES = {
    "socket-proxy": ["CAP_SETGID", "CAP_SETUID"],
    "firewall": ["CAP_NET_ADMIN"],
    "firewall-probe": ["CAP_NET_ADMIN"],
}
# What there is besides where the firewall isolates user servers.
FIREWALL_ROLES = {"firewall-heartbeat": "firewall", "firewall-probe": "check", "firewall": "firewall"}
# And where they reach listed domains alone.
EGRESS_PROXY_ROLES = {"egress-proxy-outside": "egress", "egress-proxy": "egress-proxy"}
# And where Traefik gets the certificate by itself.
ACME_ROLES = {
    "proxy-acme-folder": "acme-folder",
    "acme-certificates-request": "certificate-request",
}


def gets_certificates(deployed: Recording) -> bool:
    return "acme-certificates" in {each.name for each in deployed}


def has_firewall(deployed: Recording) -> bool:
    return bool(deployed["networks-users"].inputs["options"]["com.docker.network.bridge.enable_icc"] == "false")


def has_egress_proxy(deployed: Recording) -> bool:
    return "EGRESS_PROXY" in str([each.inputs.get("envs") for each in deployed.services])


def optional_services(deployed: Recording) -> dict[str, str]:
    """The components with a service that only some sites have."""
    found = {"firewall": "Firewall"} if has_firewall(deployed) else {}
    return {**found, "egress-proxy": "EgressProxy"} if has_egress_proxy(deployed) else found


def optional_parts(deployed: Recording) -> dict[str, str]:
    """The components that only some sites have."""
    found = optional_services(deployed)
    return {**found, "acme-certificates": "AcmeCertificates"} if gets_certificates(deployed) else found


def test_everything_that_can_carry_labels_says_whose_it_is_and_what_for(site: Site) -> None:
    labelled = site.deployed.of(CONTAINER, NETWORK, VOLUME)
    roles = {
        **ROLES,
        **(FIREWALL_ROLES if has_firewall(site.deployed) else {}),
        **(EGRESS_PROXY_ROLES if has_egress_proxy(site.deployed) else {}),
        **(ACME_ROLES if gets_certificates(site.deployed) else {}),
    }
    assert {each.name: each.labels for each in labelled} == {
        name: {"jupyterhub.stack": site.prefix, "jupyterhub.role": role} for name, role in roles.items()
    }


def test_what_has_a_fixed_name_starts_with_project_and_stack(site: Site) -> None:
    firewall = has_firewall(site.deployed)
    names = {
        each.name: each.inputs["name"] for each in site.deployed.of(CONTAINER, NETWORK, VOLUME) if "name" in each.inputs
    }
    assert names == {
        "networks-users": f"{site.prefix}-users",
        "networks-control": f"{site.prefix}-control",
        "networks-services": f"{site.prefix}-services",
        "volumes-hub-data": f"{site.prefix}-hub-data",
        "volumes-routes": f"{site.prefix}-routes",
        "volumes-acme": f"{site.prefix}-acme",
        "volumes-docker-api": f"{site.prefix}-docker-api",
        "proxy": f"{site.prefix}-proxy",
        "socket-proxy": f"{site.prefix}-socket-proxy",
        "hub": f"{site.prefix}-hub",
        **(dict.fromkeys(("firewall", "firewall-heartbeat"), f"{site.prefix}-firewall") if firewall else {}),
        **(
            {"egress-proxy": f"{site.prefix}-egress-proxy", "egress-proxy-outside": f"{site.prefix}-egress"}
            if has_egress_proxy(site.deployed)
            else {}
        ),
    }


def test_every_resource_belongs_to_a_component_whose_name_it_starts_with(deployed: Recording) -> None:
    components = {each.name for each in deployed if each.is_component}
    for each in deployed:
        if each.type != PROVIDER and each.parent:
            stack = each.parent.startswith("jupyterhub-")
            assert stack == (each.is_component and each.name in {*COMPONENTS, *optional_parts(deployed)})
            assert stack or (each.parent in components and each.name.startswith(each.parent))


def test_the_parts_of_the_picture_are_there_and_each_registers_its_outputs(deployed: Recording) -> None:
    top = {each.name: each.type for each in deployed if each.is_component and each.parent.startswith("jupyterhub-")}
    expected = {**COMPONENTS, **optional_parts(deployed)}
    assert top == {name: f"jupyterhub:index:{kind}" for name, kind in expected.items()}
    # Of a certificate there is nothing to tell where the stack has none of its own.
    silent = {each.name for each in deployed if each.is_component and not deployed.outputs[each.name]}
    assert silent <= {"certificates"}


def test_no_logical_name_is_used_twice_for_one_type(deployed: Recording) -> None:
    counted = Counter((each.type, each.name) for each in deployed)
    assert {name for name, count in counted.items() if count > 1} == set()


def test_everything_of_docker_goes_to_the_engine_of_the_settings(site: Site) -> None:
    (provider,) = site.deployed.of(PROVIDER)
    assert provider.inputs["host"] == site.settings.docker.host
    assert {each.provider for each in site.deployed if each.type.startswith("docker:")} == {provider.name}


def test_services_stay_up_and_one_shots_do_not(deployed: Recording) -> None:
    assert {each.name: each.inputs["restart"] for each in deployed.services} == dict.fromkeys(
        ["hub", "proxy", "socket-proxy", *optional_services(deployed)], "unless-stopped"
    )
    assert {each.inputs["restart"] for each in deployed.one_shots} == {"no"}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("logDriver", "json-file"),
        ("logOpts", {"max-file": "3", "max-size": "10m"}),
        ("securityOpts", ["no-new-privileges:true"]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_container_has(deployed: Recording, key: str, value: object) -> None:
    assert [each.name for each in deployed.of(CONTAINER) if each.inputs.get(key) != value] == []


def test_the_engines_init_reaps_for_all_but_who_leaves_root_and_starts_nothing(deployed: Recording) -> None:
    assert {each.name for each in deployed.of(CONTAINER) if not each.inputs["init"]} == {"socket-proxy"}


def test_services_can_start_so_many_processes_and_no_more(deployed: Recording) -> None:
    for each in deployed.services:
        assert each.inputs["ulimits"] == [{"name": "nproc", "soft": 1024, "hard": 1024}]


def test_no_container_has_a_capability_but_those_that_cannot_do_without(deployed: Recording) -> None:
    for each in deployed.of(CONTAINER):
        kept = {"adds": CAPABILITIES[each.name]} if each.name in CAPABILITIES else {}
        assert each.inputs["capabilities"] == {"drops": ["ALL"], **kept}


@pytest.mark.parametrize(
    "key", ["privileged", "pidMode", "ipcMode", "usernsMode", "devices", "publishAllPorts", "platform"]
)
def test_no_container_has(deployed: Recording, key: str) -> None:
    assert [each.name for each in deployed.of(CONTAINER) if key in each.inputs] == []


def test_every_container_has_a_memory_limit_and_no_swap_beside_it(site: Site) -> None:
    limits = {each.name: (each.inputs["memory"], each.inputs["memorySwap"]) for each in site.deployed.of(CONTAINER)}
    services = {
        "hub": site.settings.hub.memory,
        "proxy": site.settings.proxy.memory,
        "socket-proxy": 2**27,
        "firewall": 2**26,
        "egress-proxy": 2**28,
    }
    assert limits == {name: (services.get(name, 2**29) // 2**20,) * 2 for name in limits}


def test_up_waits_for_the_health_of_every_service(deployed: Recording) -> None:
    for each in deployed.services:
        assert each.inputs["wait"] is True
        assert each.inputs["healthcheck"]["tests"][0] == "CMD"


def test_health_is_asked_for_in_durations_as_docker_prints_them(deployed: Recording) -> None:
    # Others come back in another form, and the provider would replace the container at every update.
    canonical = re.compile(r"([0-9]+h)?([0-5]?[0-9]m)?[0-5]?[0-9]s")
    for each in deployed.services:
        health = each.inputs["healthcheck"]
        assert all(canonical.fullmatch(health[key]) for key in ("interval", "timeout", "startPeriod"))


def test_every_container_is_asked_to_stop_before_it_is_killed(deployed: Recording) -> None:
    assert all(each.inputs["destroyGraceSeconds"] >= 1 for each in deployed.of(CONTAINER))


def test_a_container_that_did_not_come_up_is_replaced_and_not_taken_for_good(deployed: Recording) -> None:
    silent = {"#initerror", "cpuPeriod", "cpuQuota", "healthcheck", "init", "rm", "tmpfs"}
    for each in deployed.of(CONTAINER):
        assert silent <= set(each.replace_on_changes), each.name


def test_data_keys_and_the_user_network_are_protected_and_nothing_else(site: Site) -> None:
    # The same for every site: what is protected could not be taken away when a setting changes.
    assert {each.name for each in site.deployed if each.protect} == PROTECTED


def test_only_the_labels_of_data_that_is_already_there_are_left_as_they_are(deployed: Recording) -> None:
    data = {"volumes-hub-data", "volumes-acme"}
    left_as_they_are = {each.name: each.ignore_changes for each in deployed if each.ignore_changes}
    assert left_as_they_are == {name: ["labels", "driverOpts"] for name in data}


def test_nothing_is_renamed_imported_or_left_behind(deployed: Recording) -> None:
    assert [each.name for each in deployed if each.aliases or each.import_id or each.retain_on_delete] == []


def test_networks_have_the_addresses_of_the_settings(site: Site) -> None:
    network = site.settings.network
    configs = {each.name: each.inputs.get("ipamConfigs") for each in site.deployed.of(NETWORK)}
    assert configs == {
        "networks-users": [
            {"subnet": str(network.subnet), "gateway": str(network.gateway), "ipRange": str(network.user_range)}
        ],
        "networks-control": [{"subnet": str(network.control_subnet), "gateway": str(network.control_gateway)}],
        "networks-services": None,
        **({"egress-proxy-outside": None} if has_egress_proxy(site.deployed) else {}),
    }


def test_a_fixed_address_lies_in_its_network_and_is_nobody_elses(site: Site) -> None:
    taken: list[tuple[str, str]] = []
    for container in site.deployed.services:
        for end in container.inputs.get("networksAdvanced", []):
            name = end["name"].removeprefix("id-of-")
            for config in site.deployed[name].inputs.get("ipamConfigs", []):
                address = IPv4Network(end["ipv4Address"])
                assert address.subnet_of(IPv4Network(config["subnet"]))
                assert end["ipv4Address"] != config["gateway"]
                if "ipRange" in config:
                    assert not address.overlaps(IPv4Network(config["ipRange"])), "Docker may hand it to a user"
                taken.append((name, end["ipv4Address"]))
    assert len(taken) == len(set(taken)) == 4 + has_egress_proxy(site.deployed)


def test_networks_are_joined_by_identifier(deployed: Recording) -> None:
    ends = {end["name"] for each in deployed.services for end in each.inputs.get("networksAdvanced", [])}
    assert ends == {f"id-of-{each.name}" for each in deployed.of(NETWORK)}


def test_the_hub_does_not_stand_in_the_network_of_other_services(deployed: Recording) -> None:
    assert "id-of-networks-services" not in {end["name"] for end in deployed["hub"].inputs["networksAdvanced"]}


def test_the_proxy_alone_publishes_ports_on_the_sites_address(site: Site) -> None:
    assert [each.name for each in site.deployed.of(CONTAINER) if each.inputs.get("ports")] == ["proxy"]
    ports = {port["external"]: port["ip"] for port in site.deployed["proxy"].inputs["ports"]}
    address = str(site.settings.site.bind_address)
    https = {} if site.settings.tls.kind.value == "off" else {site.settings.site.https_port: address}
    assert ports == {**https, site.settings.site.http_port: address}


def mounts(container: Registration) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = container.inputs.get("mounts", [])
    return found


def test_the_socket_proxy_alone_mounts_something_of_the_server_which_is_dockers_socket(site: Site) -> None:
    # Whoever reaches the socket is root on the server.
    of_the_server = {
        each.name: [mount["source"] for mount in mounts(each) if mount["type"] != "volume"]
        for each in site.deployed.of(CONTAINER)
    }
    assert {name: found for name, found in of_the_server.items() if found} == {
        "socket-proxy": [site.settings.docker.socket_path]
    }
    assert not [each.name for each in site.deployed.of(CONTAINER) if "volumes" in each.inputs]


def test_only_volumes_of_this_stack_are_mounted(deployed: Recording) -> None:
    mounted = {
        mount["source"] for each in deployed.of(CONTAINER) for mount in mounts(each) if mount["type"] == "volume"
    }
    volumes = {each.inputs["name"] for each in deployed.of(VOLUME)}
    # One waits where Traefik gets no certificates.
    assert mounted == volumes - (set() if gets_certificates(deployed) else {deployed["volumes-acme"].inputs["name"]})


def test_the_hub_alone_sees_its_data(site: Site) -> None:
    data = f"{site.prefix}-hub-data"
    assert [each.name for each in site.deployed.of(CONTAINER) if data in {m["source"] for m in mounts(each)}] == ["hub"]


def test_the_socket_proxy_can_be_reached_through_a_volume_of_the_hub_alone(site: Site) -> None:
    served = {
        each.name: mount.get("readOnly", False)
        for each in site.deployed.of(CONTAINER)
        for mount in mounts(each)
        if mount["source"] == f"{site.prefix}-docker-api"
    }
    assert served == {"socket-proxy": False, "hub": True}
    assert site.deployed["socket-proxy"].inputs["networkMode"] == "none"


def test_every_image_is_pinned_and_declared(deployed: Recording) -> None:
    declared = {each.inputs["name"] for each in deployed.of(IMAGE)}
    assert {each.inputs["image"] for each in deployed.of(CONTAINER)} <= declared
    for reference in declared:
        tag = re.search(r"(:(?P<tag>[^/:@]+)|@sha256:[0-9a-f]{64})$", reference)
        assert tag is not None, reference
        assert tag["tag"] != "latest"


def test_an_image_that_is_built_has_a_name_of_its_content(deployed: Recording) -> None:
    for each in deployed.of(IMAGE):
        built = "build" in each.inputs
        assert built == each.inputs["name"].startswith("jhub.invalid/")
        assert not built or re.fullmatch(
            r"jhub\.invalid/jupyterhub/(hub|notebook|reverse_proxy|socket_proxy|firewall|egress_proxy):[0-9a-f]{16}",
            each.inputs["name"],
        )


def test_every_image_is_built_as_the_settings_say(site: Site) -> None:
    build = site.settings.build
    for each in site.deployed.of(IMAGE):
        if "build" in each.inputs:
            arguments = each.inputs["build"]["buildArgs"]
            own_base = site.settings.hub.base_image if each.name == "hub-image-build" else None
            assert arguments["BASE_IMAGE"] == (own_base or build.base_image)
            assert arguments["REVISION"] == str(build.revision)
            assert arguments["PIP_INDEX_URL"] == (build.pip_index_url or "")
            assert arguments["APT_MIRROR"] == (build.apt_mirror or "")


def test_no_image_is_removed_from_the_server(deployed: Recording) -> None:
    assert all(each.inputs["keepLocally"] is True for each in deployed.of(IMAGE))


def test_only_what_has_a_fixed_name_or_port_goes_before_its_successor(deployed: Recording) -> None:
    first = {each.name for each in deployed.of(CONTAINER, IMAGE) if each.delete_before_replace is not False}
    assert first == {each.name for each in deployed.services}
    assert all(each.delete_before_replace is True for each in deployed.services)
    assert not [each.name for each in deployed.one_shots if "name" in each.inputs]


def test_nothing_that_runs_is_touched_before_its_checks_have_passed(deployed: Recording) -> None:
    assert {"proxy-check", "proxy-static-routes", "proxy-credentials"} <= deployed["proxy"].dependencies
    assert {"hub-check", "notebook-version-check", "proxy", "socket-proxy"} <= deployed["hub"].dependencies
    assert optional_services(deployed).keys() <= deployed["hub"].dependencies


def test_the_authority_is_asked_when_everything_else_is_there(deployed: Recording) -> None:
    # Each change of a route would make Traefik ask it again; and who mends what it refuses has the site meanwhile.
    if gets_certificates(deployed):
        assert "hub" in deployed["acme-certificates-request"].dependencies


def test_a_container_depends_on_its_image(deployed: Recording) -> None:
    images = {each.inputs["name"]: each.name for each in deployed.of(IMAGE)}
    for each in deployed.of(CONTAINER):
        assert images[each.inputs["image"]] in each.dependencies


def test_what_takes_files_is_not_read_only_which_docker_refuses(deployed: Recording) -> None:
    assert not [
        each.name for each in deployed.of(CONTAINER) if each.inputs.get("uploads") and each.inputs.get("readOnly")
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"site": {"domain": "other.example.org", "https_port": 444, "title": "Other"}},
        {"tls": {"kind": "self_signed", "validity_days": 90}},
        {"tls": {"kind": "acme", "email": "operator@example.org"}},
        {"tls": {"kind": "off", "trusted_proxies": ["10.0.0.5"]}},
        {"notebooks": {"image": {"kind": "build", "pip_packages": ["polars"]}, "limits": {"memory": "1G"}}},
        {"hub": {"memory": "2G", "secret_rotation": {"crypt_key": 1}}},
        {"build": {"revision": 7}},
        {"services": {"docs": {"path": "/docs", "target": "http://docs"}}},
        {"access": {"allow_all": True}},
        {"network": {"egress": "blocked"}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_no_change_replaces_data_keys_or_the_user_network(change: dict[str, object]) -> None:
    before, after = deploy(SMALLEST), deploy({**SMALLEST, **change})
    for name in PROTECTED:
        assert before[name].inputs == after[name].inputs


def test_two_stacks_share_nothing_but_images() -> None:
    one, other = deploy(SMALLEST, stack="one"), deploy(SMALLEST, stack="other")

    def names(recording: Recording) -> set[str]:
        return {
            name
            for each in recording.of(CONTAINER, NETWORK, VOLUME)
            for name in (each.inputs.get("name"), each.inputs.get("options", {}).get("com.docker.network.bridge.name"))
            if name
        }

    assert len(names(one)) == 13
    assert not names(one) & names(other)


SOURCES = [
    path.relative_to(CHECKOUT)
    for folder in ("components", "settings", "images", "hubctl")
    for path in sorted((CHECKOUT / folder).rglob("*.py"))
]


def source(path: Path) -> ast.Module:
    return ast.parse((CHECKOUT / path).read_text())


@pytest.mark.parametrize(
    "path", [path for path in SOURCES if path.parts[0] != "images" and path != Path("settings/load.py")], ids=str
)
def test_pulumis_configuration_is_read_in_one_place_alone(path: Path) -> None:
    names = {getattr(node, "attr", getattr(node, "id", "")) for node in ast.walk(source(path))}
    modules = {node.module for node in ast.walk(source(path)) if isinstance(node, ast.ImportFrom)}
    assert not names & {"Config", "require_secret", "get_secret", "get_config_env", "CONFIG"}
    assert "pulumi.runtime.config" not in modules


def test_the_program_only_hands_the_configuration_on() -> None:
    text = (CHECKOUT / "__main__.py").read_text()
    assert re.findall(r".*Config\b.*", text) == ["settings, operator = load(pulumi.Config())"]


# Arrows point one way.
MAY_IMPORT = {
    "components": {"components", "settings", *(f"images.{path.name}.runtime" for path in CHECKOUT.glob("images/*"))},
    "settings": {"settings"},
    "hubctl": {"hubctl", "settings"},
    "images": {"images"},
}


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_code_imports_only_what_lies_below_it(path: Path) -> None:
    folder = path.parts[0]
    allowed = {"images." + path.parts[1]} if folder == "images" else MAY_IMPORT[folder]
    for node in ast.walk(source(path)):
        modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        modules += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        ours = [name for name in modules if name.split(".")[0] in {*MAY_IMPORT, "bootstrap", "tests"}]
        assert all(any(name == good or name.startswith(f"{good}.") for good in allowed) for name in ours), ours
