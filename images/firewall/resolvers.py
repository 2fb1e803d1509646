"""Name servers of the host, which user servers ask through Docker's own."""

from ipaddress import AddressValueError, IPv4Address
from pathlib import Path

from images.firewall.runtime import FirewallRuntime

RESOLV_CONF = Path("/etc/resolv.conf")


def with_host_resolvers(runtime: FirewallRuntime, file: Path = RESOLV_CONF) -> FirewallRuntime:
    """The runtime with the host's name servers where it names none and they could be on a private network."""
    egress = runtime.egress
    if egress.mode != "internet" or egress.resolvers:
        return runtime
    return runtime.model_copy(update={"egress": egress.model_copy(update={"resolvers": host_resolvers(file)})})


def host_resolvers(file: Path = RESOLV_CONF) -> tuple[IPv4Address, ...]:
    """IPv4 name servers, without those of the host itself: Docker asks these from the host."""
    try:
        lines = [line.split() for line in file.read_text().splitlines()]
    except OSError:
        return ()
    named = [words[1] for words in lines if words[:1] == ["nameserver"] and len(words) > 1]
    found = [address for text in named if (address := _address(text)) and not address.is_loopback]
    return tuple(dict.fromkeys(found))


def _address(text: str) -> IPv4Address | None:
    try:
        return IPv4Address(text)
    except AddressValueError:
        return None
