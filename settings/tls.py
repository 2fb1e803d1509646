"""`tls`: the certificate of the front door."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from settings.model import SettingsModel
from settings.values import Destination, HttpsUrl

# letsencrypt.org/docs/staging-environment
_LETS_ENCRYPT = "https://acme-v02.api.letsencrypt.org/directory"
_LETS_ENCRYPT_STAGING = "https://acme-staging-v02.api.letsencrypt.org/directory"


class TlsKind(StrEnum):
    """Where the certificate comes from."""

    SELF_SIGNED = "self_signed"
    FILES = "files"
    ACME = "acme"
    OFF = "off"


class SelfSignedTls(SettingsModel):
    """A certificate authority of the stack's own, whose certificate people import once."""

    kind: Literal[TlsKind.SELF_SIGNED]

    validity_days: int = Field(default=365, ge=2, le=825)
    """Days that the server's certificate is valid; 825 is the most that browsers take from any authority."""

    renew_before_days: int = Field(default=60, ge=1, le=824)
    """Days before its end from which on the next `pulumi up` renews it."""

    @model_validator(mode="after")
    def _renewal_is_within_validity(self) -> "SelfSignedTls":
        if self.renew_before_days >= self.validity_days:
            raise ValueError(
                "would renew the certificate at once and always; keep renew_before_days below validity_days"
            )
        return self


class FilesTls(SettingsModel):
    """A certificate of your own; the next `pulumi up` after the files change puts the new one in place."""

    kind: Literal[TlsKind.FILES]

    certificate_file: Path = Field(examples=["/etc/jupyterhub/fullchain.pem"])
    """PEM file with the server's certificate first, then the chain up to the authority."""

    private_key_file: Path = Field(examples=["/etc/jupyterhub/privkey.pem"])
    """PEM file with the certificate's private key, without a passphrase."""


class AcmeChallenge(StrEnum):
    """How an authority sees that the domain is yours (RFC 8555, RFC 8737)."""

    HTTP_01 = "http-01"
    TLS_ALPN_01 = "tls-alpn-01"

    @property
    def port(self) -> tuple[str, int]:
        """The setting of the site, and the port that public authorities look at."""
        return ("http_port", 80) if self is AcmeChallenge.HTTP_01 else ("https_port", 443)


class AcmeTls(SettingsModel):
    """A certificate that Traefik gets, and renews 30 days before its end, from Let's Encrypt or another authority.

    The authority has to reach this server under every host name of the site.
    """

    kind: Literal[TlsKind.ACME]

    email: str = Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", examples=["operator@example.org"])
    """Where the authority writes to when something is wrong."""

    challenge: AcmeChallenge = AcmeChallenge.TLS_ALPN_01
    """How it sees that the domain is yours: `tls-alpn-01` by port 443, `http-01` by port 80."""

    staging: bool = False
    """Ask Let's Encrypt's authority for trials, which browsers do not trust but which does not stop answering after
    five mistakes in an hour."""

    directory_url: HttpsUrl | None = Field(default=None, examples=["https://ca.example.org/acme/directory"])
    """Another authority's address, such as that of your institution."""

    ca_file: Path | None = Field(default=None, examples=["/etc/ssl/campus-ca.pem"])
    """PEM file with the authority that signed the certificate of `directory_url` itself, where that is not one that
    everybody trusts."""

    @model_validator(mode="after")
    def _one_authority(self) -> "AcmeTls":
        if self.directory_url and self.staging:
            raise ValueError("names an authority and the one for trials; keep one of directory_url and staging")
        if self.ca_file and not self.directory_url:
            raise ValueError("has a ca_file without the authority that it is for; write directory_url as well")
        return self

    @property
    def directory(self) -> str:
        """Address of the authority's directory."""
        return self.directory_url or (_LETS_ENCRYPT_STAGING if self.staging else _LETS_ENCRYPT)


class OffTls(SettingsModel):
    """Plain HTTP on `site.http_port`, for a load balancer before this server that speaks https with people.

    The price: whoever can read the network between the two reads everything.
    """

    kind: Literal[TlsKind.OFF]

    trusted_proxies: frozenset[Destination] = Field(min_length=1, examples=[["10.0.0.5"]])
    """Addresses of the load balancer: it alone is let in, and believed about who asks and over what."""


TlsSettings = Annotated[SelfSignedTls | FilesTls | AcmeTls | OffTls, Field(discriminator="kind")]
