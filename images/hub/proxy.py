"""The hub's routes: written to a file that Traefik watches, and looked up in Traefik's API."""

from traitlets.config import Config

from images.hub.runtime import ROUTES_FOLDER, HubRuntime, HubSecrets


def apply_proxy(runtime: HubRuntime, secrets: HubSecrets, c: Config) -> None:
    """Let the hub route through the Traefik that the program runs."""
    c.JupyterHub.proxy_class = "traefik_file"
    proxy = c.TraefikFileProviderProxy
    proxy.should_start = False
    # The program writes the API's router, so that a new password does not meet an old one in this file.
    proxy.enable_setup_dynamic_config = False
    proxy.dynamic_config_file = f"{ROUTES_FOLDER}/hub.toml"
    proxy.traefik_api_url = runtime.proxy.api_url
    proxy.traefik_api_username = runtime.proxy.api_username
    proxy.traefik_api_password = secrets.hub_proxy_api_password
    proxy.traefik_entrypoint = runtime.proxy.entry_point
