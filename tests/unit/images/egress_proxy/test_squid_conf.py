"""squid's configuration: what a list of domains becomes, and that no text in it becomes more."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from images.egress_proxy.runtime import EgressProxyRuntime
from images.egress_proxy.squid_conf import squid_conf, without_repeats

CERTIFICATE = Path("/dev/shm/egress-proxy/unused.pem")


def runtime(*domains: str) -> EgressProxyRuntime:
    return EgressProxyRuntime.model_validate(
        {"address": "10.201.0.30", "users": "10.201.8.0/21", "allowed_domains": list(domains)}
    )


def lines(*domains: str) -> list[str]:
    text = squid_conf(runtime(*domains), CERTIFICATE)
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def test_domains_are_asked_for_and_looked_for_in_tunnels() -> None:
    found = lines("data.example.org", ".python.org")
    assert "acl listed dstdomain -n .python.org data.example.org" in found
    assert "acl listed_in_tls ssl::server_name --client-requested .python.org data.example.org" in found


def test_user_servers_alone_may_ask_and_at_one_address() -> None:
    found = lines("data.example.org")
    assert "acl users src 10.201.8.0/21" in found
    assert [line for line in found if line.startswith("http_port")] == [
        "http_port 10.201.0.30:3128",
        f"http_port 127.0.0.1:3129 ssl-bump generate-host-certificates=off tls-cert={CERTIFICATE}",
    ]


def test_what_is_refused_is_refused_before_anything_is_allowed() -> None:
    rules = [line.removeprefix("http_access ") for line in lines("data.example.org") if line.startswith("http_access")]
    allowing = rules.index("allow users")
    refusals = ["!users", "!methods", "tunnel !https", "!tunnel !http", "!listed", "not_public"]
    assert all(rules.index(f"deny {refusal}") < allowing for refusal in refusals)
    assert rules.index("deny inner not_public") < rules.index("allow inner")
    assert rules[-1] == "deny all"


def test_a_tunnel_is_looked_into_and_then_left_alone_or_ended() -> None:
    assert [line for line in lines("data.example.org") if line.startswith("ssl_bump ")] == [
        "ssl_bump peek first_look",
        "ssl_bump splice listed_in_tls",
        "ssl_bump terminate all",
    ]


@pytest.mark.parametrize(
    ("domains", "kept"),
    [
        (["a.org", "a.org"], ["a.org"]),
        ([".a.org", "a.org"], [".a.org"]),
        ([".a.org", "b.a.org", ".c.a.org"], [".a.org"]),
        (["a.org", "b.a.org"], ["a.org", "b.a.org"]),
        ([".a.org", "ba.org"], [".a.org", "ba.org"]),
        ([".org", ".a.org"], [".org"]),
    ],
)
def test_a_domain_below_another_is_left_out_which_squid_would_refuse(domains: list[str], kept: list[str]) -> None:
    assert without_repeats(domains) == kept


@pytest.mark.parametrize(
    "domain", ["", ".", "a b.org", "a.org\nhttp_access allow all", "a.org #", '"/etc/passwd"', "A.org", "a.org/", "*"]
)
def test_what_is_no_domain_is_not_taken(domain: str) -> None:
    with pytest.raises(ValidationError):
        runtime(domain)


@given(domain=st.text(min_size=1, max_size=40))
def test_no_text_becomes_a_line_or_a_word_of_its_own(domain: str) -> None:
    try:
        found = lines(domain)
    except ValidationError:
        return
    assert len(found) == len(lines("data.example.org"))
    assert [len(line.split()) for line in found] == [len(line.split()) for line in lines("data.example.org")]
