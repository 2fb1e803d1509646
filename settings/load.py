"""Settings and secrets of the selected stack. The only reader of `pulumi.Config`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi.runtime.config import CONFIG, get_config_env, is_config_secret

from settings import Settings
from settings.auth import PasswordSource, SharedPasswordAuth
from settings.certificate_files import CertificatePair, now, read_certificate_pair
from settings.problems import SettingsError, unknown_key, validate_settings
from settings.tls import FilesTls

# jupyterhub.authenticators.shared.SharedPasswordAuthenticator refuses shorter ones when the hub starts.
SHORTEST_PASSWORD = {"user_password": 8, "admin_password": 32}


@dataclass(frozen=True, kw_only=True)
class OperatorSecrets:
    """What the operator set with `pulumi config set --secret`, and the key of their own certificate."""

    user_password: pulumi.Output[str] | None = None
    admin_password: pulumi.Output[str] | None = None
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
        elif key not in SHORTEST_PASSWORD:
            problems.append(f"jupyterhub:{key}: {unknown_key(key, [*concerns, *SHORTEST_PASSWORD])}")
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
    configured = isinstance(settings.auth, SharedPasswordAuth) and settings.auth.passwords is PasswordSource.CONFIGURED
    for key, shortest in SHORTEST_PASSWORD.items():
        problems += _password_problems(config, key, shortest) if configured else _unused_problems(config, key)
    if configured and not problems and config.get("user_password") == config.get("admin_password"):
        problems.append(
            "jupyterhub:admin_password: is the same as user_password; set another one with: "
            "pulumi config set --secret admin_password"
        )
    if problems or not configured:
        return OperatorSecrets(certificate=certificate), problems
    return OperatorSecrets(
        user_password=config.require_secret("user_password"),
        admin_password=config.require_secret("admin_password"),
        certificate=certificate,
    ), []


def _bundle_problems(settings: Settings) -> list[str]:
    bundle = settings.build.ca_bundle
    if bundle is None or bundle.is_file():
        return []
    return [f"jupyterhub:build.ca_bundle: there is no file {bundle}; put it there, or name where it is"]


def _password_problems(config: pulumi.Config, key: str, shortest: int) -> list[str]:
    value = config.get(key)
    command = f"pulumi config set --secret {key}"
    if value is None:
        return [f"jupyterhub:{key}: is missing; set it with: {command}"]
    if not is_config_secret(config.full_key(key)):
        return [f"jupyterhub:{key}: stands in plain text in the stack file; set it anew with: {command}"]
    if len(value) < shortest:
        return [f"jupyterhub:{key}: is too short; set one of at least {shortest} characters with: {command}"]
    if not value.isascii():
        # jupyterhub.authenticators.shared compares with `secrets.compare_digest`, which takes no others.
        return [
            f"jupyterhub:{key}: has letters other than ASCII's; set one without accents and the like with: {command}"
        ]
    return []


def _unused_problems(config: pulumi.Config, key: str) -> list[str]:
    if config.get(key) is None:
        return []
    return [
        f"jupyterhub:{key}: is set but not used; write auth: {{kind: shared_password, passwords: configured}}, "
        f"or remove it with: pulumi config rm {key}"
    ]
