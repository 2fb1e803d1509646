"""Which authorities image builds get beyond the usual ones."""

from pathlib import Path

import pytest

from bootstrap import ca_bundle
from bootstrap.commands import BootstrapError
from bootstrap.progress import Step


def certificate(text: str) -> str:
    return f"-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n"


@pytest.fixture
def stores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[Path, Path]:
    """A machine as Debian makes it; the bundle goes into a checkout of the test's own."""
    bundle, additions = tmp_path / "ca-certificates.crt", tmp_path / "additions"
    bundle.write_text(certificate("usual"))
    additions.mkdir()
    stores = {bundle: additions}
    monkeypatch.setattr(ca_bundle, "_STORES", stores)
    monkeypatch.setattr(ca_bundle, "BUNDLE", tmp_path / "checkout" / "ca-bundle.pem")
    return stores


@pytest.mark.usefixtures("stores")
def test_usual_machine_has_an_empty_bundle() -> None:
    step = Step("authorities")
    ca_bundle.ensure(step)
    assert ca_bundle.BUNDLE.read_text() == ""
    assert step.outcome == "none needed"


def test_further_authorities(stores: dict[Path, Path]) -> None:
    [(bundle, additions)] = stores.items()
    (additions / "department").mkdir()
    assert ca_bundle.find({}, stores) is None
    (additions / "department" / "proxy.crt").touch()
    bundle.write_text(f"# a comment\n{certificate('usual')}{certificate('proxy')}{certificate('usual')}")
    ca_bundle.ensure(Step("authorities"))
    assert ca_bundle.BUNDLE.read_text() == certificate("usual") + certificate("proxy")


def test_ssl_cert_file(stores: dict[Path, Path], tmp_path: Path) -> None:
    [bundle] = stores
    own = tmp_path / "own.pem"
    assert ca_bundle.find({"SSL_CERT_FILE": str(own)}, stores) is None
    own.write_text(certificate("own"))
    assert ca_bundle.find({"SSL_CERT_FILE": str(own)}, stores) == own
    assert ca_bundle.find({"SSL_CERT_FILE": str(bundle)}, stores) is None
    link = tmp_path / "link.pem"
    link.symlink_to(bundle)
    assert ca_bundle.find({"SSL_CERT_FILE": str(link)}, stores) is None


@pytest.mark.usefixtures("stores")
def test_written_only_when_it_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "own.pem"
    own.write_text(certificate("own"))
    monkeypatch.setenv("SSL_CERT_FILE", str(own))
    ca_bundle.ensure(Step("authorities"))
    first = ca_bundle.BUNDLE.stat()
    ca_bundle.ensure(Step("authorities"))
    assert ca_bundle.BUNDLE.stat().st_ino == first.st_ino
    own.write_text(certificate("other"))
    ca_bundle.ensure(Step("authorities"))
    assert ca_bundle.BUNDLE.read_text() == certificate("other")
    assert [file.name for file in ca_bundle.BUNDLE.parent.iterdir()] == ["ca-bundle.pem"]


def test_too_large_for_a_build_secret(tmp_path: Path) -> None:
    bundle = tmp_path / "large.pem"
    bundle.write_text("".join(certificate(f"{number:04}" + "x" * 2000) for number in range(300)))
    with pytest.raises(BootstrapError, match=r"large.pem holds 6\d\d kB of certificates, and image builds take 450 kB"):
        ca_bundle.read(bundle)
