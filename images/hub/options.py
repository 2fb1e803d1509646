"""List every option of the installed hub, its spawner, proxy and authenticators: what a site's own file may set."""

from importlib.metadata import entry_points

from jupyterhub.app import JupyterHub
from jupyterhub.auth import Authenticator
from traitlets.config import Configurable

from images.hub.proxy import TraefikRoutes
from images.hub.spawner import UserServerSpawner


def option_classes() -> list[type[Configurable]]:
    """The classes that a hub of this image can be configured through, without repeats."""
    installed = [entry.load() for entry in entry_points(group="jupyterhub.authenticators")]
    return list(dict.fromkeys([JupyterHub, UserServerSpawner, TraefikRoutes, Authenticator, *installed]))


def main() -> None:
    """Print each class with its options, their types, defaults and meaning."""
    for option_class in option_classes():
        print(option_class.class_get_help())
        print()


if __name__ == "__main__":
    main()
