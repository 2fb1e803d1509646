"""Step 6: the authorities that image builds must trust beyond the usual ones, on networks that intercept TLS."""

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from bootstrap.commands import BootstrapError
from bootstrap.folders import LOCAL
from bootstrap.progress import Step

BUNDLE = LOCAL / "ca-bundle.pem"
_LARGEST = 450_000  # BuildKit takes secrets of up to 500 kB
# Where distributions keep their bundle, and where an administrator puts further authorities: Debian, Fedora.
_STORES = {
    Path("/etc/ssl/certs/ca-certificates.crt"): Path("/usr/local/share/ca-certificates"),
    Path("/etc/pki/tls/certs/ca-bundle.crt"): Path("/etc/pki/ca-trust/source/anchors"),
}
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


def ensure(step: Step) -> None:
    """Write the bundle, empty when this machine trusts only the usual authorities; touched only when it changes."""
    source = find(os.environ, _STORES)
    content = read(source) if source else ""
    step.outcome = f"from {source}" if source else "none needed"
    BUNDLE.parent.mkdir(exist_ok=True)
    if not BUNDLE.exists() or BUNDLE.read_text() != content:
        new = BUNDLE.with_suffix(".new")
        new.write_text(content)
        new.replace(BUNDLE)


def find(environment: Mapping[str, str], stores: Mapping[Path, Path]) -> Path | None:
    """The bundle that holds more than the distribution's authorities, if there is one."""
    stated = environment.get("SSL_CERT_FILE")
    if stated and Path(stated).is_file() and not _is_one_of(Path(stated), stores):
        return Path(stated)
    for bundle, additions in stores.items():
        if bundle.is_file() and any(file.is_file() for file in additions.rglob("*")):
            return bundle
    return None


def read(bundle: Path) -> str:
    """The certificates of a bundle, each once, without the comments."""
    certificates = dict.fromkeys(_CERTIFICATE.findall(bundle.read_text(errors="replace")))
    content = "".join(f"{certificate}\n" for certificate in certificates)
    if len(content) > _LARGEST:
        raise BootstrapError(
            f"{bundle} holds {len(content) // 1000} kB of certificates, and image builds take {_LARGEST // 1000} kB: "
            "name a smaller bundle in SSL_CERT_FILE, then run this again."
        )
    return content


def _is_one_of(file: Path, stores: Iterable[Path]) -> bool:
    return any(bundle.is_file() and file.samefile(bundle) for bundle in stores)
