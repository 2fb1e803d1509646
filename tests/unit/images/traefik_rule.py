"""Traefik's side of a route, as far as rules of the hub use it: how a rule is read, and which requests it matches."""

import re
from urllib.parse import unquote_to_bytes

# A call of one matcher with one string of Go (go.dev/ref/spec, interpreted string literals), which its parser reads
# with nothing but printable characters raw; it takes a byte order mark nowhere but at the start of a file.
_ESCAPE = r'\\(?:[abfnrtv\\"]|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8})'
_CALL = re.compile(rf'(?P<matcher>PathPrefix|Path)\("(?P<text>(?:[^"\\\x00-\x1f\ufeff]|{_ESCAPE})*)"\)')
_LETTERS = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\", '"': '"'}

# Percent-encoded, these stay so in the path that rules are compared with (github.com/traefik/traefik,
# pkg/server/server_entrypoint_tcp.go, withRoutingPath).
_RESERVED = frozenset(b":/?#[]@!$&'()*+,;=%")


class NotARuleError(ValueError):
    """Traefik would refuse the rule, or read something into it that the hub never says."""


def parse(rule: str) -> list[tuple[str, str]]:
    """Matchers of a rule, one of which has to match, with their texts.

    Raises:
        NotARuleError: it is no such rule.
    """
    found = []
    position = 0
    while True:
        call = _CALL.match(rule, position)
        if call is None:
            raise NotARuleError(rule[position:])
        text = re.sub(_ESCAPE, _unescaped, call["text"])
        if not text.startswith("/") and (call["matcher"], text) != ("Path", ""):
            raise NotARuleError(f"{text} does not start with a /")
        found.append((call["matcher"], text))
        if call.end() == len(rule):
            return found
        if not rule.startswith(" || ", call.end()):
            raise NotARuleError(rule[call.end() :])
        position = call.end() + len(" || ")


def _unescaped(escape: re.Match[str]) -> str:
    letter, digits = escape[0][1], escape[0][2:]
    if letter not in "uU":
        return _LETTERS[letter]
    code = int(digits, 16)
    if code > 0x10FFFF or 0xD800 <= code < 0xE000:
        raise NotARuleError(f"{escape[0]} is no Unicode code point")
    return chr(code)


def matches(rule: str, request_path: str) -> bool:
    """Whether a request for this path, as it is on the wire, is for the rule's route."""
    path = _routing_path(request_path)
    return any(path.startswith(text) if matcher == "PathPrefix" else path == text for matcher, text in parse(rule))


def priority(rule: str) -> int:
    """The higher one wins, where two rules match."""
    return len(rule.encode())


def _routing_path(request_path: str) -> str:
    def decoded(character: re.Match[bytes]) -> bytes:
        byte = unquote_to_bytes(character[0])
        return character[0].upper() if byte[0] in _RESERVED else byte

    return re.sub(rb"%[0-9A-Fa-f]{2}", decoded, request_path.encode("ascii")).decode()
