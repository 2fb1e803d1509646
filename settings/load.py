"""Settings and secrets of the selected stack. The only reader of `pulumi.Config`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi.runtime.config import CONFIG, get_config_env, is_config_secret

from settings import Settings
from settings.auth import AuthModel, NativeAuth
from settings.auth.remote import RemoteAuth
from settings.certificate_files import CertificatePair, now, read_authority, read_certificate_pair
from settings.problems import SettingsError, unknown_key, validate_settings
from settings.tls import AcmeTls, FilesTls, TlsSettings

# The keys of secrets, and how many characters each has at least. For the passwords it is what
# jupyterhub.authenticators.shared.SharedPasswordAuthenticator takes when the hub starts.
SHORTEST_SECRET = {
    "user_password": 8,
    "admin_password": 32,
    "oauth_client_secret": 1,
    "ldap_search_password": 1,
    "auth_secret": 1,
}
_PASSWORDS = ("user_password", "admin_password")
_CONFIGURED = "write auth: {kind: shared_password, passwords: configured}"
_CONFIGURED_NATIVE = "write auth: {kind: native, passwords: configured}"
# What has to be written for it to be used.
_USES = {
    "user_password": _CONFIGURED,
    "admin_password": _CONFIGURED,
    "oauth_client_secret": "write the auth.kind that it is for, such as oidc or gitlab",
    "ldap_search_password": "write auth: {kind: ldap, lookup_dn_search_user: …}",
    "auth_secret": "write auth: {kind: custom, secret_option: …}",
}


@dataclass(frozen=True, kw_only=True)
class OperatorSecrets:
    """What the operator set with `pulumi config set --secret`, and what stands in files of theirs."""

    user_password: pulumi.Output[str] | None = None
    admin_password: pulumi.Output[str] | None = None
    auth_secret: pulumi.Output[str] | None = None
    """What the log-in server gave the hub: a client secret, or a password to look people up with."""
    auth_ca: str | None = None
    """Certificate of the authority that the log-in server's own is from."""
    acme_ca: str | None = None
    """Certificate of the authority that the ACME directory's own is from."""
    certificate: CertificatePair | None = None


def load(config: pulumi.Config) -> tuple[Settings, OperatorSecrets]:
    """Settings and secrets of the selected stack.

    Raises:
        pulumi.RunError: something is wrong or missing; one line a problem, and nothing was touched.
    """
    values, problems = _read_concerns(config)
    try:
        settings = validate_settings(values)
    except SettingsError as error:
        problems += error.problems
    else:
        secrets, secret_problems = _read_secrets(config, settings)
        problems += secret_problems + _bundle_problems(settings)
        if not problems:
            return settings, secrets
    raise pulumi.RunError(
        f"Pulumi.{pulumi.get_stack()}.yaml needs a change; nothing was touched.\n"
        + "\n".join(f"  {line}" for line in problems)
    )


def _read_concerns(config: pulumi.Config) -> tuple[dict[str, object], list[str]]:
    """What the stack file says for each concern, and the keys that are no concern at all."""
    values: dict[str, object] = {}
    problems = []
    concerns = sorted(Settings.model_fields)
    for key in _keys(config.name):
        if key in concerns:
            if is_config_secret(config.full_key(key)):
                problems.append(f"jupyterhub:{key}: holds a secret; no setting is one, set it without --secret")
            values[key] = _parse(config.require(key))
        elif key not in SHORTEST_SECRET:
            problems.append(f"jupyterhub:{key}: {unknown_key(key, [*concerns, *SHORTEST_SECRET])}")
    return values, problems


def _keys(namespace: str) -> list[str]:
    """Names of all keys of the stack file in a namespace; `pulumi.Config` itself cannot list them."""
    every: Mapping[str, object] = {**get_config_env(), **CONFIG.get()}
    return [name.partition(":")[2] for name in every if name.startswith(f"{namespace}:")]


def _parse(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return text  # a single word where keys were expected: the model says so


def _read_secrets(config: pulumi.Config, settings: Settings) -> tuple[OperatorSecrets, list[str]]:
    problems: list[str] = []
    certificate = None
    if isinstance(settings.tls, FilesTls):
        certificate, problems = read_certificate_pair(settings.tls, settings.host_names, now())
    auth_ca, auth_problems = _read_authority("auth", settings.auth)
    acme_ca, acme_problems = _read_authority("tls", settings.tls)
    problems += auth_problems + acme_problems
    wanted = settings.auth.secrets
    for key, shortest in SHORTEST_SECRET.items():
        problems += (
            _secret_problems(config, key, shortest, settings.auth.longest_password)
            if key in wanted
            else _unused_problems(config, key, settings.auth)
        )
    if "user_password" in wanted and not problems and config.get("user_password") == config.get("admin_password"):
        problems.append(
            "jupyterhub:admin_password: is the same as user_password; set another one with: "
            "pulumi config set --secret admin_password"
        )
    if problems:
        return OperatorSecrets(), problems
    values = {key: config.require_secret(key) for key in wanted}
    return OperatorSecrets(
        user_password=values.pop("user_password", None),
        admin_password=values.pop("admin_password", None),
        auth_secret=next(iter(values.values()), None),
        auth_ca=auth_ca,
        acme_ca=acme_ca,
        certificate=certificate,
    ), []


def _read_authority(concern: str, settings: AuthModel | TlsSettings) -> tuple[str | None, list[str]]:
    if not isinstance(settings, (RemoteAuth, AcmeTls)) or settings.ca_file is None:
        return None, []
    return read_authority(settings.ca_file, f"{concern}.ca_file")


def _bundle_problems(settings: Settings) -> list[str]:
    bundle = settings.build.ca_bundle
    if bundle is None or bundle.is_file():
        return []
    return [f"jupyterhub:build.ca_bundle: there is no file {bundle}; put it there, or name where it is"]


def _secret_problems(config: pulumi.Config, key: str, shortest: int, longest: int | None) -> list[str]:
    value = config.get(key)
    command = f"pulumi config set --secret {key}"
    if value is None:
        return [f"jupyterhub:{key}: is missing; set it with: {command}"]
    if not is_config_secret(config.full_key(key)):
        return [f"jupyterhub:{key}: stands in plain text in the stack file; set it anew with: {command}"]
    if len(value) < shortest:
        return [f"jupyterhub:{key}: is too short; set one of at least {shortest} characters with: {command}"]
    return _password_problems(key, value, longest) if key in _PASSWORDS else []


def _password_problems(key: str, value: str, longest: int | None) -> list[str]:
    command = f"pulumi config set --secret {key}"
    if not value.isascii():
        # jupyterhub.authenticators.shared compares with `secrets.compare_digest`, which takes no others.
        return [
            f"jupyterhub:{key}: has letters other than ASCII's; set one without accents and the like with: {command}"
        ]
    if longest and len(value) > longest:
        return [f"jupyterhub:{key}: is too long; set one of at most {longest} characters with: {command}"]
    return []


def _unused_problems(config: pulumi.Config, key: str, auth: AuthModel) -> list[str]:
    if config.get(key) is None:
        return []
    use = _CONFIGURED_NATIVE if key == "admin_password" and isinstance(auth, NativeAuth) else _USES[key]
    return [f"jupyterhub:{key}: is set but not used; {use}, or remove it with: pulumi config rm {key}"]
