"""The certificate of the front door: of the stack's own authority, or the operator's own."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from components.certificates import Certificates, CertificatesArgs
from settings.certificate_files import CertificatePair
from tests.unit.recording import CA_CERTIFICATE, CERTIFICATE_REQUEST, SIGNED_CERTIFICATE, Recording, is_secret, record
from tests.unit.sites import settings_of

OWN = CertificatePair(
    certificate_pem="own certificate\nown chain\n",
    private_key_pem="own key",
    expires=datetime(2027, 5, 1, tzinfo=UTC),
)


def certificates(
    host_names: Sequence[str] = ("hub.example.org",), files: CertificatePair | None = None, **tls: int
) -> Recording:
    def program() -> None:
        args = CertificatesArgs(
            tls=settings_of(tls={"kind": "self_signed", **tls}).tls,
            organization="jupyterhub-test",
            host_names=host_names,
            files=files,
        )
        Certificates("certificates", args)

    return record(program)


def test_the_authority_signs_certificates_and_nothing_else() -> None:
    (authority,) = certificates().of(CA_CERTIFICATE)
    assert authority.inputs["isCaCertificate"] is True
    assert set(authority.inputs["allowedUses"]) == {"cert_signing", "crl_signing", "digital_signature"}
    assert authority.inputs["setSubjectKeyId"] is True


def test_the_authority_outlives_every_certificate_and_says_whose_it_is() -> None:
    (authority,) = certificates().of(CA_CERTIFICATE)
    assert authority.inputs["validityPeriodHours"] == 20 * 365 * 24
    assert authority.inputs["subject"] == {
        "commonName": "jupyterhub-test certificate authority",
        "organization": "jupyterhub-test",
    }


def test_the_authority_does_not_change_with_host_names_or_validity() -> None:
    one, other = certificates(), certificates(["other.example.org"], validity_days=90)
    for name in ("certificates-ca", "certificates-ca-key"):
        assert one[name].inputs == other[name].inputs, "people have imported it"


def test_the_authority_and_its_key_alone_are_protected() -> None:
    assert {each.name for each in certificates() if each.protect} == {"certificates-ca", "certificates-ca-key"}


def test_the_authority_has_a_key_of_its_own() -> None:
    made = certificates()
    assert made["certificates-ca"].secret("privateKeyPem") == "the private key of certificates-ca-key"
    assert made["certificates-request"].secret("privateKeyPem") == "the private key of certificates-key"
    (certificate,) = made.of(SIGNED_CERTIFICATE)
    assert certificate.secret("caPrivateKeyPem") == "the private key of certificates-ca-key"
    assert certificate.inputs["caCertPem"] == "the certificate of certificates-ca\n"
    assert certificate.inputs["certRequestPem"] == "the request of certificates-request"


@pytest.mark.parametrize("key", ["certificates-ca-key", "certificates-key"])
def test_keys_are_of_a_kind_that_every_browser_takes(key: str) -> None:
    assert certificates()[key].inputs == {"algorithm": "ECDSA", "ecdsaCurve": "P256"}


@pytest.mark.parametrize(
    ("host_names", "dns", "addresses"),
    [
        (["hub.example.org"], ["hub.example.org"], []),
        (["hub.example.org", "grafana.example.org"], ["hub.example.org", "grafana.example.org"], []),
        (["localhost"], ["localhost"], ["127.0.0.1"]),
        (["192.0.2.7"], [], ["192.0.2.7"]),
        (["localhost", "192.0.2.7"], ["localhost"], ["127.0.0.1", "192.0.2.7"]),
        (["localhost", "127.0.0.1"], ["localhost"], ["127.0.0.1"]),
    ],
    ids=["domain", "with services", "localhost", "address", "mixed", "loopback twice"],
)
def test_it_is_for_every_name_that_people_type(host_names: list[str], dns: list[str], addresses: list[str]) -> None:
    (request,) = certificates(host_names).of(CERTIFICATE_REQUEST)
    assert request.inputs.get("dnsNames", []) == dns
    assert request.inputs.get("ipAddresses", []) == addresses
    assert request.inputs["subject"] == {"commonName": host_names[0], "organization": "jupyterhub-test"}


def test_it_is_valid_and_renewed_as_the_settings_say() -> None:
    (certificate,) = certificates(validity_days=90, renew_before_days=30).of(SIGNED_CERTIFICATE)
    assert certificate.inputs["validityPeriodHours"] == 90 * 24
    assert certificate.inputs["earlyRenewalHours"] == 30 * 24


def test_it_is_a_servers_certificate_and_no_authority() -> None:
    (certificate,) = certificates().of(SIGNED_CERTIFICATE)
    assert set(certificate.inputs["allowedUses"]) == {"digital_signature", "key_encipherment", "server_auth"}
    assert not certificate.inputs.get("isCaCertificate", False)


def test_the_server_presents_its_chain_and_keeps_its_key() -> None:
    outputs = certificates().outputs["certificates"]
    assert outputs["certificate_pem"] == (
        "the certificate of certificates-certificate\nthe certificate of certificates-ca\n"
    )
    assert is_secret(outputs["private_key_pem"])
    assert outputs["private_key_pem"]["value"] == "the private key of certificates-key"
    assert outputs["ca_certificate_pem"] == "the certificate of certificates-ca\n"


def test_everything_belongs_to_the_component() -> None:
    assert {each.parent for each in certificates() if not each.is_component} == {"certificates"}


def test_an_own_pair_is_used_as_it_is_and_the_authority_waits() -> None:
    made = certificates(files=OWN)
    assert {each.name for each in made if not each.is_component} == {"certificates-ca", "certificates-ca-key"}
    outputs = made.outputs["certificates"]
    assert outputs["certificate_pem"] == OWN.certificate_pem
    assert is_secret(outputs["private_key_pem"])
    assert outputs["private_key_pem"]["value"] == OWN.private_key_pem
    assert outputs.get("ca_certificate_pem") is None
