"""Have Traefik ask its authority, once, for the certificates that the site has not got yet.

Left to itself, Traefik asks again at every change of its routes, and the end of a challenge that failed is such a
change (github.com/traefik/traefik/issues/5413 and 11912; 57 orders in a minute measured): Let's Encrypt stops answering
after five failures in an hour. So the route that makes it ask is there only until Traefik has read it. Renewals need
none.
"""

import json
import socket
import ssl
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from http.client import HTTPException, HTTPSConnection
from pathlib import Path

from cryptography import x509

from images.hub.runtime import CERTIFICATE_REQUEST_FILE, ROUTES_FOLDER, CertificateRequest

_ROUTE_FILE = Path(ROUTES_FOLDER / "certificate-request.yml")
# What Traefik's own `noop` service answers with.
_TEAPOT = 418
_SECONDS_TO_READ = 15
# Authorities look from several places, one after another, and make a certificate in some more seconds.
_SECONDS_TO_ISSUE = 60


def request(wanted: CertificateRequest) -> list[str]:
    """Ask for what is missing and wait for it.

    Returns:
        The host names that there is no certificate for then.

    Raises:
        TimeoutError: Traefik does not read its routes.
    """
    if not _missing(wanted):
        return []
    _ROUTE_FILE.write_text(json.dumps(wanted.route))
    try:
        if not _within(_SECONDS_TO_READ, lambda: _is_read(wanted)):
            raise TimeoutError(f"The reverse proxy has not taken up {_ROUTE_FILE.name} in {_SECONDS_TO_READ} seconds.")
    finally:
        _ROUTE_FILE.unlink()
    _within(_SECONDS_TO_ISSUE, lambda: not _missing(wanted))
    return _missing(wanted)


def main() -> int:
    """Print a line for each host name; the exit code says whether each has its certificate."""
    wanted = CertificateRequest.model_validate_json(Path(CERTIFICATE_REQUEST_FILE).read_bytes())
    try:
        missing = request(wanted)
    except TimeoutError as error:
        print(error)
        return 1
    for host in wanted.host_names:
        expires = certificate_expires(wanted, host)
        print(f"{host}: " + (f"certificate until {expires:%Y-%m-%d}" if expires else "no certificate"))
    return 1 if missing else 0


def certificate_expires(wanted: CertificateRequest, host: str) -> datetime | None:
    """When the certificate ends that the reverse proxy shows for a host name; none where that is its stand-in."""
    context = _unverified()
    with suppress(OSError):
        with (
            socket.create_connection((wanted.proxy_host, wanted.proxy_port), timeout=5) as connection,
            context.wrap_socket(connection, server_hostname=host) as wrapped,
        ):
            certificate = x509.load_der_x509_certificate(wrapped.getpeercert(binary_form=True) or b"")
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        if host in names.get_values_for_type(x509.DNSName):
            return certificate.not_valid_after_utc
    return None


def _missing(wanted: CertificateRequest) -> list[str]:
    return [host for host in wanted.host_names if certificate_expires(wanted, host) is None]


def _is_read(wanted: CertificateRequest) -> bool:
    connection = HTTPSConnection(wanted.proxy_host, wanted.proxy_port, timeout=5, context=_unverified())
    try:
        connection.request("GET", wanted.path)
        return connection.getresponse().status == _TEAPOT
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _unverified() -> ssl.SSLContext:
    """To look at a certificate that is not there yet; nothing is sent that anybody may not know."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _within(seconds: float, condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)
    return True


if __name__ == "__main__":
    sys.exit(main())
