"""The settings of the deployed stack."""

from typing import Any

# Apart from the dev stack's, so that the tests run beside it.
HTTPS_PORT = 18443
HTTP_PORT = 18080
SETTINGS: dict[str, Any] = {
    "site": {
        "domain": "localhost",
        "https_port": HTTPS_PORT,
        "http_port": HTTP_PORT,
        "bind_address": "127.0.0.1",
        "title": "Physics & Astronomy",
    },
    "tls": {"kind": "self_signed"},
    "auth": {"kind": "shared_password"},
    "access": {"allow_all": True, "admins": ["admin"]},
    "notebooks": {"limits": {"memory": "768M", "cpu": 1.5, "pids": 256}, "environment": {"COURSE": "physics {1}"}},
    # The way out that takes most: with a proxy of its own.
    "network": {
        "subnet": "10.213.0.0/22",
        "control_subnet": "10.213.16.0/28",
        "egress": "allowlist",
        "allowed_domains": ["example.org"],
    },
}
