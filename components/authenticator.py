"""From the settings of a log-in to the options of JupyterHub's authenticator for it."""

from functools import singledispatch
from typing import Any

from images.hub.runtime import AUTH_CA_FILE, AccessRuntime, AuthRuntime
from settings import Settings
from settings.access import AccessSettings
from settings.auth import (
    AuthModel,
    AzureadAuth,
    CasAuth,
    CustomAuth,
    DummyAuth,
    GithubAuth,
    GitlabAuth,
    GoogleAuth,
    LdapAuth,
    NativeAuth,
    OidcAuth,
    SharedPasswordAuth,
)
from settings.auth.remote import OAuthSettings, OAuthWithGroups, RemoteAuth

Options = dict[str, Any]
_OURS = "images.hub.authenticators"


def auth_runtime(settings: Settings) -> AuthRuntime:
    """How the hub of this site logs people in."""
    auth = settings.auth
    options = _options(auth)
    if isinstance(auth, OAuthSettings):
        options |= _oauth_options(auth)
    if auth.callback_path:
        options[_CALLBACK[auth.callback_path]] = callback_url(settings)
    if auth.knows_groups and _takes_groups(auth, settings.access):
        options["manage_groups"] = True
        if isinstance(auth, OidcAuth):
            options["auth_state_groups_key"] = f"oauth_user.{auth.groups_claim}"
    return AuthRuntime(
        kind=auth.kind.value,
        authenticator_class=_CLASSES[type(auth)] if not isinstance(auth, CustomAuth) else auth.authenticator_class,
        options={name: value for name, value in sorted(options.items()) if value is not None},
        secret_options=_secret_options(auth),
    )


def access_runtime(settings: Settings) -> AccessRuntime:
    """Whom the hub of this site lets in."""
    access = settings.access
    return AccessRuntime(
        admins=sorted(access.admins),
        admin_groups=sorted(access.admin_groups),
        allowed_users=sorted(access.allowed_users),
        allowed_groups=sorted(access.allowed_groups),
        allow_all=access.allow_all,
        allow_existing=access.allow_existing,
        blocked_users=sorted(access.blocked_users),
    )


def callback_url(settings: Settings) -> str | None:
    """Address of the hub that the log-in server has to know; none where there is no such server."""
    path = settings.auth.callback_path
    return f"{settings.site.url}{path}" if path else None


_CALLBACK = {OAuthSettings.callback_path: "oauth_callback_url", CasAuth.callback_path: "callback_url"}

_CLASSES: dict[type[AuthModel], str] = {
    SharedPasswordAuth: f"{_OURS}.shared_password.SharedPassword",
    DummyAuth: "jupyterhub.auth.DummyAuthenticator",
    NativeAuth: f"{_OURS}.native.Native",
    OidcAuth: f"{_OURS}.oidc.Oidc",
    GitlabAuth: f"{_OURS}.gitlab.GitLab",
    GithubAuth: f"{_OURS}.github.GitHub",
    GoogleAuth: "oauthenticator.google.GoogleOAuthenticator",
    AzureadAuth: f"{_OURS}.azuread.AzureAd",
    LdapAuth: f"{_OURS}.ldap.Ldap",
    CasAuth: f"{_OURS}.cas.Cas",
}


def _takes_groups(auth: AuthModel, access: AccessSettings) -> bool:
    if isinstance(auth, OAuthWithGroups):
        # They take a right that people are asked to give, so only where they are wanted.
        return access.names_groups or auth.manage_groups
    return auth.group_problem is None and (access.names_groups or not isinstance(auth, CustomAuth))


def _secret_options(auth: AuthModel) -> dict[str, str]:
    match auth:
        case SharedPasswordAuth():
            return {"admin_password": "hub_admin_password", "user_password": "hub_user_password"}
        case NativeAuth():
            return {"admin_password": "hub_admin_password"}
        case OAuthSettings():
            return {"client_secret": "hub_auth_secret"}
        case LdapAuth(lookup_dn_search_user=str()):
            return {"lookup_dn_search_password": "hub_auth_secret"}
        case CustomAuth(secret_option=str(option)):
            return {option: "hub_auth_secret"}
    return {}


def _http_options(auth: RemoteAuth) -> Options:
    authority = {"ca_certs": str(AUTH_CA_FILE)} if auth.ca_file else {}
    return {"connect_timeout": auth.timeout, "request_timeout": auth.timeout, **authority}


def _oauth_options(auth: OAuthSettings) -> Options:
    return {
        "auto_login": auth.auto_login,
        "client_id": auth.client_id,
        # What the server said is kept, encrypted, so that it can be asked again while somebody is logged in.
        "enable_auth_state": True,
        "http_request_kwargs": _http_options(auth),
        "login_service": auth.login_service,
    }


@singledispatch
def _options(_: AuthModel) -> Options:
    return {}


@_options.register
def _(auth: NativeAuth) -> Options:
    return {
        "allowed_failed_logins": auth.allowed_failed_logins,
        "check_common_password": auth.check_common_password,
        "enable_signup": auth.enable_signup,
        "minimum_password_length": auth.minimum_password_length,
        "open_signup": auth.open_signup,
        "seconds_before_next_try": auth.seconds_before_next_try,
    }


@_options.register
def _(auth: OidcAuth) -> Options:
    return {
        "authorize_url": auth.authorize_url,
        "issuer": auth.issuer,
        "scope": list(auth.scope),
        "token_url": auth.token_url,
        "userdata_url": auth.userdata_url,
        "username_claim": auth.username_claim,
    }


@_options.register
def _(auth: GitlabAuth) -> Options:
    return {
        "allowed_project_ids": sorted(auth.allowed_project_ids),
        "gitlab_url": auth.gitlab_url,
        "scope": ["read_user", "openid", *(["read_api"] if auth.allowed_project_ids else [])],
    }


@_options.register
def _(auth: GithubAuth) -> Options:
    return {"github_url": auth.github_url, "scope": ["read:org"]}


@_options.register
def _(auth: GoogleAuth) -> Options:
    return {
        # Else Google gives no token that can be renewed, and later log-ins get none without asking for consent anew
        # (developers.google.com/identity/protocols/oauth2/web-server).
        "extra_authorize_params": {"access_type": "offline", "prompt": "consent"},
        "hosted_domain": list(auth.hosted_domain),
    }


@_options.register
def _(auth: AzureadAuth) -> Options:
    # Upstream's addresses are those of the first version, whose answers lack the claim that people know themselves by.
    endpoint = f"{auth.graph_url}/{auth.tenant_id}/oauth2/v2.0"
    return {
        "authorize_url": f"{endpoint}/authorize",
        "scope": ["openid", "profile", "email", "offline_access"],
        "tenant_id": auth.tenant_id,
        "token_url": f"{endpoint}/token",
        "username_claim": auth.username_claim,
    }


@_options.register
def _(auth: LdapAuth) -> Options:
    lookup = {
        "lookup_dn": True,
        "lookup_dn_search_user": auth.lookup_dn_search_user,
        "lookup_dn_user_dn_attribute": auth.user_attribute,
    }
    return {
        "bind_dn_template": list(auth.bind_dn_template),
        "group_name_attribute": auth.group_name_attribute,
        "group_search_base": auth.group_search_base,
        "search_filter": auth.search_filter,
        "server_address": auth.server_address,
        "server_port": auth.server_port,
        "timeout": auth.timeout,
        "tls_kwargs": {"ca_certs_file": str(AUTH_CA_FILE)} if auth.ca_file else {},
        "tls_strategy": auth.tls_strategy.value,
        "user_attribute": auth.user_attribute,
        "user_search_base": auth.user_search_base,
        **(lookup if auth.looks_people_up else {}),
    }


@_options.register
def _(auth: CasAuth) -> Options:
    return {
        "auto_login": auth.auto_login,
        "cas_url": auth.cas_url,
        "groups_attribute": auth.groups_attribute,
        "http_request_kwargs": _http_options(auth),
        "login_service": auth.login_service,
        "username_attribute": auth.username_attribute,
    }


@_options.register
def _(auth: CustomAuth) -> Options:
    return dict(auth.options)
