"""What a table holds, how that differs from what it should, and the text for `iptables-restore` that mends it."""

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from images.firewall.rules import Jump, Table, chains_of

# Docker asks this chain first, wherever it has its own (docs.docker.com/engine/network/packet-filtering-firewalls).
DOCKER_USER = "DOCKER-USER"
# Other stacks' chains let pass whatever is not on their bridge; two stacks would fight for the first place for ever.
_STACKS = "jh-"


@dataclass(frozen=True)
class Found:
    """A table as `iptables-save` printed it."""

    chains: Mapping[str, tuple[str, ...]]
    """Rules of each chain, without `-A` and the chain."""

    @classmethod
    def read(cls, text: str) -> "Found":
        """What the output for one table says."""
        chains: dict[str, list[str]] = {}
        for line in text.splitlines():
            if line.startswith(":"):
                chains[line[1:].split(" ", 1)[0]] = []
            elif line.startswith("-A "):
                _, chain, rule = line.split(" ", 2)
                chains[chain].append(rule)
        return cls({chain: tuple(rules) for chain, rules in chains.items()})

    def has_chains_of_docker(self) -> bool:
        """Whether the engine keeps its rules here."""
        return any(chain == "DOCKER" or chain.startswith("DOCKER-") for chain in self.chains)

    def has_chains_of(self, bridge: str) -> bool:
        """Whether a firewall of this bridge has been here."""
        return any(chain in self.chains for chain in chains_of(bridge))


def differences(table: Table, found: Found) -> list[str]:
    """What is not as it should be, one short phrase each."""
    problems = []
    for chain, rules in table.chains.items():
        if chain not in found.chains:
            problems.append(f"chain {chain} was missing")
        elif found.chains[chain] != rules:
            problems.append(f"chain {chain} was changed")
    for jump in table.jumps:
        rules = found.chains.get(jump.hook, ())
        if jump.rule not in rules:
            problems.append(f"{jump.hook} did not lead to {jump.target}")
        elif not _is_first(jump, table, found):
            problems.append(f"{jump.hook} led to {jump.target} too late")
        elif len(_rules_to({jump.target}, rules)) > 1:
            problems.append(f"{jump.hook} led to {jump.target} twice")
    where = f"{table.family} {table.name}"
    return [f"{where}: {problem}" for problem in problems]


def mending(table: Table, found: Found) -> str:
    """Text that, in one step, makes the table what it should be and touches nothing that is not ours."""
    # A line for a chain that exists empties it.
    lines = [f":{chain} - [0:0]" for chain in table.chains]
    for hook in dict.fromkeys(jump.hook for jump in table.jumps):
        lines += [f"-D {hook} {rule}" for rule in _rules_to(set(table.chains), found.chains.get(hook, ()))]
    lines += [f"-I {jump.hook} 1 {jump.rule}" for jump in table.jumps]
    lines += [f"-A {chain} {rule}" for chain, rules in table.chains.items() for rule in rules]
    return _restore(table.name, lines)


def removal(name: str, chains: set[str], found: Found) -> str | None:
    """Text that leaves nothing of these chains; None if there is nothing to remove."""
    present = [chain for chain in found.chains if chain in chains]
    if not present:
        return None
    lines = [
        f"-D {hook} {rule}"
        for hook, rules in found.chains.items()
        if hook not in chains
        for rule in _rules_to(chains, rules)
    ]
    # All are emptied first, since none can go while another leads to it.
    lines += [f":{chain} - [0:0]" for chain in present]
    lines += [f"-X {chain}" for chain in present]
    return _restore(name, lines)


def _restore(name: str, lines: list[str]) -> str:
    return "\n".join([f"*{name}", *lines, "COMMIT", ""])


def _is_first(jump: Jump, table: Table, found: Found) -> bool:
    """Whether nothing foreign decides before our chain is asked."""
    rules = found.chains[jump.hook]
    before = [_target(rule) for rule in rules[: rules.index(jump.rule)]]
    foreign = [target for target in before if not target.startswith(_STACKS)]
    # Docker puts its jump back to the first place with every network it makes. We need not overtake it each time, and
    # cut people's connections, as long as the chain it leads to begins with us.
    return not foreign or (set(foreign) == {DOCKER_USER} and _docker_asks_us_first(jump, table, found))


def _docker_asks_us_first(jump: Jump, table: Table, found: Found) -> bool:
    return any(
        each.target == jump.target and each.rule in found.chains.get(DOCKER_USER, ()) and _is_first(each, table, found)
        for each in table.jumps
        if each.hook == DOCKER_USER != jump.hook
    )


def _rules_to(chains: set[str], rules: tuple[str, ...]) -> list[str]:
    return [rule for rule in rules if any(chain in rule for chain in chains) and _target(rule) in chains]


def _target(rule: str) -> str:
    """Where a rule leads: what follows -j or -g, but not inside a comment."""
    words: Iterator[str] = iter(shlex.split(rule))
    for word in words:
        if word in {"-j", "-g"}:
            return next(words, "")
    return ""
