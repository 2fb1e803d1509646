"""Whether the firewall says that its rules are in force: what stands before the start of every server."""

import time
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from images.hub.runtime import HEARTBEAT_FILE

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
# The firewall reports every second; a repair takes it less than two.
_OLDEST_SECONDS = 10


class Heartbeat(BaseModel):
    """What the firewall writes after it has seen every rule in its place (images/firewall/runtime.py)."""

    model_config = ConfigDict(frozen=True)

    boot_id: str
    monotonic: float
    """CLOCK_BOOTTIME in seconds, which is one for the server and all its containers."""
    fingerprint: str


def firewall_problem(fingerprint: str, file: Path = Path(HEARTBEAT_FILE)) -> str | None:
    """Why it is not known that the rules with this fingerprint are in force; nothing if it is."""
    try:
        heartbeat = Heartbeat.model_validate_json(file.read_text())
    except FileNotFoundError:
        return "the firewall has not reported yet"
    except (OSError, ValidationError) as error:
        return f"the firewall's report cannot be read ({type(error).__name__})"
    if heartbeat.boot_id != _BOOT_ID.read_text().strip():
        return "the firewall has not reported since this server started"
    age = time.clock_gettime(time.CLOCK_BOOTTIME) - heartbeat.monotonic
    if not 0 <= age <= _OLDEST_SECONDS:
        return f"the firewall last reported {age:.0f} seconds ago"
    if heartbeat.fingerprint != fingerprint:
        return "the firewall has other settings than the hub"
    return None
