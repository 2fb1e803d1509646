"""What a kernel would do with a packet, going by the text of rules alone. Knows nothing of how the rules are made."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Address, IPv4Network


@dataclass(frozen=True)
class Packet:
    """One packet of a connection."""

    source: IPv4Address
    target: IPv4Address
    protocol: str
    port: int
    came_in: str
    goes_out: str
    state: str = "NEW"


@dataclass(frozen=True)
class Verdict:
    """ACCEPT and DROP end the journey; RETURN leaves the packet to the other rules of the host."""

    target: str
    marked: bool = False


def verdict(chains: Mapping[str, Sequence[str]], chain: str, packet: Packet) -> Verdict:
    marked = False
    for rule in chains[chain]:
        words = _words(rule)
        action = next(position for position, word in enumerate(words) if word in {"-j", "-g"})
        if not _matches(words[:action], packet):
            continue
        way, target = words[action : action + 2]
        if target == "MARK":
            marked = True
        elif target in {"ACCEPT", "DROP", "RETURN", "MASQUERADE"}:
            return Verdict(target, marked)
        elif way == "-g":
            # It does not come back here, but to whoever led to this chain.
            return verdict(chains, target, packet)
        else:
            raise AssertionError(f"no rule needs {rule}")
    return Verdict("RETURN", marked)


@cache
def _words(rule: str) -> list[str]:
    return shlex.split(rule)


@cache
def _network(text: str) -> IPv4Network:
    return IPv4Network(text)


def _matches(words: list[str], packet: Packet) -> bool:
    found = True
    negated = False
    rest = iter(words)
    for word in rest:
        if word == "!":
            negated = True
            continue
        value = next(rest)
        match word:
            case "-m":
                continue
            case "-s":
                this = packet.source in _network(value)
            case "-d":
                this = packet.target in _network(value)
            case "-i":
                this = packet.came_in == value
            case "-o":
                this = packet.goes_out == value
            case "-p":
                this = packet.protocol == value
            case "--dport":
                this = packet.port == int(value)
            case "--ctstate":
                this = packet.state in value.split(",")
            case _:
                raise AssertionError(f"no rule needs {word}")
        found = found and this != negated
        negated = False
    return found
