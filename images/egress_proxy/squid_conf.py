"""From what the program says to squid's configuration (squid-cache.org/Doc/config)."""

from pathlib import Path

from images.egress_proxy.runtime import EGRESS_PROXY_PORT, HEALTH_NAME, EgressProxyRuntime

_INNER_PORT = 3129
# Where nothing public is (RFC 6890): a name on the list must not lead into the site's own networks.
_NOT_PUBLIC = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "224.0.0.0/3",
]


def squid_conf(runtime: EgressProxyRuntime, certificate: Path) -> str:
    """Text of squid.conf; `certificate` is a file with some certificate and its key."""
    domains = " ".join(without_repeats(runtime.allowed_domains))
    return f"""\
# Two ports, the one for user servers and behind it one that looks into tunnels: on such a port squid would say 200 to a
# tunnel that it refuses, to show its error page inside, where no client accepts the certificate.
http_port {runtime.address}:{EGRESS_PROXY_PORT}
http_port 127.0.0.1:{_INNER_PORT} ssl-bump generate-host-certificates=off tls-cert={certificate}
acl not_public dst {" ".join(_NOT_PUBLIC)}
acl inner localport {_INNER_PORT}
cache_peer 127.0.0.1 parent {_INNER_PORT} 0 no-query no-digest no-netdb-exchange
cache_peer_access 127.0.0.1 deny inner
cache_peer_access 127.0.0.1 allow all
never_direct deny inner
never_direct allow all
always_direct allow inner

# The health check asks for this name: through both ports, and no further.
acl self src {runtime.address}
acl health dstdomain -n {HEALTH_NAME}
http_access deny inner health
http_access deny inner not_public
http_access allow inner
http_access allow self health

acl users src {runtime.users}
acl tunnel method CONNECT
acl methods method GET HEAD POST PUT PATCH DELETE OPTIONS CONNECT
acl http port 80
acl https port 443
# -n: an address in the place of a name is not looked up, and so never on the list.
acl listed dstdomain -n {domains}

http_access deny !users
http_access deny !methods
http_access deny tunnel !https
http_access deny !tunnel !http
http_access deny !listed
http_access deny not_public
http_access allow users
http_access deny all
deny_info ERR_NOT_LISTED listed
deny_info ERR_NOT_LISTED not_public

# Inside a tunnel there is TLS for a listed name, or nothing: looked at as far as the client's first message says, and
# never decrypted. A server with several names could otherwise be asked for another one of them. (One that takes names
# encrypted, by ECH, still can: the name outside is all that anybody on the way sees.)
acl first_look at_step SslBump1
acl listed_in_tls ssl::server_name --client-requested {domains}
ssl_bump peek first_look
ssl_bump splice listed_in_tls
ssl_bump terminate all

# Only what was refused, and of that who asked for which host: what the operator may want to add.
acl refused http_status 403
logformat refusal %tl %>a was refused %rm %>rd:%>rP
access_log stdio:/dev/stdout logformat=refusal users refused
cache_log stdio:/dev/stderr

# Nothing is kept, nothing is told about who asks, and nobody else is asked.
cache deny all
cache_mem 0 MB
memory_pools off
sslproxy_session_cache_size 0
forwarded_for delete
via off
httpd_suppress_version_string on
visible_hostname egress-proxy
icp_port 0
htcp_port 0
snmp_port 0
netdb_filename none
pinger_enable off
pid_filename none
coredump_dir none
# squid makes room for all that it may ever open, and Docker allows a million.
max_filedescriptors 8192
shutdown_lifetime 1 seconds
"""


def without_repeats(domains: list[str]) -> list[str]:
    """The domains without those that lie below another one, which squid refuses."""
    wide = {domain for domain in domains if domain.startswith(".")}

    def covered(domain: str) -> bool:
        labels = domain.removeprefix(".").split(".")
        above = {"." + ".".join(labels[start:]) for start in range(len(labels))}
        return bool(above & (wide - {domain}))

    return sorted({domain for domain in domains if not covered(domain)})
