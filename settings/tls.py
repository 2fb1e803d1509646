"""`tls`: the certificate of the front door."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from settings.model import SettingsModel


class TlsKind(StrEnum):
    """Where the certificate comes from."""

    SELF_SIGNED = "self_signed"
    FILES = "files"


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


TlsSettings = Annotated[SelfSignedTls | FilesTls, Field(discriminator="kind")]
