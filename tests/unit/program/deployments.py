"""The whole program, run for imaginary sites and for the stack files of the checkout."""

import contextlib
import datetime
import json
import runpy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.unit.recording import CHECKOUT, Recording, State, record
from tests.unit.sites import SMALLEST

OWN_PASSWORDS = {
    "user_password": "the word for everybody",
    "admin_password": "the word for admins, which has to be longer",
}
_CONFIGURED = {"kind": "shared_password", "passwords": "configured"}
_THIS_MACHINE = {"domain": "localhost", "bind_address": "127.0.0.1"}

# What sites may say beside the smallest stack file: everything that changes what is registered.
OPTIONS: dict[str, dict[str, Any]] = {
    "smallest": {},
    "services": {
        "services": {
            "grafana": {"host": "grafana.example.org", "target": "http://grafana:3000"},
            "docs": {"path": "/docs", "target": "http://docs", "strip_path": True},
        }
    },
    "published notebook image": {
        "notebooks": {"image": {"kind": "published", "reference": "quay.io/jupyter/scipy-notebook:hub-6.1.1"}}
    },
    "r and more packages": {
        "notebooks": {
            "image": {"kind": "build", "r": True, "apt_packages": ["ffmpeg"], "pip_packages": ["polars==1.35.0"]}
        }
    },
    "own passwords": {"auth": _CONFIGURED},
    "images and mirrors of one's own": {
        "proxy": {"image": "traefik:v3.7.15"},
        "hub": {"base_image": "quay.io/jupyterhub/jupyterhub:6.1.1"},
        "build": {
            "base_image": "registry.example.org/debian:13.1",
            "revision": 4,
            "ca_bundle": __file__,  # any file that is there
            "pip_index_url": "https://pypi.example.org/simple",
            "apt_mirror": "https://deb.example.org/debian",
        },
    },
    "other ports and networks": {
        "site": {"domain": "hub.example.org", "https_port": 18443, "http_port": 18080, "bind_address": "192.0.2.7"},
        "network": {"subnet": "172.20.0.0/16", "control_subnet": "192.168.7.0/24"},
        "docker": {"host": "unix:///run/user/1000/docker.sock"},
    },
    "isolated by docker alone": {"network": {"isolation": "docker", "egress": "blocked"}},
    "not isolated": {"network": {"isolation": "off", "egress": "open", "resolvers": ["10.0.0.53"]}},
    "exceptions": {
        "network": {
            "egress_exceptions": {"licences": {"to": "10.1.2.3", "port": 443}},
            "resolvers": ["10.0.0.53", "10.0.1.53"],
        }
    },
    "listed domains": {
        "network": {
            "egress": "allowlist",
            "allowed_domains": ["data.example.org", ".python.org"],
            "resolvers": ["10.0.0.53"],
        }
    },
    "no password at all": {"site": _THIS_MACHINE, "auth": {"kind": "dummy"}, "access": {"allow_all": True}},
    "rotated secrets": {"hub": {"secret_rotation": {"crypt_key": 2, "cookie_secret": 1}}},
    "own certificate": {"tls": {"kind": "files"}},
    "single sign-on and a certificate of Let's Encrypt": {
        "tls": {"kind": "acme", "email": "operator@example.org"},
        "auth": {"kind": "oidc", "issuer": "https://login.example.org", "client_id": "hub"},
        "access": {"allowed_groups": ["physics"], "admin_groups": ["staff"]},
    },
    "a directory, and the institution's own authority": {
        "tls": {
            "kind": "acme",
            "email": "operator@example.org",
            "directory_url": "https://ca.example.org/acme/directory",
            "challenge": "http-01",
        },
        "auth": {
            "kind": "ldap",
            "server_address": "ldap.example.org",
            "user_search_base": "ou=people,dc=example,dc=org",
            "lookup_dn_search_user": "cn=hub,dc=example,dc=org",
        },
    },
    "behind a load balancer": {
        "tls": {"kind": "off", "trusted_proxies": ["10.0.0.5"]},
        "auth": {"kind": "native"},
        "access": {"allow_all": True, "admins": ["carol"]},
    },
}
STACK_FILES = {
    "Pulumi.dev.yaml": "dev",
    "Pulumi.prod.yaml": "prod",
    "examples/tutorial-cas.yaml": "cas",
    "examples/tutorial-gitlab.yaml": "gitlab",
}
SITES = [*OPTIONS, *STACK_FILES]


def site_settings(site: str, folder: Path) -> dict[str, Any]:
    """What the operator of a site wrote, by concern. Files that the settings name are made in the folder."""
    if site in STACK_FILES:
        written = yaml.safe_load((CHECKOUT / site).read_text())["config"]
        concerns = {key.removeprefix("jupyterhub:"): value for key, value in written.items()}
    else:
        concerns = {**SMALLEST, **OPTIONS[site]}
    if concerns["tls"]["kind"] == "files":
        services = concerns.get("services", {}).values()
        hosts = [concerns["site"]["domain"], *(service["host"] for service in services if "host" in service)]
        return {**concerns, "tls": own_certificate(folder, *hosts)}
    return concerns


def deploy(
    concerns: Mapping[str, object],
    *,
    stack: str = "test",
    passwords: Mapping[str, str] | None = None,
    states: Mapping[str, State] | None = None,
    preview: bool = False,
    into: Recording | None = None,
) -> Recording:
    """Run `__main__.py` as Pulumi does, for a stack file that says this."""
    if passwords is None:
        passwords = _secrets(concerns.get("auth"))

    def program() -> None:
        runpy.run_path(str(CHECKOUT / "__main__.py"), run_name="__main__")

    with contextlib.chdir(CHECKOUT):
        return record(
            program,
            stack=stack,
            config={key: json.dumps(value) for key, value in concerns.items()},
            secret_config=passwords,
            states=states,
            preview=preview,
            into=into,
        )


def _secrets(auth: object) -> Mapping[str, str]:
    """What the operator has set for this log-in."""
    if auth == _CONFIGURED:
        return OWN_PASSWORDS
    kind = auth["kind"] if isinstance(auth, dict) else None
    keys = {"oidc": "oauth_client_secret", "gitlab": "oauth_client_secret", "ldap": "ldap_search_password"}
    key = keys.get(str(kind))
    return {key: "what the log-in server gave the hub"} if key else {}


def own_certificate(folder: Path, *host_names: str) -> dict[str, str]:
    """A certificate for host names and its key, as files; returns the `tls` of the stack file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host_names[0])])
    today = datetime.datetime.now(tz=datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(today - datetime.timedelta(days=1))
        .not_valid_after(today + datetime.timedelta(days=90))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName(host_name) for host_name in host_names]), critical=False
        )
        .sign(key, SHA256())
    )
    files = {"certificate_file": folder / "fullchain.pem", "private_key_file": folder / "privkey.pem"}
    files["certificate_file"].write_bytes(certificate.public_bytes(Encoding.PEM))
    files["private_key_file"].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return {"kind": "files", **{key: str(file) for key, file in files.items()}}
