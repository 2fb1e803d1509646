"""The hub process itself: addresses, data, limits, pages."""

from pathlib import Path

from traitlets.config import Config

from images.hub.runtime import DATA_FOLDER, HUB_PORT, XSRF_COOKIE, HubRuntime

_TEMPLATES = Path(__file__).with_name("templates")


def apply_application(runtime: HubRuntime, c: Config) -> None:
    """Set the options of the hub process."""
    c.JupyterHub.hub_bind_url = f"http://0.0.0.0:{HUB_PORT}"
    c.JupyterHub.hub_connect_url = runtime.hub_url
    # Without it the hub, behind a proxy that ends TLS, would send cookies without `Secure`.
    c.JupyterHub.public_url = runtime.site.public_url
    # The cookie against forged requests has options of its own (jupyterhub/_xsrf_utils.py).
    c.JupyterHub.tornado_settings = {"xsrf_cookie_kwargs": XSRF_COOKIE}
    c.JupyterHub.db_url = f"sqlite:///{DATA_FOLDER}/jupyterhub.sqlite"
    # A new JupyterHub brings its database up to date when it starts; SQLite is backed up beside it before that.
    c.JupyterHub.upgrade_db = True
    # A hub that stops leaves everybody's server running, so that replacing it drops no kernel.
    c.JupyterHub.cleanup_servers = False
    c.JupyterHub.concurrent_spawn_limit = runtime.spawn.concurrent_spawn_limit
    c.JupyterHub.active_server_limit = runtime.spawn.active_server_limit
    # How often missing routes are put back.
    c.JupyterHub.last_activity_interval = 60
    c.JupyterHub.template_paths = [str(_TEMPLATES)]
    c.JupyterHub.template_vars = {"site_title": runtime.site.title}
