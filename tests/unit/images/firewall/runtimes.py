"""A runtime for each mode, and any runtime at all."""

from ipaddress import IPv4Address, IPv4Network
from typing import Any

from hypothesis import strategies as st

from images.firewall.runtime import EgressRuntime, ExceptionRuntime, FirewallRuntime

MODES = ("open", "internet", "blocked", "allowlist")
EGRESS: dict[str, dict[str, Any]] = {
    "open": {},
    "internet": {
        "exceptions": [
            {"to": "10.5.0.0/16", "protocol": "tcp", "port": 5432},
            {"to": "10.6.0.1/32", "protocol": "udp"},
        ],
        "resolvers": ["10.1.1.1"],
    },
    "blocked": {},
    "allowlist": {"proxy": "10.201.0.30", "proxy_port": 3128},
}


def runtime(mode: str, **changes: object) -> FirewallRuntime:
    plain = {
        "bridge": "jh-dev-user",
        "subnet": "10.201.0.0/20",
        "user_range": "10.201.8.0/21",
        "hub": "10.201.0.10",
        "proxy": "10.201.0.20",
        "hub_port": 8081,
        "user_port": 8888,
        "egress": {"mode": mode, **EGRESS[mode]},
    }
    return FirewallRuntime.model_validate({**plain, **changes})


# Few of each, so that rules meet packets and each other.
PLACES = [
    IPv4Address(text)
    for text in (
        "10.201.0.1",
        "10.201.0.10",
        "10.201.0.20",
        "10.201.0.30",
        "10.201.7.255",
        "10.201.8.0",
        "10.201.8.7",
        "10.201.15.254",
        "10.201.16.1",
        "10.5.0.1",
        "10.6.0.1",
        "172.17.0.5",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "198.18.0.1",
        "127.0.0.53",
        "224.0.0.1",
        "8.8.8.8",
        "11.0.0.1",
        "172.32.0.1",
        "203.0.113.9",
    )
]
PORTS = [53, 80, 3128, 5432, 8081, 8888]
_networks = [IPv4Network(text) for text in ("10.5.0.0/16", "10.6.0.1/32", "169.254.0.0/16", "8.8.8.8/32", "0.0.0.0/0")]

exceptions = st.builds(
    ExceptionRuntime,
    to=st.sampled_from(_networks),
    protocol=st.sampled_from(["tcp", "udp"]),
    port=st.none() | st.sampled_from(PORTS),
)
ports = st.sampled_from(PORTS)


@st.composite
def runtimes(draw: st.DrawFn) -> FirewallRuntime:
    mode = draw(st.sampled_from(MODES))
    egress = EgressRuntime(
        mode=mode,
        exceptions=tuple(draw(st.lists(exceptions, max_size=3))),
        resolvers=tuple(draw(st.lists(st.sampled_from(PLACES[9:]), max_size=2))),
        **(EGRESS["allowlist"] | {"proxy_port": draw(ports)} if mode == "allowlist" else {}),
    )
    changes: dict[str, object] = {"hub_port": draw(ports), "user_port": draw(ports), "egress": egress.model_dump()}
    return runtime(mode, **changes)
