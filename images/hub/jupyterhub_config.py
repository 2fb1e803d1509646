"""The hub's configuration: the program's settings, applied by one function a concern, then the site's own files."""

from pathlib import Path

from images.hub.application import apply_application
from images.hub.authenticator import apply_authenticator
from images.hub.idle_culler import apply_idle_culler
from images.hub.proxy import apply_proxy
from images.hub.runtime import RUNTIME_FILE, HubRuntime, HubSecrets
from images.hub.spawner import apply_spawner

c = get_config()  # type: ignore[name-defined]  # noqa: F821 - given by traitlets

runtime = HubRuntime.model_validate_json(Path(RUNTIME_FILE).read_text())
secrets = HubSecrets.from_environment()

apply_application(runtime, c)
apply_proxy(runtime, secrets, c)
apply_authenticator(runtime, secrets, c)
apply_spawner(runtime, c)
apply_idle_culler(runtime, c)

# What a site adds for itself, in the order of the file names.
for extra in sorted(Path(__file__).with_name("jupyterhub_config.d").glob("*.py")):
    load_subconfig(str(extra))  # type: ignore[name-defined]  # noqa: F821 - given by traitlets
