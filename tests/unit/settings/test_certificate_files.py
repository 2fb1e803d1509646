"""An operator's own certificate and key: one sentence for what browsers would refuse, and none with the key in it."""

import os
from base64 import b64encode
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PrivateFormat

from settings.certificate_files import CertificatePair, now, read_certificate_pair
from settings.tls import FilesTls, TlsKind
from tests.unit.settings.certificates import NOW, Pair, files, pair

HOST = "hub.example.org"
AUTHORITY = pair()
GOOD = pair(HOST, issuer=AUTHORITY)
CERTIFICATE, KEY = "jupyterhub:tls.certificate_file: ", "jupyterhub:tls.private_key_file: "


def problems_of(
    folder: Path, chain: bytes, key: bytes, hosts: Sequence[str] = (HOST,), at: datetime = NOW
) -> list[str]:
    _, problems = read_certificate_pair(files(folder, chain, key), hosts, at)
    material = [line for line in key.decode(errors="replace").splitlines() if len(line) > 20 and "-----" not in line]
    assert not [line for line in material if line in "\n".join(problems)]
    return problems


@pytest.mark.parametrize("chain", [GOOD.pem, GOOD.pem + AUTHORITY.pem], ids=["alone", "with its chain"])
def test_a_good_pair_is_handed_on_as_it_is(tmp_path: Path, chain: bytes) -> None:
    read, problems = read_certificate_pair(files(tmp_path, chain, GOOD.key_pem), [HOST], NOW)
    assert problems == []
    ends = x509.load_pem_x509_certificate(GOOD.pem).not_valid_after_utc
    assert read == CertificatePair(certificate_pem=chain.decode(), private_key_pem=GOOD.key_pem.decode(), expires=ends)
    assert "PRIVATE KEY" not in repr(read)


def test_a_key_beside_its_certificates_stays_out_of_them(tmp_path: Path) -> None:
    combined = GOOD.key_pem + GOOD.pem + AUTHORITY.pem
    tls = files(tmp_path, combined, combined)
    read, problems = read_certificate_pair(tls, [HOST], NOW)
    assert problems == []
    assert read
    assert "PRIVATE KEY" not in read.certificate_pem
    assert read.certificate_pem == (GOOD.pem + AUTHORITY.pem).decode(), "the server's first, as Traefik wants it"
    assert "PRIVATE KEY" in read.private_key_pem


def test_an_rsa_pair_is_as_good(tmp_path: Path) -> None:
    made = pair(HOST, key=rsa.generate_private_key(public_exponent=65537, key_size=2048))
    assert problems_of(tmp_path, made.pem, made.key_pem) == []


def test_text_around_the_pem_blocks_may_be_in_any_encoding(tmp_path: Path) -> None:
    comment = "Universität\n".encode("latin-1")
    tls = files(tmp_path, comment + GOOD.pem, comment + GOOD.key_pem)
    read, problems = read_certificate_pair(tls, [HOST], NOW)
    assert problems == []
    assert read
    assert read.certificate_pem.endswith(GOOD.pem.decode())
    assert read.private_key_pem.endswith(GOOD.key_pem.decode())


def test_the_key_of_another_certificate_is_refused(tmp_path: Path) -> None:
    (problem,) = problems_of(tmp_path, GOOD.pem + AUTHORITY.pem, pair(HOST).key_pem)
    assert problem == f"{KEY}the key does not belong to the certificate; name the two files of one pair"


def test_a_chain_in_the_wrong_order_is_refused_for_its_order_alone(tmp_path: Path) -> None:
    (problem,) = problems_of(tmp_path, AUTHORITY.pem + GOOD.pem, GOOD.key_pem)
    assert problem == (
        f"{CERTIFICATE}the server's certificate is not the first one in the file; put it first, then the chain"
    )


OUTDATED = [
    (-400, -1, "the certificate ended on 2026-05-31; put the renewed one there"),
    (-400, 0, "the certificate ended on 2026-06-01; put the renewed one there"),
    (1, 30, "the certificate begins only on 2026-06-02; check the clock"),
]


@pytest.mark.parametrize(("begins", "ends", "sentence"), OUTDATED, ids=["ended", "ends now", "not yet"])
def test_a_certificate_out_of_its_time_is_refused(tmp_path: Path, begins: int, ends: int, sentence: str) -> None:
    made = pair(HOST, begins=timedelta(days=begins), ends=timedelta(days=ends))
    assert problems_of(tmp_path, made.pem, made.key_pem) == [CERTIFICATE + sentence]


@pytest.mark.parametrize(("begins", "ends"), [(timedelta(0), timedelta(days=1)), (timedelta(-1), timedelta(seconds=1))])
def test_a_certificate_is_good_from_its_first_second_to_its_last(
    tmp_path: Path, begins: timedelta, ends: timedelta
) -> None:
    made = pair(HOST, begins=begins, ends=ends)
    assert problems_of(tmp_path, made.pem, made.key_pem) == []


def test_now_is_a_time_of_a_known_zone() -> None:
    assert now().tzinfo is UTC
    assert abs(datetime.now(tz=UTC) - now()) < timedelta(minutes=1)


COVERED = [
    (["hub.example.org"], ["hub.example.org"]),
    (["Hub.Example.ORG"], ["hub.example.org"]),
    (["*.example.org"], ["hub.example.org"]),
    (["*.Example.org"], ["hub.example.org", "docs.example.org"]),
    (["example.org", "*.example.org"], ["example.org", "hub.example.org"]),
    (["hub.example.org", "10.0.0.5"], ["10.0.0.5"]),
]


@pytest.mark.parametrize(("names", "hosts"), COVERED, ids=[" ".join(names) for names, _ in COVERED])
def test_a_certificate_covers_its_names_and_a_star_covers_one_label(
    tmp_path: Path, names: list[str], hosts: list[str]
) -> None:
    made = pair(*names)
    assert problems_of(tmp_path, made.pem, made.key_pem, hosts) == []


NOT_COVERED = [
    (["other.example.org"], "hub.example.org"),
    (["*.example.org"], "example.org"),
    (["*.example.org"], "a.hub.example.org"),
    (["*.org"], "hub.example.org"),
    (["example.org"], "hub.example.org"),
    (["hub.example.org"], "10.0.0.5"),
    ([], "hub.example.org"),
]


@pytest.mark.parametrize(("names", "host"), NOT_COVERED, ids=[f"{names} {host}" for names, host in NOT_COVERED])
def test_a_name_that_the_certificate_does_not_cover_is_named(tmp_path: Path, names: list[str], host: str) -> None:
    made = pair(*names)
    covered = ", ".join(names) or "no host name"
    sentence = f"{CERTIFICATE}the certificate is for {covered}, not for {host}; get one that covers it"
    assert problems_of(tmp_path, made.pem, made.key_pem, [host]) == [sentence]


def test_each_name_that_is_not_covered_has_its_own_sentence(tmp_path: Path) -> None:
    problems = problems_of(tmp_path, GOOD.pem, GOOD.key_pem, [HOST, "docs.example.org", "wiki.example.org"])
    assert [problem.partition("not for ")[2].partition(";")[0] for problem in problems] == [
        "docs.example.org",
        "wiki.example.org",
    ]


@pytest.mark.parametrize("private_format", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
def test_a_key_with_a_passphrase_is_refused(tmp_path: Path, private_format: PrivateFormat) -> None:
    (problem,) = problems_of(tmp_path, GOOD.pem, GOOD.encrypted_key_pem(private_format, b"hunter2"))
    assert problem == f"{KEY}the key has a passphrase; take it off with: openssl pkey -in OLD -out NEW"


NO_KEYS = {
    "a certificate": GOOD.pem,
    "text": b"hunter2-secret",
    "cut off": GOOD.key_pem[:80],
    "binary": bytes(range(256)),
    "nothing": b"",
    "an unknown curve": (
        b"-----BEGIN PRIVATE KEY-----\n"
        b"MDECAQAwDgYHKoZIzj0CAQYDKgMEBBwwGgIBAQQVAAAAAAAAAAAAAAAAAAAAAAAAAAAB\n"
        b"-----END PRIVATE KEY-----\n"
    ),
}


@pytest.mark.parametrize("content", NO_KEYS.values(), ids=NO_KEYS)
def test_what_is_no_key_is_refused(tmp_path: Path, content: bytes) -> None:
    (problem,) = problems_of(tmp_path, GOOD.pem, content)
    assert problem == f"{KEY}the file holds no PEM private key that a web server can use; name the file of the key"


NO_CERTIFICATES = {
    "a key": GOOD.key_pem,
    "DER": GOOD.certificate.public_bytes(Encoding.DER),
    "text": b"hunter2-secret",
    "cut off": GOOD.pem[:200],
    "nothing": b"",
}


@pytest.mark.parametrize("content", NO_CERTIFICATES.values(), ids=NO_CERTIFICATES)
def test_what_is_no_certificate_is_refused(tmp_path: Path, content: bytes) -> None:
    (problem,) = problems_of(tmp_path, content, GOOD.key_pem)
    assert problem == f"{CERTIFICATE}{tmp_path}/fullchain.pem holds no PEM certificate; name the chain's file"


def settings_for(certificate_file: Path, private_key_file: Path) -> FilesTls:
    return FilesTls(kind=TlsKind.FILES, certificate_file=certificate_file, private_key_file=private_key_file)


def test_each_file_that_is_missing_is_named(tmp_path: Path) -> None:
    read, problems = read_certificate_pair(settings_for(tmp_path / "a.pem", tmp_path / "b.pem"), [HOST], NOW)
    assert read is None
    assert problems == [
        f"{CERTIFICATE}there is no file {tmp_path}/a.pem; put it there, or name where it is",
        f"{KEY}there is no file {tmp_path}/b.pem; put it there, or name where it is",
    ]


def test_one_missing_file_is_the_only_problem(tmp_path: Path) -> None:
    tls = files(tmp_path, GOOD.pem, GOOD.key_pem)
    tls.private_key_file.unlink()
    assert [problem.partition(": ")[0] for problem in read_certificate_pair(tls, [HOST], NOW)[1]] == [KEY[:-2]]


def test_a_folder_in_place_of_a_file_is_refused(tmp_path: Path) -> None:
    tls = settings_for(tmp_path, files(tmp_path, GOOD.pem, GOOD.key_pem).private_key_file)
    (problem,) = read_certificate_pair(tls, [HOST], NOW)[1]
    assert (
        problem == f"{CERTIFICATE}{tmp_path} cannot be read (Is a directory); make it readable for whoever runs pulumi"
    )


def test_a_path_that_no_file_can_have_is_refused(tmp_path: Path) -> None:
    tls = settings_for(Path("a\0b"), files(tmp_path, GOOD.pem, GOOD.key_pem).private_key_file)
    (problem,) = read_certificate_pair(tls, [HOST], NOW)[1]
    assert problem.startswith(f"{CERTIFICATE}a\0b cannot be read (")


def test_a_file_without_permission_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tls = files(tmp_path, GOOD.pem, GOOD.key_pem)

    def refuse(self: Path) -> bytes:
        raise PermissionError(13, os.strerror(13), str(self))

    monkeypatch.setattr(Path, "read_bytes", refuse)  # root reads everything, whatever the mode
    problems = read_certificate_pair(tls, [HOST], NOW)[1]
    assert problems[1] == (
        f"{KEY}{tmp_path}/privkey.pem cannot be read (Permission denied); make it readable for whoever runs pulumi"
    )


def test_several_faults_of_one_pair_are_all_named(tmp_path: Path) -> None:
    old = pair("other.example.org", ends=timedelta(hours=-1))
    problems = problems_of(tmp_path, old.pem, b"nothing")
    assert [problem.partition(": ")[2].split(" ")[1:3] for problem in problems] == [
        ["file", "holds"],
        ["certificate", "ended"],
        ["certificate", "is"],
    ]


def test_a_chain_is_judged_by_the_certificate_of_the_server(tmp_path: Path) -> None:
    old_authority: Pair = pair(ends=timedelta(hours=-1))
    assert problems_of(tmp_path, GOOD.pem + old_authority.pem, GOOD.key_pem) == []


def test_a_chain_may_hold_a_certificate_with_a_key_of_an_unknown_kind(tmp_path: Path) -> None:
    der = AUTHORITY.certificate.public_bytes(Encoding.DER)
    p256, unknown = bytes.fromhex("2a8648ce3d030107"), bytes.fromhex("2a8648ce3d03017f")
    strange = b64encode(der.replace(p256, unknown))
    chain = GOOD.pem + b"-----BEGIN CERTIFICATE-----\n" + strange + b"\n-----END CERTIFICATE-----\n"
    assert problems_of(tmp_path, chain, GOOD.key_pem) == []
