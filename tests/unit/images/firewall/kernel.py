"""A kernel's rules, in memory, with as much of iptables' commands as the firewall uses."""

from collections.abc import Sequence
from pathlib import Path

from images.firewall.netfilter import Answer, Netfilter

Chains = dict[str, list[str]]
BUILT_IN = {"filter": ("INPUT", "FORWARD", "OUTPUT"), "nat": ("PREROUTING", "INPUT", "OUTPUT", "POSTROUTING")}
DOCKER_FORWARD = ["-j DOCKER-USER", "-i jh-dev-user -o jh-dev-user -j DROP", "-i docker0 -j ACCEPT"]


class Kernel:
    """Answers commands; `fails` maps the start of a command to what it says instead."""

    def __init__(self) -> None:
        self.tables: dict[tuple[str, str], Chains] = {}
        self.fails: dict[str, str] = {}
        self.commands: list[str] = []
        self.connections: list[str] = []

    def table(self, name: str = "filter", family: str = "iptables") -> Chains:
        return self.tables.setdefault((family, name), {chain: [] for chain in BUILT_IN[name]})

    def with_docker(self) -> "Kernel":
        chains = self.table()
        chains.update({"DOCKER-USER": ["-j RETURN"], "DOCKER": []})
        chains["FORWARD"] += DOCKER_FORWARD
        return self

    def run(self, command: Sequence[str], given: str = "") -> Answer:
        self.commands.append(" ".join(command))
        for start, error in self.fails.items():
            if self.commands[-1].startswith(start):
                return Answer(1, error=error)
        if command[:2] == ["conntrack", "-L"]:
            return Answer(0, "\n".join(self.connections))
        if command[0] == "conntrack":
            return Answer(1, error="conntrack v1.4.8 (conntrack-tools): 0 flow entries have been deleted.\n")
        family, backend, *verb = command[0].split("-")
        assert backend == "nft"
        if verb == ["save"]:
            return Answer(0, self._saved(self.table(command[-1], family)))
        if verb == ["restore"]:
            first, *lines, last = given.splitlines()
            assert last == "COMMIT"
            self._restore(self.table(first.removeprefix("*"), family), lines)
        else:
            assert command[1:3] == ["-w", "-N"]
            self.table(family=family)[command[3]] = []
        return Answer(0)

    def flush(self) -> None:
        """`iptables -F`"""
        self.tables["iptables", "filter"].update({chain: [] for chain in self.table()})

    def wipe(self) -> None:
        """`iptables -F; iptables -t nat -F; iptables -X`"""
        for key in [key for key in self.tables if key[0] == "iptables"]:
            del self.tables[key]

    def netfilter(self, tmp_path: Path, legacy_tables: str | None = None) -> Netfilter:
        file = tmp_path / "ip_tables_names"
        if legacy_tables is not None:
            file.write_text(legacy_tables)
        return Netfilter("jh-dev-user", run=self.run, legacy_tables=file)

    @property
    def changes(self) -> list[str]:
        """Commands that change something."""
        return [command for command in self.commands if "-save" not in command]

    def _saved(self, chains: Chains) -> str:
        lines = [f":{chain} {'ACCEPT' if chain.isupper() else '-'} [0:0]" for chain in chains]
        lines += [f"-A {chain} {rule}" for chain, rules in chains.items() for rule in rules]
        return "\n".join(["# Generated", "*table", *lines, "COMMIT", ""])

    def _restore(self, chains: Chains, lines: list[str]) -> None:
        for line in lines:
            match line.split(" ", 2):
                case [name, *_] if name.startswith(":"):
                    chains[name[1:]] = []
                case ["-D", chain, rule]:
                    chains[chain].remove(rule)
                case ["-I", chain, numbered]:
                    number, rule = numbered.split(" ", 1)
                    chains[chain].insert(int(number) - 1, rule)
                case ["-A", chain, rule]:
                    chains[chain].append(rule)
                case ["-X", chain]:
                    assert not [rule for rules in chains.values() for rule in rules if rule.split()[-1] == chain]
                    del chains[chain]
                case _:
                    raise AssertionError(line)
