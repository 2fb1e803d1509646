"""Single values: what is accepted means what it says, what is refused gives a sentence and nothing else."""

import re
from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from settings.services import ServiceName, ServiceSettings
from settings.values import (
    Address,
    DnsName,
    Duration,
    ImageReference,
    MemorySize,
    Package,
    PathPrefix,
    Port,
    Subnet,
    UserName,
    VariableName,
    parse_duration,
    parse_memory,
    written_duration,
    written_memory,
)

QUICK = settings(max_examples=80, deadline=None, database=None)
TYPES: dict[str, object] = {
    "Address": Address,
    "DnsName": DnsName,
    "Duration": Duration,
    "ImageReference": ImageReference,
    "MemorySize": MemorySize,
    "Package": Package,
    "PathPrefix": PathPrefix,
    "Port": Port,
    "ServiceName": ServiceName,
    "Subnet": Subnet,
    "UserName": UserName,
    "VariableName": VariableName,
}
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=4,
)


def value_of(kind: object, text: object) -> object:
    return TypeAdapter(cast("type[object]", kind)).validate_python(text)


def accepts(kind: object, value: object) -> bool:
    try:
        value_of(kind, value)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize("kind", TYPES.values(), ids=list(TYPES))
@QUICK
@given(value=JSON_VALUES | st.from_regex(r"[A-Za-z0-9:/._@+-]+", fullmatch=True))
def test_whatever_is_written_is_accepted_or_refused_with_one_sentence(kind: object, value: object) -> None:
    try:
        value_of(kind, value)
    except ValidationError as error:
        (detail,) = error.errors(include_url=False)
        assert detail["type"] != "value_error" or "; " in detail["msg"]


@QUICK
@given(number=st.integers(0, 999_999_999), unit=st.sampled_from("KMGT"))
def test_a_size_is_its_number_in_units_of_1024(number: int, unit: str) -> None:
    assert parse_memory(f"{number}{unit}") == number * 1024 ** ("KMGT".index(unit) + 1)


@QUICK
@given(number=st.integers(0, 999_999_999), unit=st.sampled_from("smhd"))
def test_a_duration_is_its_number_in_seconds(number: int, unit: str) -> None:
    assert parse_duration(f"{number}{unit}") == number * {"s": 1, "m": 60, "h": 60 * 60, "d": 24 * 60 * 60}[unit]


def test_a_size_may_have_a_fraction() -> None:
    assert parse_memory("1.5G") == 1536 * 1024**2


@QUICK
@given(kibibytes=st.integers(0, 999_999_999))
def test_a_size_is_written_as_it_would_be_read(kibibytes: int) -> None:
    assert parse_memory(written_memory(kibibytes * 1024)) == kibibytes * 1024


@QUICK
@given(seconds=st.integers(0, 999_999_999))
def test_a_duration_is_written_as_it_would_be_read(seconds: int) -> None:
    assert parse_duration(written_duration(seconds)) == seconds


@pytest.mark.parametrize(
    ("write", "value", "text"),
    [
        (written_memory, 2**31, "2G"),
        (written_memory, 1536 * 2**20, "1536M"),
        (written_memory, 2**40, "1T"),
        (written_memory, 2**10, "1K"),
        (written_duration, 0, "0s"),
        (written_duration, 90, "90s"),
        (written_duration, 5400, "90m"),
        (written_duration, 31536000, "365d"),
    ],
)
def test_the_largest_whole_unit_is_written(write: Callable[[int], str], value: int, text: str) -> None:
    assert write(value) == text


GOOD_AND_BAD: dict[str, tuple[object, list[object], list[object]]] = {
    "sizes": (
        MemorySize,
        ["512M", "1.5G", "0K", 2**30],
        [
            "512",
            "512MB",
            "512 M",
            "-1G",
            "1,5G",
            ".5G",
            "1.G",
            "512m",
            "",
            "٣G",
            "1G\n",
            "9" * 400 + "K",
            True,
            None,
            1.5,
        ],
    ),
    "durations": (
        Duration,
        ["90s", "10m", "1h", "7d", "0s", 300],
        ["90", "1.5h", "1h30m", "-1s", "1 h", "1w", "٣h", "1h\n", "9" * 10 + "s", "9" * 5000 + "s", False, None, {}],
    ),
    "host names": (
        DnsName,
        ["localhost", "hub.example.org", "a-b.c1", "xn--bcher-kva.example", "a" * 63, "10.0.0.5"],
        [
            "",
            "Jupyter.org",
            "a..b",
            ".a",
            "a.",
            "-a",
            "a-",
            "a_b",
            "bücher.org",
            "a" * 64,
            "a.b:80",
            "*.a.org",
            "a\n",
            "a b",
        ],
    ),
    "image references": (
        ImageReference,
        [
            "debian:13",
            "traefik:3",
            "debian:trixie-slim",
            "quay.io/jupyter/scipy-notebook:2026-10-20",
            "registry.example.org:5000/team/image:v1",
            "Registry.Example.org/image:v1",
            "localhost:5000/image:1",
            "image@sha256:" + "0" * 64,
            "image:latest@sha256:" + "0" * 64,
            "my__image:1",
            "my---image:1",
            "image:" + "x" * 128,
        ],
        [
            "",
            "debian",
            "debian:latest",
            "localhost:5000/image",
            "localhost:5000/image:latest",
            "Image:1",
            "a..b:1",
            "a___b:1",
            "-a:1",
            "a/:1",
            "/a:1",
            "a:",
            "a: 1",
            "a:1\n",
            "a:.x",
            "image:" + "x" * 129,
            "image@sha256:" + "0" * 63,
            "image@md5:" + "0" * 32,
        ],
    ),
    "private networks": (
        Subnet,
        ["10.0.0.0/8", "172.16.0.0/12", "172.31.0.0/16", "192.168.1.0/24"],
        [
            "10.0.0.1/8",
            "172.32.0.0/16",
            "11.0.0.0/8",
            "0.0.0.0/0",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "fd00::/8",
            "10",
            10,
            None,
        ],
    ),
    "addresses": (Address, ["0.0.0.0", "127.0.0.1"], ["localhost", "::1", "127.0.0.1:80", "127.1", "256.0.0.1", "", 1]),
    "ports": (Port, [1, 443, 65535], [0, 65536, -1, "https", 80.5, None]),
    "user names": (
        UserName,
        ["alice", "a.b", "o'brien", "alice@example.org", "x", "müller", "with space", "100%"],
        ["", " a", "a ", "a/b", ".", "..", "...", "%2e", "%2E%2e", "Alice", "ÄNNE", 5],
    ),
    "paths": (
        PathPrefix,
        ["/grafana", "/a/b", "/a.b", "/...", "/.hidden", "/~me", "/a-b_c"],
        ["", "/", "a", "/a/", "//a", "/a//b", "/a b", "/a?b", "/..", "/.", "/../hub", "/a/..", "/a/./b", "/ä", "/a\n"],
    ),
    "packages": (
        Package,
        ["polars", "polars==1.35.0", "polars[all]>=1,<2", "libfoo-dev", "g++", "a~=1.0", "python3.13"],
        ["", "-e", "--index-url=x", "a b", "a;b", "$(a)", "a|b", "a&b", "`a`", "a\n", "git+https://x", "/a", "'a'"],
    ),
    "environment variables": (
        VariableName,
        ["COURSE", "_x", "a1", "JUPYTER_X", "JUPYTERHUB"],
        ["", "1A", "A-B", "A B", "A=B", "Ä", "A\n", "JUPYTERHUB_API_TOKEN", "JUPYTERHUB_"],
    ),
    "service names": (ServiceName, ["grafana", "a", "a-1", "x" * 31], ["", "A", "1a", "-a", "a_b", "a.b", "x" * 32]),
}
ACCEPTED = [(kind, value) for kind, good, _ in GOOD_AND_BAD.values() for value in good]
REFUSED = [(kind, value) for kind, _, bad in GOOD_AND_BAD.values() for value in bad]


@pytest.mark.parametrize(("kind", "value"), ACCEPTED, ids=[ascii(value)[:40] for _, value in ACCEPTED])
def test_a_good_value_is_accepted(kind: object, value: object) -> None:
    value_of(kind, value)


@pytest.mark.parametrize(("kind", "value"), REFUSED, ids=[ascii(value)[:40] for _, value in REFUSED])
def test_a_bad_value_is_refused(kind: object, value: object) -> None:
    assert not accepts(kind, value)


@pytest.mark.parametrize("kind", [DnsName, ImageReference, UserName, PathPrefix, Package, VariableName, ServiceName])
@QUICK
@given(text=st.from_regex(r"[a-zA-Z0-9:/._@%+-]{1,12}", fullmatch=True))
def test_an_accepted_text_stays_as_it_was_written(kind: object, text: str) -> None:
    if accepts(kind, text):
        assert value_of(kind, text) == text


HOST = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True)


@QUICK
@given(labels=st.lists(HOST, min_size=1, max_size=8))
def test_labels_of_letters_digits_and_hyphens_make_a_host_name(labels: list[str]) -> None:
    assert accepts(DnsName, ".".join(labels))


@pytest.mark.parametrize(("length", "good"), [(253, True), (254, False)])
def test_a_host_name_has_at_most_253_characters(length: int, *, good: bool) -> None:
    name = ".".join(["a" * 50] * 6)[: length - 1] + "b"
    assert len(name) == length
    assert accepts(DnsName, name) is good


@QUICK
@given(
    host=st.sampled_from(["", "quay.io/", "localhost:5000/", "hub.example.org:443/"]),
    path=st.lists(st.from_regex(r"[a-z0-9]+([._-][a-z0-9]+)?", fullmatch=True), min_size=1, max_size=3),
    tag=st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,10}", fullmatch=True),
)
def test_an_image_with_any_tag_but_latest_is_pinned(host: str, path: list[str], tag: str) -> None:
    assert accepts(ImageReference, f"{host}{'/'.join(path)}:{tag}") is (tag != "latest")
    assert not accepts(ImageReference, f"{host}{'/'.join(path)}")


@QUICK
@given(address=st.ip_addresses(v=4), prefix=st.integers(0, 32))
def test_a_network_is_accepted_exactly_below_the_private_ones(address: IPv4Address, prefix: int) -> None:
    network = IPv4Network((address, prefix), strict=False)
    first, last = network[0].packed, network[-1].packed
    private = (
        first[0] == last[0] == 10
        or (first[0] == last[0] == 172 and 16 <= first[1] <= last[1] <= 31)
        or (first[:2] == last[:2] == bytes([192, 168]))
    )
    assert accepts(Subnet, str(network)) is private
    if private:
        assert value_of(Subnet, str(network)) == network


@QUICK
@given(name=st.text(max_size=12))
def test_an_accepted_user_name_is_one_that_the_hub_keeps(name: str) -> None:
    if accepts(UserName, name):
        assert name == name.lower() == name.strip() != ""
        assert "/" not in name
        assert not re.fullmatch(r"\.+", name)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("http://grafana:3000", "http://grafana:3000"),
        ("http://grafana:3000/", "http://grafana:3000"),
        ("https://10.0.0.7", "https://10.0.0.7"),
        ("http://my_container:1", "http://my_container:1"),
        ("http://[fd00::1]:65535", "http://[fd00::1]:65535"),
    ],
)
def test_the_address_of_a_service_has_no_slash_at_the_end(written: str, kept: str) -> None:
    assert ServiceSettings.model_validate({"path": "/x", "target": written}).target == kept


@pytest.mark.parametrize(
    "address",
    [
        "",
        "grafana",
        "ftp://grafana",
        "http://",
        "http://a:0",
        "http://a:1/x",
        "http://a?x",
        "http://a#x",
        "http://a b",
        "http://[",
    ],
)
def test_what_is_no_address_of_a_service_is_refused(address: str) -> None:
    assert not accepts(ServiceSettings, {"path": "/x", "target": address})
