"""List every option of the installed hub, its spawner, proxy and authenticators: what a site's own file may set."""

from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import entry_points

from jupyterhub.app import JupyterHub
from jupyterhub.auth import Authenticator
from traitlets.config import Configurable

from images.hub.authenticators.cas import Cas
from images.hub.authenticators.github import GitHub
from images.hub.authenticators.gitlab import GitLab
from images.hub.authenticators.ldap import Ldap
from images.hub.authenticators.native import Native
from images.hub.authenticators.oidc import Oidc
from images.hub.authenticators.shared_password import SharedPassword
from images.hub.proxy import TraefikRoutes
from images.hub.spawner import UserServerSpawner


def option_classes() -> list[type[Configurable]]:
    """The classes that a hub of this image can be configured through, without repeats."""
    ours = [Oidc, GitLab, GitHub, Ldap, Cas, Native, SharedPassword]
    return list(
        dict.fromkeys(
            [JupyterHub, UserServerSpawner, TraefikRoutes, Authenticator, *ours, *_installed_authenticators()]
        )
    )


def _installed_authenticators() -> Iterator[type[Authenticator]]:
    for entry in entry_points(group="jupyterhub.authenticators"):
        # Some need a package that whoever wants them adds to the image.
        with suppress(ImportError):
            yield entry.load()


def main() -> None:
    """Print each class with its options, their types, defaults and meaning."""
    for option_class in option_classes():
        print(option_class.class_get_help())
        print()


if __name__ == "__main__":
    main()
