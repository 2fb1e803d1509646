"""Each mistake gives one sentence: the key's path, what is wrong, and what to write instead."""

from typing import Any

import pytest

from settings.problems import SettingsError, validate_settings
from tests.unit.sites import SECRET, SMALLEST, problems_of

DOMAIN = SMALLEST["site"]["domain"]
FILES = {"kind": "files", "certificate_file": "/a.pem", "private_key_file": "/b.pem"}
NO_INTEGER = "is no whole number; write digits only, for example 3"
NO_LIST = "is no list; write it as [one, two]"
NO_TEXT = "is no text; put it in quotes"
NO_SIZE = "is no size; write a number and K, M, G or T, for example 512M or 2G"
NO_DURATION = "is no duration; write a whole number and s, m, h or d, for example 90s, 10m or 1h"
NO_REFERENCE = "is no image reference; write for example quay.io/jupyter/scipy-notebook:2026-10-20"
NOT_PINNED = "is not pinned; add a tag other than latest, or a digest (@sha256:…)"
NO_HOST_NAME = "is no host name; write lower-case letters, digits, - and ., for example jupyter.example.org"
NO_PATH = "is no path; write for example /grafana, without a / at the end"
NO_USER_NAME = "is no user name; it may hold no / and no space at either end, nor be only dots"
NO_PACKAGE = "is no package; write a name, with a version if you like, for example polars==1.35.0"
NO_TARGET = "is no address of a service; write for example http://grafana:3000"
NO_BOOLEAN = "is neither true nor false; write one of the two"
NO_SUBNET = "is no IPv4 network; write its first address and the length of its prefix, for example 10.201.0.0/20"
NOT_PRIVATE = "is not a private network; choose one below 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16"
ENTRIES = "holds entries with names of their own; write them below it, each as name: value"
TWICE_CHECKED = "has a server_timeout in which activity would be missed; write at least 60s, and twice check_every"
NO_HTTPS = "is no https address; write for example https://login.example.org/realms/campus, without a / at the end"
NO_DESTINATION = "is neither an IPv4 address nor a network; write for example 10.1.2.3, or 10.1.2.0/24"
ACME: dict[str, Any] = {"kind": "acme", "email": "operator@example.org"}
CLIENT = {"client_id": "hub"}
OIDC: dict[str, Any] = {"kind": "oidc", "issuer": "https://login.example.org", **CLIENT}
LDAP: dict[str, Any] = {
    "kind": "ldap",
    "server_address": "ldap.example.org",
    "bind_dn_template": ["uid={username},dc=example,dc=org"],
}


def service(**keys: object) -> dict[str, Any]:
    return {"services": {"grafana": {"path": "/grafana", "target": "http://grafana:3000"} | keys}}


def built(**keys: object) -> dict[str, Any]:
    return {"notebooks": {"image": {"kind": "build", **keys}}}


MISTAKES: list[tuple[dict[str, Any], str]] = [
    (
        {"site": {}},
        "site.domain: is missing (Host name that people type into the browser); "
        'write it, for example domain: "jupyter.example.org"',
    ),
    (
        {"site": "hub.example.org"},
        "site: holds keys of its own, not a single value; "
        "write one or more of bind_address, domain, http_port, https_port, title below it",
    ),
    ({"site": {"domain": "My Server"}}, f"site.domain: {NO_HOST_NAME}"),
    ({"site": {"domain": "https://hub.example.org"}}, f"site.domain: {NO_HOST_NAME}"),
    ({"site": {"domain": "a" * 64 + ".org"}}, f"site.domain: {NO_HOST_NAME}"),
    ({"site": {"domain": 5}}, f"site.domain: {NO_TEXT}"),
    ({"site": {"domain": DOMAIN, "https_port": 99999}}, "site.https_port: is too large; write at most 65535"),
    ({"site": {"domain": DOMAIN, "http_port": 0}}, "site.http_port: is too small; write at least 1"),
    ({"site": {"domain": DOMAIN, "http_port": "http"}}, f"site.http_port: {NO_INTEGER}"),
    ({"site": {"domain": DOMAIN, "http_port": 80.5}}, f"site.http_port: {NO_INTEGER}"),
    (
        {"site": {"domain": DOMAIN, "https_port": 80}},
        "site: uses port 80 twice; give http_port and https_port two different ports",
    ),
    (
        {"site": {"domain": DOMAIN, "bind_address": "eth0"}},
        "site.bind_address: is no IPv4 address; "
        "write 0.0.0.0 for every address of the server, or 127.0.0.1 for this machine only",
    ),
    ({"site": {"domain": DOMAIN, "title": ""}}, "site.title: is empty; write a text or remove the key"),
    ({"site": {"domain": DOMAIN, "title": "x" * 61}}, "site.title: is too long; write at most 60 characters"),
    (
        {"tls": {"kind": "letsencrypt"}},
        "tls: is of no known kind; write kind: and one of acme, files, off, self_signed",
    ),
    ({"tls": {}}, "tls: is of no known kind; write kind: and one of acme, files, off, self_signed"),
    (
        {"tls": {"kind": "acme"}},
        "tls.email: is missing (Where the authority writes to when something is wrong); write it, for example "
        'email: "operator@example.org"',
    ),
    (
        {"tls": {**ACME, "staging": True, "directory_url": "https://ca.example.org/acme"}},
        "tls: names an authority and the one for trials; keep one of directory_url and staging",
    ),
    (
        {"tls": {**ACME, "ca_file": "/etc/ssl/ca.pem"}},
        "tls: has a ca_file without the authority that it is for; write directory_url as well",
    ),
    (
        {"tls": ACME, "site": {"domain": DOMAIN, "https_port": 8443}},
        "site.https_port: has to be 443 for tls.challenge: tls-alpn-01; write 443",
    ),
    (
        {"tls": {**ACME, "challenge": "http-01"}, "site": {"domain": DOMAIN, "http_port": 8080}},
        "site.http_port: has to be 80 for tls.challenge: http-01; write 80",
    ),
    (
        {"tls": ACME, "site": {"domain": "localhost"}},
        "tls.kind: acme needs host names that the world knows, and localhost is none; write another site.domain, or "
        "another tls.kind",
    ),
    ({"tls": {"kind": "off", "trusted_proxies": ["lb"]}}, f"tls.trusted_proxies.0: {NO_DESTINATION}"),
    (
        {"tls": {"kind": "files", "certificate_file": "/a.pem"}},
        "tls.private_key_file: is missing (PEM file with the certificate's private key, without a passphrase); "
        'write it, for example private_key_file: "/etc/jupyterhub/privkey.pem"',
    ),
    (
        {"tls": {**FILES, "private_key_file": 5}},
        "tls.private_key_file: is no path of a file; write for example /etc/jupyterhub/ca.pem",
    ),
    (
        {"tls": {"kind": "self_signed", "validity_days": 30}},
        "tls: would renew the certificate at once and always; keep renew_before_days below validity_days",
    ),
    (
        {"tls": {"kind": "self_signed", "validity_days": 60}},
        "tls: would renew the certificate at once and always; keep renew_before_days below validity_days",
    ),
    ({"tls": {"kind": "self_signed", "validity_days": 826}}, "tls.validity_days: is too large; write at most 825"),
    (
        {"tls": {"kind": "self_signed", "renew_before_days": 0}},
        "tls.renew_before_days: is too small; write at least 1",
    ),
    (
        {"auth": {"kind": SECRET}},
        "auth: is of no known kind; write kind: and one of azuread, cas, custom, dummy, github, gitlab, google, ldap, "
        "native, oidc, shared_password",
    ),
    (
        {"auth": {"kind": "shared_password", "passwords": SECRET}},
        "auth.passwords: is none of the choices; write generated or configured",
    ),
    (
        {"auth": {"kind": "dummy"}},
        "auth.kind: dummy lets anybody in as anyone, so it works on this machine only; "
        "write site.bind_address: 127.0.0.1 and no tls.kind: off, or another auth.kind",
    ),
    ({"access": {}}, "access: lets nobody in; write allowed_users: [alice, bob], or allow_all: true on purpose"),
    (
        {"access": {"admins": ["alice"]}},
        "access: lets nobody in; write allowed_users: [alice, bob], or allow_all: true on purpose",
    ),
    (
        {"access": {"allow_all": True, "allowed_users": ["alice"]}},
        "access: lets in everybody and only some; keep allow_all, or allowed_users and allowed_groups",
    ),
    (
        {"access": {"allow_all": True, "allowed_groups": ["physics"]}, "auth": OIDC},
        "access: lets in everybody and only some; keep allow_all, or allowed_users and allowed_groups",
    ),
    (
        {"access": {"allowed_users": ["alice", "bob"], "admins": ["carol"], "blocked_users": ["carol", "bob"]}},
        "access: blocks bob, carol and lets them in; keep one of both",
    ),
    (
        {"access": {"allowed_groups": ["physics"]}},
        "access: names groups, and auth.kind: shared_password knows no groups; write allowed_users and admins",
    ),
    (
        {"access": {"allowed_users": ["alice"], "admin_groups": ["staff"]}, "auth": {**CLIENT, "kind": "google"}},
        "access: names groups, and auth.kind: google knows no groups; write allowed_users and admins",
    ),
    (
        {"access": {"allowed_groups": ["physics"]}, "auth": LDAP},
        "access: names groups, and auth.kind: ldap does not say where they are; write auth.group_search_base",
    ),
    (
        {"access": {"allowed_groups": ["physics"]}, "auth": {"kind": "cas", "cas_url": "https://cas.example.org"}},
        "access: names groups, and auth.kind: cas does not say which attribute holds them; write auth.groups_attribute",
    ),
    (
        {"access": {"allow_all": True}, "auth": {**CLIENT, "kind": "gitlab"}},
        "access.allow_all: lets in everybody with an account at gitlab.com; write allowed_users, or allowed_groups: "
        "[my-university]",
    ),
    (
        {"access": {"allow_all": True}, "auth": {**CLIENT, "kind": "github"}},
        "access.allow_all: lets in everybody with an account at github.com; write allowed_users, or allowed_groups: "
        "[my-university]",
    ),
    (
        {"access": {"allow_all": True}, "auth": {**CLIENT, "kind": "google"}},
        "access.allow_all: lets in everybody with a Google account; write allowed_users, or auth.hosted_domain: "
        "[example.org]",
    ),
    (
        {"access": {"allow_all": True, "admins": ["carol"]}, "auth": {"kind": "native", "open_signup": True}},
        "auth.open_signup: gives a name, and what access gives it, to whoever signs up with it first, so it works on "
        "this machine only; write open_signup: false",
    ),
    (
        {"access": {"allow_all": True}, "auth": {"kind": "native"}},
        "access.admins: is empty, so nobody could approve accounts of auth.kind: native; write admins: [carol]",
    ),
    (
        {"auth": {**CLIENT, "kind": "oidc"}},
        "auth: does not say where the server is; write issuer: https://login.example.org, or all of authorize_url, "
        "token_url and userdata_url",
    ),
    (
        {"auth": {**OIDC, "token_url": "https://login.example.org/token"}},
        "auth: has an issuer, which tells all addresses, and addresses beside it; keep one of both",
    ),
    ({"auth": {**OIDC, "issuer": "http://login.example.org"}}, f"auth.issuer: {NO_HTTPS}"),
    ({"auth": {**OIDC, "issuer": "https://login.example.org/"}}, f"auth.issuer: {NO_HTTPS}"),
    ({"auth": {**OIDC, "issuer": "https://user:pw@login.example.org"}}, f"auth.issuer: {NO_HTTPS}"),
    (
        {"auth": {"kind": "oidc", "issuer": "https://login.example.org"}},
        "auth.client_id: is missing (What the server calls this hub); write it",
    ),
    (
        {"auth": {"kind": "ldap", "server_address": "ldap.example.org"}},
        "auth: does not say how a person's entry is found; write bind_dn_template: "
        '["uid={username},ou=people,dc=example,dc=org"], or user_search_base: ou=people,dc=example,dc=org',
    ),
    (
        {"auth": {**LDAP, "lookup_dn_search_user": "cn=hub,dc=example,dc=org"}},
        "auth: looks for people's entries and also has a pattern for them; keep one of bind_dn_template and "
        "lookup_dn_search_user",
    ),
    (
        {"auth": {**LDAP, "bind_dn_template": ["uid=alice,dc=example,dc=org"]}},
        "auth.bind_dn_template.0: needs one {username}, where the name goes; write for example "
        "uid={username},ou=people,dc=example,dc=org",
    ),
    (
        {"auth": {**LDAP, "search_filter": "(uid={username})"}},
        "auth: has a search_filter but not where to search; write user_search_base as well",
    ),
    (
        {"access": {"allow_all": True, "allow_existing": True}},
        "access: has allow_existing beside allow_all, where it adds nobody; remove allow_existing",
    ),
    ({"access": {"allowed_users": "alice"}}, f"access.allowed_users: {NO_LIST}"),
    ({"access": {"allowed_users": [4711]}}, f"access.allowed_users.0: {NO_TEXT}"),
    ({"access": {"allowed_users": ["alice", " bob"]}}, f"access.allowed_users.1: {NO_USER_NAME}"),
    ({"access": {"allow_all": True, "admins": ["physics/alice"]}}, f"access.admins.0: {NO_USER_NAME}"),
    (
        {"access": {"allowed_users": [f"Alice-{SECRET}"]}},
        "access.allowed_users.0: has capital letters, which the hub lowers at log-in; write it in lower case",
    ),
    ({"access": {"allow_all": "perhaps"}}, f"access.allow_all: {NO_BOOLEAN}"),
    ({"access": {"allow_all": None}}, f"access.allow_all: {NO_BOOLEAN}"),
    ({"notebooks": {"limits": {"memory": "2 gigabytes"}}}, f"notebooks.limits.memory: {NO_SIZE}"),
    ({"notebooks": {"limits": {"memory": "127M"}}}, "notebooks.limits.memory: is too small; write at least 128M"),
    ({"notebooks": {"limits": {"memory": 2}}}, "notebooks.limits.memory: is too small; write at least 128M"),
    ({"notebooks": {"limits": {"cpu": 0}}}, "notebooks.limits.cpu: is too small; write more than 0.0"),
    ({"notebooks": {"limits": {"cpu": 513}}}, "notebooks.limits.cpu: is too large; write at most 512.0"),
    ({"notebooks": {"limits": {"cpu": "two"}}}, "notebooks.limits.cpu: is no number; write for example 0.5 or 2"),
    ({"notebooks": {"limits": {"cpu": []}}}, "notebooks.limits.cpu: is no number; write for example 0.5 or 2"),
    ({"notebooks": {"limits": {"pids": 63}}}, "notebooks.limits.pids: is too small; write at least 64"),
    ({"notebooks": {"limits": {"pids": 32769}}}, "notebooks.limits.pids: is too large; write at most 32768"),
    ({"notebooks": {"limits": {"pids": float("inf")}}}, f"notebooks.limits.pids: {NO_INTEGER}"),
    (
        {"notebooks": {"limits": "4G"}},
        "notebooks.limits: holds keys of its own, not a single value; write one or more of cpu, memory, pids below it",
    ),
    (
        {"notebooks": {"image": {"reference": "quay.io/jupyter/scipy-notebook:1"}}},
        "notebooks.image: is of no known kind; write kind: and one of build, published",
    ),
    (
        {"notebooks": {"image": {"kind": "published"}}},
        "notebooks.image.reference: is missing (Image with a tag other than latest, or a digest); "
        'write it, for example reference: "quay.io/jupyter/scipy-notebook:hub-6.1.1"',
    ),
    (
        {"notebooks": {"image": {"kind": "published", "reference": "scipy:latest"}}},
        f"notebooks.image.reference: {NOT_PINNED}",
    ),
    (
        {"notebooks": {"image": {"kind": "published", "reference": "hub.example.org:5000/scipy"}}},
        f"notebooks.image.reference: {NOT_PINNED}",
    ),
    (built(pip_packages=["a; rm -rf /"]), f"notebooks.image.pip_packages.0: {NO_PACKAGE}"),
    (built(apt_packages=["ffmpeg", "--force"]), f"notebooks.image.apt_packages.1: {NO_PACKAGE}"),
    (built(pip_packages="polars"), f"notebooks.image.pip_packages: {NO_LIST}"),
    (built(r="sure"), f"notebooks.image.r: {NO_BOOLEAN}"),
    ({"notebooks": {"default_url": "lab"}}, f"notebooks.default_url: {NO_PATH}"),
    ({"notebooks": {"environment": "A=1"}}, f"notebooks.environment: {ENTRIES}"),
    ({"notebooks": {"environment": {"COURSE": 5}}}, f"notebooks.environment.COURSE: {NO_TEXT}"),
    (
        {"notebooks": {"environment": {"1ST": SECRET}}},
        "notebooks.environment.1ST: is no name for an environment variable; "
        "write letters, digits and _, no digit first",
    ),
    (
        {"notebooks": {"environment": {"JUPYTERHUB_API_TOKEN": SECRET}}},
        "notebooks.environment.JUPYTERHUB_API_TOKEN: belongs to JupyterHub, which sets it itself; choose another name",
    ),
    ({"storage": {"home": {"mount_path": "/home/jovyan/"}}}, f"storage.home.mount_path: {NO_PATH}"),
    ({"storage": {"home": {"mount_path": "/home/../etc"}}}, f"storage.home.mount_path: {NO_PATH}"),
    (
        {"storage": {"home": None}},
        "storage.home: holds keys of its own, not a single value; write one or more of mount_path below it",
    ),
    ({"network": {"subnet": SECRET}}, f"network.subnet: {NO_SUBNET}"),
    ({"network": {"isolation": SECRET}}, "network.isolation: is none of the choices; write firewall, docker or off"),
    (
        {"network": {"egress": SECRET}},
        "network.egress: is none of the choices; write open, internet, allowlist or blocked",
    ),
    (
        {"network": {"isolation": "docker"}},
        "network: has isolation: docker, which lets nothing out; write egress: blocked beside it, "
        "or isolation: firewall",
    ),
    (
        {"network": {"isolation": "off"}},
        "network: has isolation: off, which lets everything out; write egress: open beside it, or isolation: firewall",
    ),
    (
        {"network": {"egress": "blocked", "egress_exceptions": {"licences": {"to": "10.1.2.3"}}}},
        "network: has egress_exceptions, which mean nothing with egress: blocked; remove them, "
        "or write egress: internet",
    ),
    (
        {"network": {"egress": "blocked", "resolvers": ["10.0.0.53"]}},
        "network: has resolvers, which egress: blocked cuts off; remove one of the two",
    ),
    (
        {"network": {"egress": "allowlist"}},
        "network: has egress: allowlist without a list; write allowed_domains, or egress: blocked",
    ),
    (
        {"network": {"allowed_domains": ["data.example.org"]}},
        "network: has allowed_domains, which mean nothing with egress: internet; remove them, "
        "or write egress: allowlist",
    ),
    *(
        (
            {"network": {"egress": "allowlist", "allowed_domains": [domain]}},
            "network.allowed_domains.0: is no domain; write for example data.example.org, "
            "or .python.org for it and all below it",
        )
        for domain in (
            SECRET + "!",
            "*.data.example.org",
            "https://data.example.org",
            "data.example.org/simple",
            "10.1.2.3",
            "org",
            "PyPI.org",
        )
    ),
    *(
        (
            {"network": {"resolvers": [address]}},
            "network.resolvers.0: is the user server itself when asked from there; "
            "write the address that the name server has on its network",
        )
        for address in ("127.0.0.53", "0.0.0.0", "224.0.0.1")
    ),
    (
        {"network": {"resolvers": [SECRET]}},
        "network.resolvers.0: is no IPv4 address; write that of a name server, for example 10.0.0.53",
    ),
    *(
        (
            {"network": {"egress_exceptions": {"licences": {"to": place}}}},
            "network.egress_exceptions.licences.to: is neither an IPv4 address nor a network; "
            "write for example 10.1.2.3, or 10.1.2.0/24",
        )
        for place in (SECRET, "10.1.2.3/24", "fd00::1", "licences.example.org")
    ),
    *(
        (
            {"network": {"egress_exceptions": {"licences": {"to": place}}}},
            "network.egress_exceptions.licences.to: is no place on a network; "
            "write for example 10.1.2.3, or 10.1.2.0/24",
        )
        for place in ("127.0.0.1", "0.0.0.0/0", "239.0.0.0/8")
    ),
    (
        {"network": {"egress_exceptions": {"Licence Server": {"to": "10.1.2.3"}}}},
        "network.egress_exceptions.Licence Server: is no name; write lower-case letters, digits and -, "
        "for example license-server",
    ),
    ({"network": {"subnet": "10.201.0.1/20"}}, f"network.subnet: {NO_SUBNET}"),
    ({"network": {"subnet": "8.8.0.0/20"}}, f"network.subnet: {NOT_PRIVATE}"),
    ({"network": {"subnet": "169.254.0.0/20"}}, f"network.subnet: {NOT_PRIVATE}"),
    ({"network": {"control_subnet": "127.0.0.0/28"}}, f"network.control_subnet: {NOT_PRIVATE}"),
    (
        {"network": {"subnet": "10.0.0.0/15"}},
        "network: has a subnet of /15; a user network is between /16 and /26 (a /20 serves 2000)",
    ),
    (
        {"network": {"subnet": "10.201.0.0/27"}},
        "network: has a subnet of /27; a user network is between /16 and /26 (a /20 serves 2000)",
    ),
    (
        {"network": {"control_subnet": "10.201.16.0/29"}},
        "network: has a control_subnet of /29; write /28 or larger",
    ),
    (
        {"network": {"subnet": "10.201.16.0/20"}},
        "network: has subnet 10.201.16.0/20 and control_subnet 10.201.16.0/28 overlap; choose two apart",
    ),
    ({"idle": {"server_timeout": "1 hour"}}, f"idle.server_timeout: {NO_DURATION}"),
    ({"idle": {"max_age": "1.5h"}}, f"idle.max_age: {NO_DURATION}"),
    ({"idle": {"kernel_timeout": -1}}, "idle.kernel_timeout: is too small; write at least 0s"),
    ({"idle": {"check_every": "0s"}}, "idle.check_every: is too small; write at least 1s"),
    ({"idle": {"server_timeout": "59s", "check_every": "10s"}}, f"idle: {TWICE_CHECKED}"),
    ({"idle": {"server_timeout": "599s"}}, f"idle: {TWICE_CHECKED}"),
    ({"hub": {"memory": "128M"}}, "hub.memory: is too small; write at least 256M"),
    ({"hub": {"start_timeout": "9s"}}, "hub.start_timeout: is too small; write at least 10s"),
    ({"hub": {"docker_threads": 33}}, "hub.docker_threads: is too large; write at most 32"),
    ({"hub": {"concurrent_spawn_limit": 0}}, "hub.concurrent_spawn_limit: is too small; write at least 1"),
    ({"hub": {"active_server_limit": "9" * 5000}}, f"hub.active_server_limit: {NO_INTEGER}"),
    ({"hub": {"base_image": "jupyterhub"}}, f"hub.base_image: {NOT_PINNED}"),
    (
        {"hub": {"secret_rotation": {"password": 1}}},
        "hub.secret_rotation.password: is none of the choices; "
        "write cookie_secret, crypt_key, proxy_api_password, user_password or admin_password",
    ),
    ({"hub": {"secret_rotation": {"crypt_key": -1}}}, "hub.secret_rotation.crypt_key: is too small; write at least 0"),
    (
        {"hub": {"secret_rotation": {"crypt_key": 1001}}},
        "hub.secret_rotation.crypt_key: is too large; write at most 1000",
    ),
    ({"hub": {"secret_rotation": {"crypt_key": SECRET}}}, f"hub.secret_rotation.crypt_key: {NO_INTEGER}"),
    ({"hub": {"secret_rotation": SECRET}}, f"hub.secret_rotation: {ENTRIES}"),
    ({"services": ["grafana"]}, f"services: {ENTRIES}"),
    (
        {"services": {"grafana": "http://grafana:3000"}},
        "services.grafana: holds keys of its own, not a single value; "
        "write one or more of host, path, strip_path, target below it",
    ),
    (
        {"services": {"Grafana": service()["services"]["grafana"]}},
        "services.Grafana: is no name for a service; write lower-case letters, digits and -, for example grafana",
    ),
    (
        {"services": {"grafana": {"path": "/grafana"}}},
        "services.grafana.target: is missing (Where the service listens); "
        'write it, for example target: "http://grafana:3000"',
    ),
    (service(path=None), "services.grafana: needs a host or a path, one of the two"),
    (service(host="grafana.example.org"), "services.grafana: needs a host or a path, one of the two"),
    (
        service(path=None, host="grafana.example.org", strip_path=True),
        "services.grafana: has strip_path without a path; remove strip_path",
    ),
    (
        service(path="/hub/grafana"),
        "services.grafana: has the path /hub/grafana, which belongs to the hub; choose another",
    ),
    (service(path="/user"), "services.grafana: has the path /user, which belongs to the hub; choose another"),
    (service(path="/../hub"), f"services.grafana.path: {NO_PATH}"),
    (service(target="grafana:3000"), f"services.grafana.target: {NO_TARGET}"),
    (service(target="http://grafana:3000/d/1"), f"services.grafana.target: {NO_TARGET}"),
    (service(target="http://grafana:65536"), f"services.grafana.target: {NO_TARGET}"),
    (service(target=f"http://me:{SECRET}@grafana:3000"), f"services.grafana.target: {NO_TARGET}"),
    (service(target=f"http://[{SECRET}]"), f"services.grafana.target: {NO_TARGET}"),
    (service(target="http://graf\nana"), f"services.grafana.target: {NO_TARGET}"),
    (
        service(path=None, host=DOMAIN),
        f"services: {DOMAIN} is already in use; give each service a host or path of its own",
    ),
    (
        {"services": {name: {"path": "/x", "target": "http://x:1"} for name in ("one", "two")}},
        "services: /x is already in use; give each service a host or path of its own",
    ),
    (
        {"docker": {"host": "tcp://10.0.0.1:2375"}},
        "docker.host: is no local Docker socket; write for example unix:///var/run/docker.sock",
    ),
    (
        {"docker": {"host": "unix://var/run/docker.sock"}},
        "docker.host: is no local Docker socket; write for example unix:///var/run/docker.sock",
    ),
    ({"docker": {"host": None}}, f"docker.host: {NO_TEXT}"),
    ({"build": {"base_image": "Debian"}}, f"build.base_image: {NO_REFERENCE}"),
    ({"build": {"base_image": "debian"}}, f"build.base_image: {NOT_PINNED}"),
    ({"build": {"revision": 0}}, "build.revision: is too small; write at least 1"),
    (
        {"build": {"pip_index_url": f"https://me:{SECRET}@mirror.example.org"}},
        "build.pip_index_url: holds a user or password, which would stay readable in the image; use an address without",
    ),
    (
        {"build": {"apt_mirror": "mirror.example.org"}},
        "build.apt_mirror: is no address; write for example https://mirror.example.org/simple",
    ),
    (
        {"build": {"apt_mirror": "http://mirror.example.org/ --oops"}},
        "build.apt_mirror: is no address; write for example https://mirror.example.org/simple",
    ),
    ({"build": {"ca_bundle": []}}, "build.ca_bundle: is no path of a file; write for example /etc/jupyterhub/ca.pem"),
    ({"proxy": {"image": "traefik:latest"}}, f"proxy.image: {NOT_PINNED}"),
    ({"proxy": {"memory": "1M"}}, "proxy.memory: is too small; write at least 64M"),
    ({"proxy": {"hsts": "a year"}}, f"proxy.hsts: {NO_DURATION}"),
]


@pytest.mark.parametrize(("mistake", "sentence"), MISTAKES, ids=[sentence[:70] for _, sentence in MISTAKES])
def test_a_mistake_gives_one_sentence_with_path_fault_and_remedy(mistake: dict[str, Any], sentence: str) -> None:
    (problem,) = problems_of(**mistake)
    assert problem == f"jupyterhub:{sentence}"
    assert SECRET not in problem


UNKNOWN: list[tuple[dict[str, Any], str]] = [
    ({"site": {"domain": DOMAIN, "dmain": SECRET}}, "site.dmain: is no setting; did you mean domain?"),
    ({"tls": {**FILES, "certificate": SECRET}}, "tls.certificate: is no setting; did you mean certificate_file?"),
    ({"tls": {**FILES, "validity_days": 9}}, "tls.validity_days: is no setting; remove it. Known here: certificate_f"),
    (
        {"tls": {**FILES, "files": SECRET}},
        "tls.files: is no setting; remove it. Known here: certificate_file, kind, pr",
    ),
    (
        {"auth": {"kind": "shared_password", "password": SECRET}},
        "auth.password: is no setting; did you mean passwords?",
    ),
    (
        {"auth": {"kind": "dummy", "xyz": 1}, "site": {"domain": DOMAIN, "bind_address": "127.0.0.1"}},
        "auth.xyz: is no s",
    ),
    ({"access": {"allow_all": True, "admin": ["x"]}}, "access.admin: is no setting; did you mean admins?"),
    (
        {"notebooks": {"limits": {"cpus": 2}}},
        "notebooks.limits.cpus: is no setting; did you mean cpu? Known here: cpu, me",
    ),
    (built(pip=["x"]), "notebooks.image.pip: is no setting; remove it. Known here: apt_packages, kind, pip_"),
    (
        built(build=1),
        "notebooks.image.build: is no setting; remove it. Known here: apt_packages, kind, pip_packages, r",
    ),
    ({"storage": {"home": {"path": "/x"}}}, "storage.home.path: is no setting"),
    (service(strip=True), "services.grafana.strip: is no setting; did you mean strip_path?"),
    (
        {"services": {"host": {"path": "/x", "target": "http://x:1", "taget": SECRET}}},
        "services.host.taget: is no setting; did you mean target? Known here: host, path, strip_path, target",
    ),
    ({"proxy": {"zzz": 1}}, "proxy.zzz: is no setting; remove it. Known here: hsts, image, memory"),
]


@pytest.mark.parametrize(("mistake", "sentence"), UNKNOWN, ids=[sentence[:50] for _, sentence in UNKNOWN])
def test_an_unknown_key_is_named_with_the_nearest_known_one(mistake: dict[str, Any], sentence: str) -> None:
    (problem,) = problems_of(**mistake)
    assert problem.startswith(f"jupyterhub:{sentence}")
    assert "Known here: " in problem
    assert SECRET not in problem


@pytest.mark.parametrize("concern", ["site", "tls", "auth", "access"])
def test_a_concern_that_must_be_stated_is_missed_by_name_with_an_example(concern: str) -> None:
    with pytest.raises(SettingsError) as caught:
        validate_settings({name: value for name, value in SMALLEST.items() if name != concern})
    (problem,) = caught.value.problems
    assert problem.startswith(f"jupyterhub:{concern}: is missing (")
    assert f"write it, for example {concern}: {{" in problem


def test_each_of_several_mistakes_has_its_own_sentence() -> None:
    problems = problems_of(
        site={"domain": "My Server", "https_port": 0},
        access={"allowed_users": ["Alice", "bob"]},
        hub={"memory": "much", "thread": 3},
        proxy={"hsts": "1y"},
    )
    assert [problem.split(": ")[0] for problem in problems] == [
        "jupyterhub:site.domain",
        "jupyterhub:site.https_port",
        "jupyterhub:access.allowed_users.0",
        "jupyterhub:hub.memory",
        "jupyterhub:hub.thread",
        "jupyterhub:proxy.hsts",
    ]


def test_the_error_shows_its_problems_and_no_cause_that_holds_the_values() -> None:
    with pytest.raises(SettingsError) as caught:
        validate_settings({**SMALLEST, "hub": {"memory": SECRET}})
    assert str(caught.value) == f"jupyterhub:hub.memory: {NO_SIZE}"
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
