"""The rules of the kernel, read and written with iptables' own commands."""

import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from images.firewall.connections import connections
from images.firewall.rules import Family, Table, chains_of
from images.firewall.runtime import FirewallRuntime
from images.firewall.tables import DOCKER_USER, Found, differences, mending, removal

# The tables of iptables-legacy in use, readable by root.
LEGACY_TABLES = Path("/proc/net/ip_tables_names")
_PATIENCE_SECONDS = 10
_TABLES: tuple[tuple[Family, Literal["filter", "nat"]], ...] = (
    ("iptables", "filter"),
    ("iptables", "nat"),
    ("ip6tables", "filter"),
)


class NetfilterError(Exception):
    """A sentence's part that says what does not work, without a full stop."""


@dataclass(frozen=True)
class Answer:
    """What a command left behind."""

    status: int
    output: str = ""
    error: str = ""


Runner = Callable[[Sequence[str], str], Answer]


def run_command(command: Sequence[str], given: str = "") -> Answer:
    """Run a command to its end.

    Raises:
        NetfilterError: it cannot be started, or does not end.
    """
    try:
        done = subprocess.run(
            command, input=given, capture_output=True, text=True, check=False, timeout=_PATIENCE_SECONDS
        )
    except OSError as error:
        raise NetfilterError(f"{command[0]} cannot be run: {error.strerror}") from error
    except subprocess.TimeoutExpired as error:
        raise NetfilterError(f"{command[0]} has not ended after {_PATIENCE_SECONDS} seconds") from error
    return Answer(done.returncode, done.stdout, done.stderr)


@dataclass
class Netfilter:
    """The rules of this network namespace, in iptables-nft: where every engine of these years keeps its own."""

    bridge: str
    run: Runner = run_command
    legacy_tables: Path = LEGACY_TABLES
    _beside_docker: bool = field(default=False, init=False)
    """Once Docker's chains have been seen: a wipe takes them too, and is repaired."""

    def observed(self, tables: Sequence[Table]) -> list[Found]:
        """What these tables hold now.

        Raises:
            NetfilterError: it cannot be read, or Docker's rules are elsewhere.
        """
        found = [self._read(table.family, table.name) for table in tables]
        self._beside_docker |= any(each.has_chains_of_docker() or each.has_chains_of(self.bridge) for each in found)
        if not self._beside_docker:
            raise NetfilterError(self._where_docker_is())
        return found

    def differences(self, tables: Sequence[Table]) -> list[str]:
        """What is not in force as it should be.

        Raises:
            NetfilterError: it cannot be read.
        """
        found = self.observed(tables)
        return [each for table, held in zip(tables, found, strict=True) for each in differences(table, held)]

    def apply(self, tables: Sequence[Table]) -> None:
        """Put these in force, each table in one step.

        Raises:
            NetfilterError: one is refused, and stays as it was.
        """
        for table, found in zip(tables, self.observed(tables), strict=True):
            hooks = {jump.hook for jump in table.jumps}
            if DOCKER_USER in hooks and DOCKER_USER not in found.chains:
                # Not in the step itself, which would empty the chain if Docker made it in this moment.
                self.run([f"{table.family}-nft", "-w", "-N", DOCKER_USER], "")
            self._restore(table.family, mending(table, found))

    def forget_connections(self, runtime: FirewallRuntime) -> None:
        """Let the rules judge open connections anew: one that was let in once is no longer asked for.

        Those of hub and proxy to user servers are kept. An allowed one that was forgotten would go on, since the kernel
        takes up a TCP connection in its middle (nf_conntrack_tcp_loose), but only when whoever opened it speaks next:
        a notebook's output would wait for the browser's next ping, half a minute (measured).

        Raises:
            NetfilterError: connections cannot be listed or removed.
        """
        self._forget("--orig-src", str(runtime.user_range))
        for side in ("--orig-src", "--orig-dst"):
            for each in connections(self._listed(side, str(runtime.subnet))):
                if not each.is_to_a_user_server(runtime):
                    self._forget(*each.options)

    def try_out(self, tables: Sequence[Table]) -> None:
        """See that tables can be written, read back, and removed again, and that connections can be removed.

        Raises:
            NetfilterError: one of these does not work.
        """
        try:
            self.apply(tables)
            if wrong := self.differences(tables):
                raise NetfilterError(f"iptables does not hold what was written ({wrong[0]})")
        finally:
            self._remove({chain for table in tables for chain in table.chains})
        # Nobody's address (RFC 5737): nothing is removed.
        self._forget("--orig-src", "192.0.2.1/32")

    def remove(self) -> bool:
        """Leave nothing of this bridge, and say whether there was anything.

        Raises:
            NetfilterError: something stays.
        """
        return self._remove(set(chains_of(self.bridge)))

    def _remove(self, chains: set[str]) -> bool:
        removed = False
        for family, name in _TABLES:
            text = removal(name, chains, self._read(family, name))
            if text is not None:
                self._restore(family, text)
                removed = True
        return removed

    def _where_docker_is(self) -> str:
        # To ask iptables-legacy itself takes NET_RAW, and a place for its lock that the server's own commands share.
        if self.legacy_tables.exists() and self.legacy_tables.read_text().split():
            return (
                "Docker's chains are not in iptables-nft, and iptables-legacy is in use: let Docker use iptables-nft "
                "(update-alternatives --set iptables /usr/sbin/iptables-nft) and restart the machine"
            )
        return (
            "iptables-nft holds no chain of Docker's: "
            "the engine keeps its rules elsewhere (firewall-backend: nftables) or makes none (iptables: false)"
        )

    def _read(self, family: Family, table: str) -> Found:
        return Found.read(self._checked([f"{family}-nft-save", "-t", table]))

    def _restore(self, family: Family, text: str) -> None:
        self._checked([f"{family}-nft-restore", "-w", "--noflush"], text)

    def _checked(self, command: Sequence[str], given: str = "") -> str:
        answer = self.run(command, given)
        if answer.status != 0:
            raise NetfilterError(f"{command[0]} fails: {_reason(answer)}")
        return answer.output

    def _listed(self, side: str, addresses: str) -> str:
        return self._checked(["conntrack", "-L", "--family", "ipv4", side, addresses])

    def _forget(self, *connection: str) -> None:
        answer = self.run(["conntrack", "-D", "--family", "ipv4", *connection], "")
        # It fails as well where there is nothing to remove.
        if answer.status != 0 and "0 flow entries have been deleted" not in answer.error:
            raise NetfilterError(f"conntrack fails: {_reason(answer)}")


def _reason(answer: Answer) -> str:
    """What a command says for itself, in one line and without mere warnings."""
    lines = [line.strip() for line in answer.error.splitlines() if not line.startswith("#")]
    return " ".join(line for line in lines if line).rstrip(".") or f"exit status {answer.status}"
