"""A site whose certificates are the point, and who looks at them."""

import socket
import ssl
from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.deployment import Deployment, copy_checkout

HTTPS_PORT, HTTP_PORT = 18473, 18092
SETTINGS: dict[str, Any] = {
    "site": {
        "domain": "hub.example.org",
        "https_port": HTTPS_PORT,
        "http_port": HTTP_PORT,
        "bind_address": "127.0.0.1",
    },
    "auth": {"kind": "dummy"},
    "access": {"allow_all": True},
    "notebooks": {"limits": {"memory": "768M", "pids": 256}},
    "network": {"subnet": "10.216.0.0/22", "control_subnet": "10.216.16.0/28"},
}


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """A checkout in which the site can be deployed; nothing is yet."""
    folder = copy_checkout(tmp_path_factory.mktemp("certified"))
    deployment = Deployment(folder, tmp_path_factory.mktemp("certified-backend"), "certified")
    deployment.remove_everything()
    try:
        yield deployment
    finally:
        deployment.hubctl("purge", "--yes", check=False)
        deployment.remove_everything()


def served(name: str, authority_pem: str) -> dict[str, Any]:
    """The certificate that the site shows for a name, as its authority's certificate proves it.

    Raises:
        ssl.SSLCertVerificationError: it does not.
    """
    context = ssl.create_default_context(cadata=authority_pem)
    with (
        socket.create_connection(("127.0.0.1", HTTPS_PORT), 10) as connection,
        context.wrap_socket(connection, server_hostname=name) as wrapped,
    ):
        certificate: dict[str, Any] = dict(wrapped.getpeercert() or {})
        return certificate
