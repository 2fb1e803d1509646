"""The tutorial's settings; only who logs in, and how, is another."""

import os

c = get_config()  # type: ignore[name-defined]  # noqa: F821 - given by traitlets

c.Spawner.default_url = "/lab"

c.JupyterHub.authenticator_class = "dummy"
c.DummyAuthenticator.password = os.environ["PASSWORD"]
c.Authenticator.allow_all = True
c.Authenticator.admin_users = {"admin"}

c.JupyterHub.spawner_class = "dockerspawner.DockerSpawner"
c.DockerSpawner.image = os.environ["DOCKER_JUPYTER_CONTAINER"]
c.DockerSpawner.network_name = os.environ["DOCKER_NETWORK_NAME"]
c.JupyterHub.hub_ip = os.environ["HUB_IP"]
c.DockerSpawner.prefix = os.environ["DOCKER_NETWORK_NAME"]
c.DockerSpawner.notebook_dir = "/home/jovyan"
c.DockerSpawner.volumes = {os.environ["DOCKER_NETWORK_NAME"] + "-user-{username}": "/home/jovyan"}
c.Spawner.cpu_limit = 1
c.Spawner.mem_limit = os.environ["MEMORY_LIMIT"]

c.JupyterHub.services = [
    {"name": "cull_idle", "command": ["python", "-m", "jupyterhub_idle_culler", "--timeout=3600"]},
]
c.JupyterHub.load_roles = [
    {
        "name": "cull_idle",
        "services": ["cull_idle"],
        "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers"],
    },
]
