"""Log-in by a directory: OpenLDAP, Active Directory. Fields have the names that ldapauthenticator gives them."""

from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field, model_validator

from settings.auth.kind import AuthKind
from settings.auth.remote import RemoteAuth
from settings.values import DnsName, Port


def _names_in(template: str, *known: str) -> int:
    """How often the user's name comes into a template that ldapauthenticator fills with these names.

    Raises:
        ValueError: it would not, at any log-in.
    """
    try:
        return template.format(**{"username": "\0", **dict.fromkeys(known, "")}).count("\0")
    except (LookupError, ValueError, AttributeError, TypeError):
        names = " and ".join(f"{{{name}}}" for name in (*known, "username"))
        raise ValueError(f"has something else in braces; write only {names} in them") from None


def _dn_template(value: str) -> str:
    if _names_in(value) != 1:
        raise ValueError(
            "needs one {username}, where the name goes; write for example uid={username},ou=people,dc=example,dc=org"
        )
    return value


def _search_filter(value: str) -> str:
    if not _names_in(value, "userattr"):
        raise ValueError(
            "would let in everybody alike; write {username} where the name goes, as in (&({userattr}={username})(cn=x))"
        )
    if not (value.startswith("(") and value.endswith(")") and value.count("(") == value.count(")")):
        raise ValueError("is no filter; write it in brackets, of which as many close as open, as in (uid={username})")
    return value


class TlsStrategy(StrEnum):
    """When the connection is encrypted."""

    BEFORE_BIND = "before_bind"
    ON_CONNECT = "on_connect"


class LdapAuth(RemoteAuth):
    """A directory. Its certificate is always checked, and a password never sent without TLS.

    How a person's entry is found: by `bind_dn_template`, or, where names do not follow a pattern, by a search.
    """

    kind: Literal[AuthKind.LDAP]
    knows_groups: ClassVar[bool] = True

    server_address: DnsName = Field(examples=["ldap.example.org"])
    """Host name, as its certificate has it."""

    server_port: Port | None = None
    """389, or 636 for `on_connect`, where nothing is said."""

    tls_strategy: TlsStrategy = TlsStrategy.BEFORE_BIND
    """`before_bind`: StartTLS. `on_connect`: LDAPS."""

    bind_dn_template: tuple[Annotated[str, AfterValidator(_dn_template)], ...] = Field(
        default=(), examples=[["uid={username},ou=people,dc=example,dc=org"]]
    )
    """Names of people's entries, with `{username}` for what they type."""

    user_search_base: str | None = Field(default=None, examples=["ou=people,dc=example,dc=org"])
    """Look for people's entries below this one instead."""

    user_attribute: str = Field(default="uid", pattern=r"^[A-Za-z][A-Za-z0-9-]*$")
    """Attribute of the entry that holds what people type; `sAMAccountName` in Active Directory."""

    lookup_dn_search_user: str | None = Field(default=None, examples=["cn=jupyterhub,ou=services,dc=example,dc=org"])
    """Entry that the hub itself logs in as to look; anonymous without. Its password is set with
    `pulumi config set --secret ldap_search_password`."""

    search_filter: Annotated[str, AfterValidator(_search_filter)] | None = Field(
        default=None, examples=["(&({userattr}={username})(employeeType=student))"]
    )
    """Let in only people whose entry below `user_search_base` is found so."""

    group_search_base: str | None = Field(default=None, examples=["ou=groups,dc=example,dc=org"])
    """Where groups are. Without it there are none for `access`."""

    group_name_attribute: str = Field(default="cn", pattern=r"^[A-Za-z][A-Za-z0-9-]*$")
    """Attribute of a group that holds its name."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """The password of the entry that the hub looks with."""
        return ("ldap_search_password",) if self.lookup_dn_search_user else ()

    @model_validator(mode="after")
    def _entries_can_be_found(self) -> "LdapAuth":
        if not self.bind_dn_template and not self.user_search_base:
            raise ValueError(
                "does not say how a person's entry is found; write bind_dn_template: "
                '["uid={username},ou=people,dc=example,dc=org"], or user_search_base: ou=people,dc=example,dc=org'
            )
        if self.bind_dn_template and self.lookup_dn_search_user:
            raise ValueError(
                "looks for people's entries and also has a pattern for them; keep one of bind_dn_template and "
                "lookup_dn_search_user"
            )
        if self.search_filter and not self.user_search_base:
            raise ValueError("has a search_filter but not where to search; write user_search_base as well")
        return self

    @property
    def group_problem(self) -> str | None:
        """Where groups are has to be said."""
        return None if self.group_search_base else "does not say where they are; write auth.group_search_base"

    @property
    def looks_people_up(self) -> bool:
        """Whether entries are searched for."""
        return not self.bind_dn_template
