"""`auth`: how people prove who they are."""

from typing import Annotated

from pydantic import Field

from settings.auth.cas import CasAuth
from settings.auth.custom import CustomAuth
from settings.auth.kind import AuthKind, AuthModel
from settings.auth.ldap import LdapAuth
from settings.auth.oauth import AzureadAuth, GithubAuth, GitlabAuth, GoogleAuth, OidcAuth
from settings.auth.passwords import DummyAuth, NativeAuth, PasswordSource, SharedPasswordAuth

__all__ = [
    "AuthKind",
    "AuthModel",
    "AuthSettings",
    "AzureadAuth",
    "CasAuth",
    "CustomAuth",
    "DummyAuth",
    "GithubAuth",
    "GitlabAuth",
    "GoogleAuth",
    "LdapAuth",
    "NativeAuth",
    "OidcAuth",
    "PasswordSource",
    "SharedPasswordAuth",
]

AuthSettings = Annotated[
    SharedPasswordAuth
    | DummyAuth
    | NativeAuth
    | OidcAuth
    | GitlabAuth
    | GithubAuth
    | GoogleAuth
    | AzureadAuth
    | LdapAuth
    | CasAuth
    | CustomAuth,
    Field(discriminator="kind"),
]
