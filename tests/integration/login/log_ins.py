"""Every kind of log-in: the server that it is tried against, and how a person at a browser gets through it."""

import html
import json
import re
import secrets
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.integration.login.mine import digest
from tests.integration.peer import Peer
from tests.integration.person import Person, RefusedError

OIDC_PORT, CAS_PORT, LDAP_PORT, LDAPS_PORT, OAUTH_PORT = range(18500, 18505)
CLIENT_ID, CLIENT_SECRET = "the-hub", secrets.token_hex(20)
TENANT = "01234567-89ab-cdef-0123-456789abcdef"
People = Mapping[str, Mapping[str, Any]]
PEOPLE: People = {
    "alice": {"password": "the own word of alice", "groups": ["physics"], "id": 1},
    "bob": {"password": "the own word of bob", "groups": ["physics", "chemistry"], "id": 2},
    "carol": {"password": "the own word of carol", "groups": ["staff"], "id": 3},
    "mallory": {"password": "the own word of mallory", "groups": ["chemistry"], "id": 4},
}


@dataclass(frozen=True, kw_only=True)
class LogIn:
    """One kind, as a site may use it."""

    kind: str
    proven_against: str
    """Name of the server, for the table in the documentation."""
    provider: str | None
    """Folder of the server below `providers/`; none where the hub checks log-ins itself."""
    port: int = 0
    alias: str | None = None
    """Name that the hub knows the server by, where an address is not enough."""
    environment: Callable[[str, str], dict[str, str]] = field(default=lambda _address, _hub: {})
    """What the server is told, of its own address and that of the hub."""
    auth: Callable[[str], dict[str, Any]]
    """Settings of the hub, for a server at this address."""
    secret: tuple[str, str] | None = None
    start: str = "/hub/oauth_login"
    """Page of the hub that sends people to the server."""
    groups: bool = True
    asks_again: bool = True
    """Whether the hub asks the server about people who are logged in, and not only when they log in."""
    name_of: Callable[[str], str] = field(default=lambda name: name)
    """What the hub calls somebody."""

    def access(self, *allowed: str) -> dict[str, Any]:
        """Rules that let in these people, by their group where there are groups."""
        admins = {"admins": [self.name_of("carol")]}
        if allowed == ("alice", "bob") and self.groups:
            return {**admins, "allowed_groups": ["physics"]}
        return {**admins, "allowed_users": [self.name_of(name) for name in allowed]}

    def tell(self, peer: Peer, people: People) -> None:
        """Say to the server who can log in."""
        peer.tell(people)

    def prepare(self, person: Callable[[str], Person], admin_password: str, people: People) -> None:
        """Whatever people do before they can log in, once the site is up."""

    def log_in(self, person: Person, name: str, password: str) -> httpx.Response:
        """Go through the log-in; the page at its end.

        Raises:
            RefusedError: the server or the hub does not let this person in.
        """
        answer = send_form(person, person.http.get(self.start), name, password)
        if not str(answer.url).startswith(person.url):
            raise RefusedError(f"{answer.status_code} at the log-in server")
        if not person.is_logged_in():
            raise RefusedError(f"{answer.status_code} at the hub: {answer.text}")
        return answer

    def way_back(self, person: Person, name: str, password: str) -> str:
        """Go through the log-in up to the address at which the server sends this person back to the hub."""
        person.http.follow_redirects = False
        try:
            page = person.http.get(self.start)
            while page.has_redirect_location:
                page = person.http.get(page.next_request.url)  # type: ignore[union-attr]
            answer = send_form(person, page, name, password)
            while not str(answer.headers["Location"]).startswith(f"{person.url}/hub/"):
                answer = person.http.get(answer.next_request.url)  # type: ignore[union-attr]
            return str(answer.headers["Location"])
        finally:
            person.http.follow_redirects = True


def send_form(person: Person, page: httpx.Response, name: str, password: str) -> httpx.Response:
    """Fill in the log-in form of a server."""
    assert page.status_code == httpx.codes.OK, f"{page.url}: {page.status_code} {page.text[:500]}"
    hidden = {
        match["name"]: match["value"] or ""
        for match in re.finditer(
            r'<input type="hidden" name="(?P<name>[^"]+)"(?: value="(?P<value>[^"]*)")?', page.text
        )
    }
    form = {**hidden, "username": name, "password": password}
    action = re.search(r'<form [^>]*action="([^"]+)"', page.text)
    address = page.url.join(html.unescape(action[1])) if action else page.url
    # Django wants to see where a form comes from.
    return person.http.post(address, data=form, headers={"Referer": str(page.url)})


class FormOfTheHub(LogIn):
    """The hub has the form."""

    def log_in(self, person: Person, name: str, password: str) -> httpx.Response:
        """Fill in the hub's form."""
        return hub_form(person, name, password)


class DirectoryLogIn(FormOfTheHub):
    """LDAP: people are entries."""

    def tell(self, peer: Peer, people: People) -> None:
        """Write people and their groups into the directory, in the place of those that are there."""
        members: dict[str, list[str]] = {}
        entries = []
        for name, person in people.items():
            entries.append(
                _entry(
                    f"uid={name},ou=people",
                    "inetOrgPerson",
                    cn=name,
                    sn=name,
                    uid=name,
                    userPassword=person["password"],
                )
            )
            for group in person["groups"]:
                members.setdefault(group, []).append(f"uid={name},ou=people,dc=example,dc=org")
        for group, dns in members.items():
            entries.append(_entry(f"cn={group},ou=groups", "groupOfNames", cn=group, member=dns))
        admin = f"-x -ZZ -H ldap://127.0.0.1:{peer.port} -D cn=admin,dc=example,dc=org -w of-the-directory"
        peer.run(
            f"export LDAPTLS_REQCERT=never; for base in people groups; do "
            f"ldapsearch {admin} -LLL -b ou=$base,dc=example,dc=org -s one dn | sed -n 's/^dn: //p' | "
            f'while read -r dn; do ldapdelete {admin} "$dn"; done; done; '
            f"printf '%s' {shlex.quote(''.join(entries))} | ldapadd {admin}"
        )


class AccountsOfTheHub(FormOfTheHub):
    """Native: people sign up, and an admin, whose account is there from the start, approves some of them."""

    def prepare(self, person: Callable[[str], Person], admin_password: str, people: People) -> None:
        """Sign up, approve all but those who are not let in, and take the admin's first password away."""
        for name, words in people.items():
            if name != "carol":
                with person(name) as somebody:
                    sign_up(somebody, name, words["password"])
        with person("carol") as carol:
            hub_form(carol, "carol", admin_password)
            for name in ("alice", "bob"):
                carol.http.get(f"/hub/authorize/{name}", headers={"Sec-Fetch-Site": "same-origin"}).raise_for_status()
            change = {
                "old_password": admin_password,
                "new_password": people["carol"]["password"],
                "new_password_confirmation": people["carol"]["password"],
            }
            post_form(carol, "/hub/change-password", change).raise_for_status()


def sign_up(person: Person, name: str, password: str) -> str:
    """Ask for an account; the page that follows."""
    form = {"username": name, "signup_password": password, "signup_password_confirmation": password}
    return post_form(person, "/hub/signup", form).text


def post_form(person: Person, path: str, form: dict[str, str]) -> httpx.Response:
    """Fill in a form of the hub's, with what stands hidden in it."""
    page = person.http.get(path).raise_for_status()
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text))
    return person.http.post(path, data={**hidden, **form})


def hub_form(person: Person, name: str, password: str) -> httpx.Response:
    """Fill in the hub's own log-in form.

    Raises:
        RefusedError: the hub does not let this person in.
    """
    answer = post_form(person, "/hub/login", {"username": name, "password": password})
    if not person.is_logged_in():
        raise RefusedError(f"{answer.status_code} at the hub: {answer.text}")
    return answer


def _entry(name: str, kind: str, **attributes: str | list[str]) -> str:
    lines = [f"dn: {name},dc=example,dc=org", f"objectClass: {kind}"]
    for attribute, values in attributes.items():
        lines += [f"{attribute}: {value}" for value in ([values] if isinstance(values, str) else values)]
    return "\n".join(lines) + "\n\n"


def _oauth(port: int) -> Callable[[str, str], dict[str, str]]:
    def environment(address: str, hub: str) -> dict[str, str]:
        told = {
            "issuer": f"https://{address}:{port}",
            "address": address,
            "port": port,
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "redirect_uri": f"{hub}hub/oauth_callback",
        }
        return {"OIDC": json.dumps(told), "OAUTH": json.dumps(told)}

    return environment


_SECRET = ("oauth_client_secret", CLIENT_SECRET)
_OAUTH: dict[str, Any] = {
    "provider": "oauth",
    "port": OAUTH_PORT,
    "environment": _oauth(OAUTH_PORT),
    "secret": _SECRET,
}

LOG_INS = {
    log_in.kind: log_in
    for log_in in [
        LogIn(
            kind="oidc",
            proven_against="oidc-provider 9.13.3",
            provider="oidc",
            port=OIDC_PORT,
            environment=_oauth(OIDC_PORT),
            auth=lambda address: {"issuer": f"https://{address}:{OIDC_PORT}", "client_id": CLIENT_ID},
            secret=_SECRET,
        ),
        DirectoryLogIn(
            kind="ldap",
            proven_against="slapd 2.6",
            provider="ldap",
            asks_again=False,
            port=LDAP_PORT,
            # ldap3 finds no address in a certificate (its own check of names, which it uses from Python 3.12 on).
            alias="ldap.example.org",
            environment=lambda _address, _hub: {"LDAP_URLS": f"ldap://:{LDAP_PORT} ldaps://:{LDAPS_PORT}"},
            auth=lambda _: {
                "server_address": "ldap.example.org",
                "server_port": LDAP_PORT,
                "bind_dn_template": ["uid={username},ou=people,dc=example,dc=org"],
                "group_search_base": "ou=groups,dc=example,dc=org",
                "timeout": "3s",
            },
        ),
        LogIn(
            kind="cas",
            proven_against="django-cas-server 3.1.0",
            provider="cas",
            port=CAS_PORT,
            environment=lambda address, hub: {
                "CAS_BIND": f"{address}:{CAS_PORT}",
                "CAS_SERVICE_PATTERN": f"^{re.escape(hub)}hub/cas_callback",
            },
            auth=lambda address: {"cas_url": f"https://{address}:{CAS_PORT}/cas", "groups_attribute": "memberOf"},
            start="/hub/cas_login",
            asks_again=False,
        ),
        LogIn(
            kind="gitlab",
            proven_against="a server that answers as GitLab documents it",
            auth=lambda address: {"gitlab_url": f"https://{address}:{OAUTH_PORT}", "client_id": CLIENT_ID},
            **_OAUTH,
        ),
        LogIn(
            kind="github",
            proven_against="a server that answers as GitHub documents it",
            auth=lambda address: {"github_url": f"https://{address}:{OAUTH_PORT}", "client_id": CLIENT_ID},
            **_OAUTH,
        ),
        LogIn(
            kind="google",
            proven_against="a server that answers as Google documents it",
            auth=lambda _: {"hosted_domain": ["example.org"], "client_id": CLIENT_ID},
            groups=False,
            **_OAUTH,
        ),
        LogIn(
            kind="azuread",
            proven_against="a server that answers as Microsoft documents it",
            auth=lambda address: {
                "tenant_id": TENANT,
                "graph_url": f"https://{address}:{OAUTH_PORT}",
                "client_id": CLIENT_ID,
            },
            name_of=lambda name: f"{name}@example.org",
            **_OAUTH,
        ),
        AccountsOfTheHub(
            kind="native",
            proven_against="the hub itself (jupyterhub-nativeauthenticator 1.3.0)",
            provider=None,
            auth=lambda _: {"allowed_failed_logins": 0},
            groups=False,
        ),
        FormOfTheHub(
            kind="custom",
            proven_against="an authenticator of a site's own",
            provider=None,
            auth=lambda _: {
                "authenticator_class": "images.hub.mine.Mine",
                "options": {
                    "people": {
                        name: {"digest": digest(CLIENT_SECRET, person["password"]), "groups": person["groups"]}
                        for name, person in PEOPLE.items()
                    }
                },
                "secret_option": "key",
            },
            secret=("auth_secret", CLIENT_SECRET),
        ),
    ]
}
