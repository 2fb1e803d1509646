"""Whether the machine filters bridges at all, and the heartbeat that tells the hub that all is well."""

import time
from pathlib import Path

from pydantic import ValidationError

from images.firewall.runtime import Heartbeat

# Per network namespace. Without it no rule sees what goes from one container of a bridge to another.
BRIDGE_FILTER = Path("/proc/sys/net/bridge/bridge-nf-call-iptables")
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def bridge_filter_problem(switch: Path = BRIDGE_FILTER) -> str | None:
    """Why the rules do not hold between two user servers, without a full stop."""
    try:
        value = switch.read_text().strip()
    except FileNotFoundError:
        return f"{switch} is missing: the kernel module br_netfilter is not loaded"
    except OSError as error:
        return f"{switch} cannot be read: {error.strerror}"
    if value != "1":
        return f"{switch} is {value}, not 1: packets between containers pass no rule"
    return None


def write_heartbeat(file: Path, fingerprint: str) -> None:
    """Say that at this moment all rules of a runtime are in force.

    Raises:
        OSError: the file cannot be written.
    """
    heartbeat = Heartbeat(boot_id=boot_id(), monotonic=_now(), fingerprint=fingerprint)
    draft = file.with_suffix(".new")
    draft.write_text(heartbeat.model_dump_json())
    # The hub is another user.
    draft.chmod(0o644)
    draft.replace(file)


def heartbeat_problem(file: Path, fingerprint: str) -> str | None:
    """Why the rules of a runtime cannot be relied on at this moment, without a full stop."""
    try:
        heartbeat = Heartbeat.model_validate_json(file.read_text())
    except OSError as error:
        return f"{file} cannot be read: {error.strerror}"
    except ValidationError:
        return f"{file} is no heartbeat"
    return heartbeat.problem(boot_id(), _now(), fingerprint)


def boot_id() -> str:
    """Name of this start of the machine."""
    return _BOOT_ID.read_text().strip()


def ipv6_exists(interfaces: Path = Path("/proc/net/if_inet6")) -> bool:
    """Whether the kernel speaks IPv6 at all; without it ip6tables has no tables either."""
    return interfaces.exists()


def _now() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)
