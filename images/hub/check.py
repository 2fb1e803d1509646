"""Try the hub's configuration without starting the hub: what the program runs before it replaces a running one."""

import asyncio
import logging
import sys
from pathlib import Path
from types import SimpleNamespace

import jupyterhub
from jupyterhub.app import JupyterHub
from sqlalchemy import create_engine
from sqlalchemy.orm import Session
from traitlets import TraitError
from traitlets.config.loader import ConfigError, PyFileConfigLoader

from images.hub.authenticators.oidc import Oidc
from images.hub.login_server import LoginServerError, is_unreachable

CONFIG_FILE = Path(__file__).with_name("jupyterhub_config.py")


def check() -> None:
    """Load the configuration, make the authenticator and a spawner from it, and find the log-in server.

    Raises:
        Exception: whatever the configuration raises.
    """
    # JupyterHub's own way to load a file ends the process at a wrong value, before a sentence could be printed.
    hub = JupyterHub(config=PyFileConfigLoader(str(CONFIG_FILE)).load_config())
    hub.log.setLevel(logging.ERROR)
    # One kind keeps accounts in the hub's database, and wants to see one.
    database = Session(create_engine("sqlite:///:memory:"))
    authenticator = hub.authenticator_class(parent=hub, _deprecated_db_session=database)
    if isinstance(authenticator, Oidc):
        asyncio.run(authenticator.discover())
    hub.spawner_class(parent=hub, user=SimpleNamespace(name="somebody", id=0, url="/user/somebody/"))


def main() -> int:
    """Print one sentence; the exit code says whether the configuration is good."""
    try:
        check()
    except (ConfigError, TraitError) as error:
        print(f"The hub's configuration is not valid: {error}")
        return 1
    except (Exception, SystemExit) as error:  # a site's own files may raise anything
        if isinstance(error, LoginServerError) or is_unreachable(error):
            print(f"The log-in server is not found: {error}")
            return 1
        print(f"The hub's configuration fails: {type(error).__name__}: {error}{_place(error)}")
        return 1
    print(f"The hub's configuration is good for JupyterHub {jupyterhub.__version__}.")
    return 0


def _place(error: BaseException) -> str:
    """File and line of the configuration where an error was raised, unless it says so itself."""
    if isinstance(error, SyntaxError):
        return ""
    traceback = error.__traceback__
    place = ""
    while traceback is not None:
        file = Path(traceback.tb_frame.f_code.co_filename)
        if CONFIG_FILE.parent in file.parents and file != Path(__file__):
            place = f" ({file.relative_to(CONFIG_FILE.parent)}, line {traceback.tb_lineno})"
        traceback = traceback.tb_next
    return place


if __name__ == "__main__":
    sys.exit(main())
