"""Keep the rules in force: compare every second, mend, and say so."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from images.firewall.health import bridge_filter_problem, write_heartbeat
from images.firewall.netfilter import Netfilter, NetfilterError
from images.firewall.rules import Table
from images.firewall.runtime import FirewallRuntime

log = logging.getLogger("firewall")


@dataclass
class Watch:
    """One firewall at work."""

    runtime: FirewallRuntime
    """As it was given: the heartbeat bears its fingerprint."""
    tables: tuple[Table, ...]
    netfilter: Netfilter
    heartbeat: Path
    bridge_problem: Callable[[], str | None] = bridge_filter_problem
    _said: set[str] = field(default_factory=set, init=False)
    _must_forget: bool = field(default=False, init=False)
    _has_begun: bool = field(default=False, init=False)

    def tick(self) -> bool:
        """Mend what is wrong; True, and a heartbeat, if all is in force."""
        try:
            repaired = self._mend()
            self._check_bridges()
            write_heartbeat(self.heartbeat, self.runtime.fingerprint)
        except (NetfilterError, OSError) as error:
            self._say(logging.ERROR, f"User servers are not isolated for sure: {error}.")
            return False
        if not repaired and self._said:
            log.info("All rules are in force.")
            self._said.clear()
        self._has_begun = True
        return True

    def _mend(self) -> bool:
        missing = self.netfilter.differences(self.tables)
        if missing:
            level, verb = (logging.WARNING, "Repaired") if self._has_begun else (logging.INFO, "Put in force")
            self._say(level, f"{verb}: {'; '.join(missing)}.")
            # Whatever was opened meanwhile would stay open.
            self._must_forget = True
            self.netfilter.apply(self.tables)
            if wrong := self.netfilter.differences(self.tables):
                raise NetfilterError(f"rules do not stay as they were written ({wrong[0]})")
        if self._must_forget:
            self.netfilter.forget_connections(self.runtime)
            self._must_forget = False
        return bool(missing)

    def _check_bridges(self) -> None:
        if problem := self.bridge_problem():
            raise NetfilterError(problem)

    def _say(self, level: int, sentence: str) -> None:
        """Once, however long it goes on."""
        if sentence not in self._said:
            log.log(level, "%s", sentence)
        self._said.add(sentence)
