"""The secrets of a stack, all derived from one key."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi
import pulumi_tls as tls

from settings.hub import DerivedSecret


@dataclass(frozen=True, kw_only=True)
class SecretsArgs:
    """Inputs of Secrets."""

    rotation: Mapping[DerivedSecret, int] = field(default_factory=dict)


class Secrets(pulumi.ComponentResource):
    """One private key, protected and secret in the state, and what is derived from it by name and rotation counter.

    The same key gives the same secrets on every machine and after `make down`; losing it logs everybody out and makes
    what the hub stored encrypted unreadable.
    """

    cookie_secret: pulumi.Output[str]
    """64 hexadecimal digits that sign log-in cookies."""
    crypt_key: pulumi.Output[str]
    """Keys for what the hub stores encrypted, 64 hexadecimal digits each, joined by `;`, the newest first."""
    proxy_api_password: pulumi.Output[str]
    """64 hexadecimal digits with which the hub asks Traefik for its routes."""
    user_password: pulumi.Output[str]
    """Password for everybody, of 16 characters."""
    admin_password: pulumi.Output[str]
    """Password for admins, of 40 characters."""

    def __init__(self, name: str, args: SecretsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("jupyterhub:index:Secrets", name, None, opts)
        root = tls.PrivateKey(
            f"{name}-root-key",
            algorithm="ED25519",
            opts=pulumi.ResourceOptions(parent=self, protect=True),
        )

        def derived(secret: DerivedSecret, size: int = 32) -> pulumi.Output[bytes]:
            rotation = args.rotation.get(secret, 0)
            return pulumi.Output.secret(root.private_key_pem.apply(lambda key: derive(key, secret, rotation, size)))

        rotations = range(args.rotation.get(DerivedSecret.CRYPT_KEY, 0), -1, -1)
        self.cookie_secret = derived(DerivedSecret.COOKIE_SECRET).apply(bytes.hex)
        self.crypt_key = pulumi.Output.secret(
            root.private_key_pem.apply(
                lambda key: ";".join(derive(key, DerivedSecret.CRYPT_KEY, number).hex() for number in rotations)
            )
        )
        self.proxy_api_password = derived(DerivedSecret.PROXY_API_PASSWORD).apply(bytes.hex)
        self.user_password = derived(DerivedSecret.USER_PASSWORD, 10).apply(_typeable)
        self.admin_password = derived(DerivedSecret.ADMIN_PASSWORD, 25).apply(_typeable)
        self.register_outputs(
            {
                "cookie_secret": self.cookie_secret,
                "crypt_key": self.crypt_key,
                "proxy_api_password": self.proxy_api_password,
                "user_password": self.user_password,
                "admin_password": self.admin_password,
            }
        )


def derive(root_key: str, secret: DerivedSecret, rotation: int = 0, size: int = 32) -> bytes:
    """`size` bytes, at most 32, of HKDF-SHA256 (RFC 5869) over the root key, for this name and rotation."""
    pseudo_random_key = hmac.digest(b"jupyterhub-pulumi", root_key.encode(), hashlib.sha256)
    info = f"{secret.value}/{rotation}".encode()
    return hmac.digest(pseudo_random_key, info + b"\x01", hashlib.sha256)[:size]


def _typeable(value: bytes) -> str:
    """A password of lower-case letters and digits, without those that look alike in print."""
    return base64.b32encode(value).decode().lower()
