"""A directory, asked without holding up the hub, and for groups."""

import asyncio
import ssl
import unicodedata
from collections.abc import Mapping
from typing import Any

import ldap3
from ldap3.core.exceptions import LDAPBindError, LDAPException
from ldap3.utils.conv import escape_filter_chars
from ldapauthenticator import LDAPAuthenticator
from ldapauthenticator.ldapauthenticator import TlsStrategy
from traitlets import Bool, Int, Unicode


class Ldap(LDAPAuthenticator):
    """Upstream's LDAP log-in with what it lacks.

    Each log-in runs in a thread and has a limit of time: upstream would stop the whole hub until a server that hangs
    answers. Certificates are checked. A person's groups become the hub's. Names may be numbers and addresses.
    """

    timeout = Int(10, help="Seconds to wait for the directory.").tag(config=True)
    group_search_base = Unicode("", help="Entry below which groups are; none are looked for without.").tag(config=True)
    group_name_attribute = Unicode("cn", help="Attribute that holds a group's name.").tag(config=True)

    # Upstream's takes lower-case letters alone at the beginning; what is asked of a directory is escaped anyway.
    valid_username_regex = Unicode(".", help="What a name has to match.").tag(config=True)
    # However it was typed: a directory may take a letter for another, and blocked_users names only one of both.
    use_lookup_dn_username = Bool(True, help="Whether who is searched goes by the directory's name.").tag(config=True)

    async def authenticate(self, handler: object, data: Mapping[str, str]) -> dict[str, Any] | None:
        """Who logs in with this name and password.

        Raises:
            ConnectionError: the directory does not answer, or not as itself.
        """
        if not _is_one_name(data["username"]):
            return None
        try:
            # Upstream's is a coroutine that never waits.
            person: dict[str, Any] | None = await asyncio.to_thread(asyncio.run, super().authenticate(handler, data))
        except LDAPException as error:
            raise ConnectionError(f"{type(error).__name__}: {error}") from None
        if person is not None and self.manage_groups:
            person["groups"] = person["auth_state"]["user_attributes"].pop("groups")
        return person

    def get_connection(self, userdn: str | None, password: str | None) -> ldap3.Connection | None:
        """A connection as this entry; none where the password is wrong.

        Raises:
            LDAPException: the directory does not answer, or its certificate is not good.
        """
        ldaps = self.tls_strategy == TlsStrategy.on_connect
        tls = ldap3.Tls(validate=ssl.CERT_REQUIRED, version=ssl.PROTOCOL_TLS_CLIENT, **self.tls_kwargs)
        server = ldap3.Server(
            self.server_address,
            port=self.server_port,
            use_ssl=ldaps,
            tls=tls,
            connect_timeout=self.timeout,
            # With the schema ldap3 refuses a filter with an attribute that the directory lacks, such as memberUid.
            get_info=ldap3.NONE,
        )
        bind = ldap3.AUTO_BIND_NO_TLS if ldaps else ldap3.AUTO_BIND_TLS_BEFORE_BIND
        try:
            return ldap3.Connection(
                server,
                user=userdn,
                password=password,
                auto_bind=bind,
                receive_timeout=self.timeout,
                # The person's own entry and groups, wherever the directory sends for them, would get the password.
                auto_referrals=False,
                read_only=True,
            )
        except LDAPBindError:
            return None

    def get_user_attributes(self, conn: ldap3.Connection, userdn: str) -> dict[str, Any]:
        """What the directory says of a person; called with the person's own connection."""
        attributes: dict[str, Any] = super().get_user_attributes(conn, userdn)
        return {**attributes, "groups": self._groups(conn, userdn)} if self.manage_groups else attributes

    def _groups(self, connection: ldap3.Connection, userdn: str) -> list[str]:
        attribute = self.user_attribute
        connection.search(userdn, "(objectClass=*)", ldap3.BASE, attributes=[attribute])
        names = connection.entries[0][attribute].values if connection.entries else []
        connection.search(
            self.group_search_base,
            self.group_search_filter.format(
                userdn=escape_filter_chars(userdn), uid=escape_filter_chars(str(names[0]) if names else "")
            ),
            ldap3.SUBTREE,
            attributes=[self.group_name_attribute],
        )
        return sorted({str(name) for entry in connection.entries for name in entry[self.group_name_attribute].values})


def _is_one_name(name: str) -> bool:
    """Whether nothing else that can be typed is the same name to a directory, which compares as RFC 4518 says."""
    if not name.isprintable() or "  " in name:
        return False
    return unicodedata.normalize("NFKC", name).casefold() == name.lower()
