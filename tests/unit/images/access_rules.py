"""A log-in that says what a test has it say, under the rules of access, and people as the hub knows them."""

import asyncio
from types import SimpleNamespace
from typing import Any

from jupyterhub.auth import Authenticator
from traitlets.config import Config, Configurable

from images.hub.access import with_access_rules


class LogIn(Authenticator):  # type: ignore[misc]
    """Lets in whoever the test says, and says of them what the test says."""

    answer: Any = None
    fresh: Any = True

    async def authenticate(self, _: object, data: dict[str, str]) -> Any:  # noqa: ANN401
        if isinstance(self.answer, Exception):
            raise self.answer
        return {"name": data["username"], **(self.answer or {})}

    async def refresh_user(self, *_: object) -> Any:  # noqa: ANN401
        if isinstance(self.fresh, Exception):
            raise self.fresh
        return self.fresh


class Hub(Configurable):
    """What of JupyterHub the rules use."""

    def __init__(self, *people: Any) -> None:  # noqa: ANN401
        super().__init__()
        self._start_future: asyncio.Future[None] | None = None
        self.users = dict(enumerate(people))
        self.removed: list[tuple[str, str]] = []
        self.proxy = self

    async def delete_user(self, user: Any, server: str) -> None:  # noqa: ANN401
        self.removed.append((user.name, server))


def started(authenticator: Authenticator, *people: Any) -> Hub:  # noqa: ANN401
    """A hub that starts while the servers of these people run."""
    hub = Hub(*people)
    authenticator.parent = hub

    async def start() -> None:
        hub._start_future = asyncio.get_running_loop().create_future()
        hub._start_future.set_result(None)
        await authenticator.look_at_running_servers(hub)

    asyncio.run(start())
    return hub


def rules(**options: Any) -> Authenticator:  # noqa: ANN401
    """An authenticator under rules; `answer` and `fresh` are what the log-in server says first and later."""
    said = {name: options.pop(name) for name in ("answer", "fresh") if name in options}
    config = Config({"AccessRules": options, "Authenticator": {"manage_groups": True, "allow_existing_users": False}})
    made: Authenticator = with_access_rules(LogIn)(config=config)
    made.parent = Hub()
    for name, value in said.items():
        setattr(made, name, value)
    return made


def log_in(authenticator: Authenticator, name: str) -> tuple[str, bool | None] | None:
    person = asyncio.run(authenticator.get_authenticated_user(None, {"username": name}))
    return (person["name"], person["admin"]) if person else None


class Known(SimpleNamespace):
    """Somebody as the hub has them in its database, with servers that run."""

    async def get_auth_state(self) -> dict[str, Any] | None:
        state: dict[str, Any] | None = self.state
        return state

    async def save_auth_state(self, state: dict[str, Any]) -> None:
        self.state = state

    async def stop(self, server: str) -> None:
        del self.spawners[server]


def known(name: str, groups: tuple[str, ...] = (), *, admin: bool = False, state: dict[str, Any] | None = None) -> Any:  # noqa: ANN401
    stored = [SimpleNamespace(name=group) for group in groups]
    servers = {server: SimpleNamespace(ready=True, pending=None) for server in ("", "second")}
    return Known(name=name, groups=stored, roles=[], admin=admin, state=state, spawners=servers)


def stays(authenticator: Authenticator, user: Any) -> Any:  # noqa: ANN401
    return asyncio.run(authenticator.refresh_user(user))
