"""Looks in an image for the authorities that a network which intercepts TLS made its build trust."""

import re

from tests.integration.deployment import CHECKOUT
from tests.integration.images.image import Image

_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----\n(.+?)\n-----END CERTIFICATE-----", re.DOTALL)
_USUAL = "find / -xdev ( -path /usr/share/ca-certificates/*.crt -o -path */certifi/cacert.pem ) -exec cat {} +"
_SEARCH = "grep -rlFf /wanted --exclude=wanted --exclude-dir=proc --exclude-dir=sys / || true"


def usual_authorities(image: Image) -> set[str]:
    """A line of each certificate that Debian's and pip's packages brought into the image."""
    return _lines(image.run(*_USUAL.split(), user="0"))


def unusual_authorities(image: Image) -> set[str]:
    """A line of each certificate that builds on this machine trust, and that no package brought into the image."""
    return _lines((CHECKOUT / ".bootstrap/ca-bundle.pem").read_text()) - usual_authorities(image)


def files_with_any(image: Image, lines: set[str]) -> list[str]:
    """Files of the image that hold one of these lines."""
    wanted = "".join(f"{line}\n" for line in lines)
    return image.run("sh", "-c", _SEARCH, files={"/wanted": wanted}, user="0").splitlines()


def _lines(certificates: str) -> set[str]:
    # One from the middle: the first ones can be the same in two certificates of one authority.
    found = [body.splitlines() for body in _CERTIFICATE.findall(certificates)]
    return {lines[len(lines) // 2] for lines in found}
