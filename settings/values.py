"""The types of single values: what an operator may write for a size, a duration, a name, an address."""

import re
from ipaddress import IPv4Address, IPv4Network
from typing import Annotated
from urllib.parse import unquote

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

_SIZE_UNITS = {"K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}
_DURATION_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_SIZE = r"[0-9]{1,9}(\.[0-9]{1,9})?[KMGT]"
_DURATION = r"[0-9]{1,9}[smhd]"
_PRIVATE_NETWORKS = [IPv4Network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")]
# Docker's own grammar of a reference (distribution/reference): [host[:port]/]path[:tag][@digest]
_HOST = r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?"
_COMPONENT = r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*"
_REFERENCE = re.compile(
    rf"({_HOST}(\.{_HOST})*(:[0-9]+)?/)?{_COMPONENT}(/{_COMPONENT})*"
    r"(:(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?(@(?P<digest>sha256:[0-9a-f]{64}))?"
)


def parse_memory(value: object) -> int:
    """Bytes in a size such as `512M` or `1.5G` (units of 1024).

    Raises:
        ValueError: the text is no such size.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    text = str(value)
    if not re.fullmatch(_SIZE, text):
        raise ValueError("is no size; write a number and K, M, G or T, for example 512M or 2G")
    return int(float(text[:-1]) * _SIZE_UNITS[text[-1]])


def parse_duration(value: object) -> int:
    """Seconds in a duration such as `90s`, `10m`, `1h` or `7d`.

    Raises:
        ValueError: the text is no such duration.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    text = str(value)
    if not re.fullmatch(_DURATION, text):
        raise ValueError("is no duration; write a whole number and s, m, h or d, for example 90s, 10m or 1h")
    return int(text[:-1]) * _DURATION_UNITS[text[-1]]


def written_memory(size: int) -> str:
    """A size of whole kibibytes as an operator would write it: `2G` and not 2147483648."""
    return _written(size, _SIZE_UNITS)


def written_duration(seconds: int) -> str:
    """A duration as an operator would write it: `5m` and not 300."""
    return _written(seconds, _DURATION_UNITS)


def _written(value: int, units: dict[str, int]) -> str:
    smallest, *larger = units
    unit = next((unit for unit in reversed(larger) if value and value % units[unit] == 0), smallest)
    return f"{value // units[unit]}{unit}"


def _dns_name(value: str) -> str:
    if len(value) > 253 or not re.fullmatch(rf"{_LABEL}(\.{_LABEL})*", value):  # noqa: PLR2004 - RFC 1035's limit
        raise ValueError("is no host name; write lower-case letters, digits, - and ., for example jupyter.example.org")
    return value


def _image_reference(value: str) -> str:
    match = _REFERENCE.fullmatch(value)
    if match is None:
        raise ValueError("is no image reference; write for example quay.io/jupyter/scipy-notebook:2026-10-20")
    if match["digest"] is None and match["tag"] in (None, "latest"):
        raise ValueError("is not pinned; add a tag other than latest, or a digest (@sha256:…)")
    return value


def _subnet(value: object) -> IPv4Network:
    try:
        network = IPv4Network(str(value))
    except ValueError:
        raise ValueError(
            "is no IPv4 network; write its first address and the length of its prefix, for example 10.201.0.0/20"
        ) from None
    if not any(network.subnet_of(private) for private in _PRIVATE_NETWORKS):
        raise ValueError("is not a private network; choose one below 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16")
    return network


def _address(value: object) -> IPv4Address:
    try:
        return IPv4Address(str(value))
    except ValueError:
        raise ValueError(
            "is no IPv4 address; write 0.0.0.0 for every address of the server, or 127.0.0.1 for this machine only"
        ) from None


def _allowed_domain(value: str) -> str:
    name = value.removeprefix(".")
    if len(name) > 253 or not re.fullmatch(rf"{_LABEL}(\.{_LABEL})+", name) or name.rpartition(".")[2].isdigit():  # noqa: PLR2004 - RFC 1035's limit
        raise ValueError("is no domain; write for example data.example.org, or .python.org for it and all below it")
    return value


def _resolver_address(value: object) -> IPv4Address:
    try:
        address = IPv4Address(str(value))
    except ValueError:
        raise ValueError("is no IPv4 address; write that of a name server, for example 10.0.0.53") from None
    if address.is_loopback or address.is_unspecified or address.is_multicast:
        raise ValueError(
            "is the user server itself when asked from there; write the address that the name server has on its network"
        )
    return address


def _destination(value: object) -> IPv4Network:
    try:
        network = IPv4Network(str(value))
    except ValueError:
        raise ValueError(
            "is neither an IPv4 address nor a network; write for example 10.1.2.3, or 10.1.2.0/24"
        ) from None
    if network.is_loopback or network.is_multicast or network.prefixlen == 0:
        raise ValueError("is no place on a network; write for example 10.1.2.3, or 10.1.2.0/24")
    return network


def _entry_name(value: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,30}", value):
        raise ValueError("is no name; write lower-case letters, digits and -, for example license-server")
    return value


def _user_name(value: str) -> str:
    # jupyterhub.auth.Authenticator.validate_username, and its lower-casing normalisation
    if not value or value != value.strip() or "/" in value or set(unquote(value)) <= {"."}:
        raise ValueError("is no user name; it may hold no / and no space at either end, nor be only dots")
    if value != value.lower():
        raise ValueError("has capital letters, which the hub lowers at log-in; write it in lower case")
    return value


def _group_name(value: str) -> str:
    if not value or value != value.strip() or len(value) > 255:  # noqa: PLR2004 - jupyterhub.orm.Group.name
        raise ValueError("is no group; write its name as the log-in server tells it, with no space at either end")
    return value


def _https_url(value: str) -> str:
    match = re.fullmatch(rf"https://({_LABEL}(\.{_LABEL})*)(:[0-9]{{1,5}})?(/[A-Za-z0-9._~!$&'()*+,;=:@%-]+)*", value)
    if match is None or len(value) > 2000:  # noqa: PLR2004 - more than any browser's address line takes
        raise ValueError(
            "is no https address; write for example https://login.example.org/realms/campus, without a / at the end"
        )
    return value


def _path_prefix(value: str) -> str:
    if not re.fullmatch(r"(/(?!\.\.?(/|$))[A-Za-z0-9._~-]+)+", value):
        raise ValueError("is no path; write for example /grafana, without a / at the end")
    return value


def _package(value: str) -> str:
    # It becomes a word of a shell command in an image build: nothing that a shell or pip could read as more.
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._+\[\],=<>!~-]*", value):
        raise ValueError("is no package; write a name, with a version if you like, for example polars==1.35.0")
    return value


def _variable(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", value):
        raise ValueError("is no name for an environment variable; write letters, digits and _, no digit first")
    if value.startswith("JUPYTERHUB_"):
        raise ValueError("belongs to JupyterHub, which sets it itself; choose another name")
    return value


def _text(pattern: str, *examples: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": pattern, "examples": list(examples)})


Port = Annotated[int, Field(ge=1, le=65535)]
MemorySize = Annotated[int, BeforeValidator(parse_memory), _text(f"^{_SIZE}$", "512M", "2G")]
Duration = Annotated[int, BeforeValidator(parse_duration), _text(f"^{_DURATION}$", "90s", "10m", "1h")]
DnsName = Annotated[str, AfterValidator(_dns_name)]
ImageReference = Annotated[str, AfterValidator(_image_reference)]
Subnet = Annotated[IPv4Network, BeforeValidator(_subnet), _text(r"^[0-9.]+/[0-9]+$", "10.201.0.0/20")]
Address = Annotated[IPv4Address, BeforeValidator(_address), _text(r"^[0-9.]+$", "127.0.0.1")]
ResolverAddress = Annotated[IPv4Address, BeforeValidator(_resolver_address), _text(r"^[0-9.]+$", "10.0.0.53")]
Destination = Annotated[IPv4Network, BeforeValidator(_destination), _text(r"^[0-9.]+(/[0-9]+)?$", "10.1.2.0/24")]
AllowedDomain = Annotated[str, AfterValidator(_allowed_domain)]
EntryName = Annotated[str, AfterValidator(_entry_name)]
UserName = Annotated[str, AfterValidator(_user_name)]
GroupName = Annotated[str, AfterValidator(_group_name)]
HttpsUrl = Annotated[str, AfterValidator(_https_url)]
PathPrefix = Annotated[str, AfterValidator(_path_prefix)]
Package = Annotated[str, AfterValidator(_package)]
VariableName = Annotated[str, AfterValidator(_variable)]
