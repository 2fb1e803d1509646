"""Who gets in: the log-in and the allow rules."""

from jupyterhub.auth import Authenticator
from traitlets import HasTraits, import_item
from traitlets.config import Config

from images.hub.access import with_access_rules
from images.hub.log_in_change import fingerprint
from images.hub.runtime import DATA_FOLDER, AccessRuntime, HubRuntime, HubSecrets


def apply_authenticator(runtime: HubRuntime, secrets: HubSecrets, c: Config) -> None:
    """Set the log-in, then who of those who can log in may use the hub."""
    auth = runtime.auth
    authenticator = import_item(auth.authenticator_class)
    c.JupyterHub.authenticator_class = with_access_rules(authenticator)
    given = {option: getattr(secrets, secret) for option, secret in auth.secret_options.items()}
    for option, value in {**auth.options, **given}.items():
        c[_section(authenticator, option)][option] = value
    _apply_access(runtime.access, c)
    c.AccessRules.log_in = fingerprint(auth)
    c.AccessRules.log_in_file = f"{DATA_FOLDER}/log-in"


def _section(authenticator: type[Authenticator], option: str) -> str:
    """The most general class that has an option: under any other name, a site's own file sets it more specifically.

    Raises:
        ValueError: there is no such option.
    """
    classes = [
        each
        for each in authenticator.__mro__
        if issubclass(each, HasTraits) and option in each.class_traits(config=True)
    ]
    if not classes:
        raise ValueError(f"{authenticator.__name__} has no option {option}; see auth.options in the stack file")
    return classes[-1].__name__


def _apply_access(access: AccessRuntime, c: Config) -> None:
    c.Authenticator.admin_users = set(access.admins)
    c.Authenticator.blocked_users = set(access.blocked_users)
    c.Authenticator.allow_all = access.allow_all
    # Said even when false: naming allowed_users would turn it on, and a name taken off the list would stay in.
    c.Authenticator.allow_existing_users = access.allow_existing
    # Whoever is an admin may use the hub; JupyterHub adds admins by itself only where allowed_users is not empty.
    c.Authenticator.allowed_users = set() if access.allow_all else set(access.allowed_users) | set(access.admins)
    c.AccessRules.members_of = set(access.allowed_groups)
    c.AccessRules.admins_are_members_of = set(access.admin_groups)
    # Ask again whether somebody may use the hub, of tokens too: a page that is open must not outlive its right.
    c.Authenticator.auth_refresh_age = 300
    c.Authenticator.auth_refresh_strict = True
