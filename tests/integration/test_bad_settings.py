"""A mistake in the stack file: one clear line for each, before anything is touched."""

from typing import Any

import pytest

from tests.integration.conftest import SETTINGS
from tests.integration.deployment import Deployment

_SITE = SETTINGS["site"]

MISTAKES: list[tuple[dict[str, Any], str]] = [
    ({"site": {}}, "site.domain: is missing"),
    ({"site": {**_SITE, "domain": "My Server"}}, "site.domain: is no host name"),
    ({"site": {**_SITE, "https_port": 99999}}, "site.https_port: is too large"),
    ({"site": {**_SITE, "https_port": _SITE["http_port"]}}, "site: uses port 18080 twice"),
    ({"site": {**_SITE, "bind_address": "eth0"}}, "site.bind_address: is no IPv4 address"),
    ({"site": {**_SITE, "dmain": "x"}}, "site.dmain: is no setting; did you mean domain?"),
    ({"tls": {"kind": "selfsigned"}}, "tls: is of no known kind"),
    ({"tls": {"kind": "files", "certificate_file": "/a", "private_key_file": "/etc/hostname"}}, "there is no file /a"),
    ({"tls": {"kind": "self_signed", "validity_days": 30}}, "tls: would renew the certificate at once"),
    ({"auth": {"kind": "password"}}, "auth: is of no known kind"),
    ({"auth": {"kind": "dummy"}, "site": {**_SITE, "bind_address": "0.0.0.0"}}, "auth.kind: dummy lets anybody in"),
    ({"auth": {"kind": "shared_password", "password": "hunter2-secret"}}, "auth.password: is no setting"),
    ({"access": {}}, "access: lets nobody in"),
    ({"access": {"allow_all": True, "allowed_users": ["alice"]}}, "access: lets in everybody and only some"),
    ({"access": {"allowed_users": ["Alice"]}}, "access.allowed_users.0: has capital letters"),
    ({"notebooks": {"limits": {"memory": "2 gigabytes"}}}, "notebooks.limits.memory: is no size"),
    ({"notebooks": {"limits": {"memory": "1M"}}}, "notebooks.limits.memory: is too small"),
    ({"notebooks": {"limits": {"cpu": 0}}}, "notebooks.limits.cpu: is too small"),
    ({"notebooks": {"image": {"kind": "published", "reference": "scipy:latest"}}}, "image.reference: is not pinned"),
    ({"notebooks": {"image": {"kind": "build", "pip_packages": ["a; rm -rf /"]}}}, "pip_packages.0: is no package"),
    ({"notebooks": {"default_url": "lab"}}, "notebooks.default_url: is no path"),
    ({"notebooks": {"environment": {"JUPYTERHUB_API_TOKEN": "x"}}}, "belongs to JupyterHub"),
    ({"network": {"subnet": "10.213.0.5/22"}}, "network.subnet: is no IPv4 network"),
    ({"network": {"subnet": "10.213.0.0/28"}}, "network: has a subnet of /28"),
    ({"network": {"subnet": "10.0.0.0/16", "control_subnet": "10.0.1.0/28"}}, "overlap"),
    ({"idle": {"server_timeout": "1 hour"}}, "idle.server_timeout: is no duration"),
    ({"idle": {"server_timeout": "10s"}}, "idle: has a server_timeout in which activity would be missed"),
    ({"hub": {"secret_rotation": {"password": 1}}}, "hub.secret_rotation.password: is none of the choices"),
    ({"services": {"grafana": {"target": "http://grafana:3000"}}}, "services.grafana: needs a host or a path"),
    ({"services": {"x": {"path": "/hub", "target": "http://x:1"}}}, "services.x: has the path /hub"),
    ({"services": {"x": {"path": "/x", "target": "grafana:3000"}}}, "services.x.target: is no address"),
    ({"docker": {"host": "tcp://10.0.0.1:2375"}}, "docker.host: is no local Docker socket"),
    (
        {"build": {"pip_index_url": "https://me:hunter2-secret@x.example"}},
        "build.pip_index_url: holds a user or password",
    ),
    ({"server": {"domain": "x"}}, "server: is no setting"),
    ({"user_password": "hunter2-secret"}, "user_password: is set but not used"),
]


@pytest.mark.parametrize(("mistake", "sentence"), MISTAKES, ids=[sentence for _, sentence in MISTAKES])
def test_a_mistake_gives_one_clear_line_and_touches_nothing(
    site: Deployment, mistake: dict[str, Any], sentence: str
) -> None:
    before = {container.id for container in site.engine.containers.list(all=True)}
    site.configure(**{**SETTINGS, **mistake})
    try:
        result = site.pulumi("up", "--yes", "--skip-preview", check=False)
    finally:
        site.configure(**SETTINGS)
    lines = [line for line in result.stdout.splitlines() if "jupyterhub:" in line and "::" not in line]
    said = [line.strip() for line in lines if line.strip().startswith("jupyterhub:") and ": " in line]
    said = [line for line in said if not line.startswith("jupyterhub:index:")]
    assert len(said) == 1, result.stdout
    assert sentence in said[0]
    assert result.returncode != 0
    assert "Traceback" not in result.stdout
    assert "hunter2-secret" not in result.stdout
    assert {container.id for container in site.engine.containers.list(all=True)} == before
