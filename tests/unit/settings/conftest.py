import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pulumi
import pytest
from pulumi.runtime.config import set_all_config

from settings import Settings
from settings.certificate_files import CertificatePair
from settings.load import load

STACK = "physics"


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """What the program is handed: secrets with whether Pulumi takes them for secret."""

    settings: Settings
    user_password: tuple[str | None, bool] | None
    admin_password: tuple[str | None, bool] | None
    auth_secret: tuple[str | None, bool] | None
    auth_ca: str | None
    acme_ca: str | None
    certificate: CertificatePair | None


Loader = Callable[..., Loaded]


async def _load() -> Loaded:
    settings, operator = load(pulumi.Config("jupyterhub"))

    async def known(output: pulumi.Output[str] | None) -> tuple[str | None, bool] | None:
        return None if output is None else (await output.future(), await output.is_secret())

    return Loaded(
        settings=settings,
        user_password=await known(operator.user_password),
        admin_password=await known(operator.admin_password),
        auth_secret=await known(operator.auth_secret),
        auth_ca=operator.auth_ca,
        acme_ca=operator.acme_ca,
        certificate=operator.certificate,
    )


@pytest.fixture
def load_stack(monkeypatch: pytest.MonkeyPatch) -> Loader:
    """Load as the program does, with keys of a stack file and with those that were set with --secret."""
    monkeypatch.setattr(pulumi, "get_stack", lambda: STACK)
    monkeypatch.delenv("PULUMI_CONFIG", raising=False)

    def load_with(keys: Mapping[str, object], secrets: Mapping[str, object] | None = None) -> Loaded:
        every = {
            f"jupyterhub:{key}": value if isinstance(value, str) else json.dumps(value)
            for key, value in {**keys, **(secrets or {})}.items()
        }
        set_all_config({**every, "docker:host": "unix:///elsewhere"}, [f"jupyterhub:{key}" for key in secrets or {}])
        try:
            return asyncio.run(_load())
        finally:
            set_all_config({}, [])

    return load_with
