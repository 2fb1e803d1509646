"""The certificate of the front door."""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address

import pulumi
import pulumi_tls as tls

from settings.certificate_files import CertificatePair
from settings.tls import SelfSignedTls, TlsSettings

_CA_VALIDITY_HOURS = 20 * 365 * 24


@dataclass(frozen=True, kw_only=True)
class CertificatesArgs:
    """Inputs of Certificates."""

    tls: TlsSettings
    organization: str
    """Name that the authority's certificate shows; it never changes for one stack."""
    host_names: Sequence[str]
    """Host names, or IPv4 addresses, that the certificate is for."""
    files: CertificatePair | None = None
    """The operator's own pair, for the kind that has one."""


class Certificates(pulumi.ComponentResource):
    """The operator's own pair, or a certificate of an authority that the stack keeps for itself, or none.

    A self-signed certificate is renewed, before it ends, by whichever `pulumi up` comes first. The authority is
    protected, since people have imported its certificate, and so it is there whether or not it is in use: Pulumi would
    refuse to take it away when a site that was tried out gets a certificate that everybody trusts.
    """

    certificate_pem: pulumi.Output[str] | None = None
    """The server's certificate, followed by its chain; none where the stack has none of its own."""
    private_key_pem: pulumi.Output[str] | None = None
    """The certificate's private key, secret; none likewise."""
    expires: pulumi.Output[str | None]
    """When the certificate ends, in ISO 8601; none where it is renewed by itself, or somebody else's business."""
    ca_certificate_pem: pulumi.Output[str | None]
    """Certificate of the stack's own authority, for people to import; none for the operator's own pair."""

    def __init__(self, name: str, args: CertificatesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("jupyterhub:index:Certificates", name, None, opts)
        self.ca_certificate_pem = self.expires = pulumi.Output.from_input(None)
        ca_key, ca = self._authority(name, args.organization)
        if args.files is not None:
            self.certificate_pem = pulumi.Output.from_input(args.files.certificate_pem)
            self.private_key_pem = pulumi.Output.secret(args.files.private_key_pem)
            self.expires = pulumi.Output.from_input(args.files.expires.isoformat())
        elif isinstance(args.tls, SelfSignedTls):
            self._sign(name, args, args.tls, ca_key, ca)
        self.register_outputs(
            {
                "certificate_pem": self.certificate_pem,
                "private_key_pem": self.private_key_pem,
                "ca_certificate_pem": self.ca_certificate_pem,
                "expires": self.expires,
            }
        )

    def _authority(self, name: str, organization: str) -> tuple[tls.PrivateKey, tls.SelfSignedCert]:
        ca_key = tls.PrivateKey(
            f"{name}-ca-key",
            algorithm="ECDSA",
            ecdsa_curve="P256",
            opts=pulumi.ResourceOptions(parent=self, protect=True),
        )
        ca = tls.SelfSignedCert(
            f"{name}-ca",
            private_key_pem=ca_key.private_key_pem,
            is_ca_certificate=True,
            allowed_uses=["cert_signing", "crl_signing", "digital_signature"],
            validity_period_hours=_CA_VALIDITY_HOURS,
            set_subject_key_id=True,
            subject=tls.SelfSignedCertSubjectArgs(
                common_name=f"{organization} certificate authority", organization=organization
            ),
            opts=pulumi.ResourceOptions(parent=self, protect=True),
        )
        return ca_key, ca

    def _sign(
        self,
        name: str,
        args: CertificatesArgs,
        settings: SelfSignedTls,
        ca_key: tls.PrivateKey,
        ca: tls.SelfSignedCert,
    ) -> None:
        key = tls.PrivateKey(
            f"{name}-key", algorithm="ECDSA", ecdsa_curve="P256", opts=pulumi.ResourceOptions(parent=self)
        )
        request = tls.CertRequest(
            f"{name}-request",
            private_key_pem=key.private_key_pem,
            dns_names=[host for host in args.host_names if not _is_address(host)],
            ip_addresses=_addresses(args.host_names),
            subject=tls.CertRequestSubjectArgs(common_name=args.host_names[0], organization=args.organization),
            opts=pulumi.ResourceOptions(parent=self),
        )
        certificate = tls.LocallySignedCert(
            f"{name}-certificate",
            cert_request_pem=request.cert_request_pem,
            ca_private_key_pem=ca_key.private_key_pem,
            ca_cert_pem=ca.cert_pem,
            allowed_uses=["digital_signature", "key_encipherment", "server_auth"],
            validity_period_hours=settings.validity_days * 24,
            early_renewal_hours=settings.renew_before_days * 24,
            set_subject_key_id=True,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.certificate_pem = pulumi.Output.concat(certificate.cert_pem, ca.cert_pem)
        self.private_key_pem = key.private_key_pem
        self.expires = certificate.validity_end_time.apply(lambda time: time)
        self.ca_certificate_pem = ca.cert_pem.apply(lambda pem: pem)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _addresses(host_names: Sequence[str]) -> list[str]:
    # Whoever says localhost may as well say 127.0.0.1.
    loopback = ["127.0.0.1"] if "localhost" in host_names else []
    return sorted({*loopback, *(host for host in host_names if _is_address(host))})
