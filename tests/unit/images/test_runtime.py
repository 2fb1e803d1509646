"""What the program hands the hub: settings in a file, secrets in the environment."""

import json
import re

import pytest
from pydantic import BaseModel, ValidationError

from images.hub.runtime import DATA_FOLDER, ROUTES_FOLDER, RUNTIME_FILE, HubRuntime, HubSecrets
from tests.unit.images.configured_hub import CHECKOUT, SECRETS, SITES, runtime_of

REQUIRED = ["JPY_COOKIE_SECRET", "JUPYTERHUB_CRYPT_KEY", "HUB_PROXY_API_PASSWORD"]


@pytest.mark.parametrize("site", SITES.values(), ids=SITES)
def test_settings_arrive_as_they_were_sent(site: dict[str, object]) -> None:
    sent = runtime_of(**site)
    assert HubRuntime.model_validate_json(sent.model_dump_json(indent=2)) == sent


def test_equal_settings_are_equal_text_in_whatever_order_they_were_written() -> None:
    one = runtime_of(
        access={"allowed_users": ["b", "a", "c"], "admins": ["y", "x"]},
        notebooks={"environment": {"B": "2", "A": "1"}},
    )
    other = runtime_of(
        access={"allowed_users": ["c", "b", "a"], "admins": ["x", "y"]},
        notebooks={"environment": {"A": "1", "B": "2"}},
    )
    assert one.model_dump_json(indent=2) == other.model_dump_json(indent=2)


def sections(model: BaseModel, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Where the settings hold settings."""
    found = [path]
    for name, value in model:
        if isinstance(value, BaseModel):
            found += sections(value, (*path, name))
    return found


@pytest.mark.parametrize("section", sections(runtime_of()), ids=".".join)
def test_a_key_that_the_hub_does_not_know_is_refused_and_named(section: tuple[str, ...]) -> None:
    sent = json.loads(runtime_of().model_dump_json())
    inner = sent
    for name in section:
        inner = inner[name]
    inner["no_such_key"] = 1
    with pytest.raises(ValidationError, match=r"no_such_key\n +Extra inputs are not permitted") as refused:
        HubRuntime.model_validate(sent)
    assert refused.value.errors()[0]["loc"] == (*section, "no_such_key")


@pytest.mark.parametrize("section", sections(runtime_of()), ids=".".join)
def test_every_key_has_to_be_there(section: tuple[str, ...]) -> None:
    sent = json.loads(runtime_of().model_dump_json())
    inner = sent
    for name in section:
        inner = inner[name]
    names = list(inner)
    inner.clear()
    with pytest.raises(ValidationError) as refused:
        HubRuntime.model_validate(sent)
    assert [error["loc"][-1] for error in refused.value.errors()] == names


def test_settings_cannot_be_changed_once_read() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        runtime_of().stack = "another"  # type: ignore[misc]


def test_settings_hold_no_secret() -> None:
    for site in SITES.values():
        told = runtime_of(**site).model_dump_json()
        assert not [name for name, value in SECRETS.items() if value in told]


def test_every_secret_is_read_from_the_variable_of_its_name() -> None:
    secrets = HubSecrets.from_environment({**SECRETS, "PATH": "/bin"})
    assert {name.upper(): value for name, value in secrets} == SECRETS


def test_sites_that_have_no_passwords_need_none() -> None:
    secrets = HubSecrets.from_environment({name: SECRETS[name] for name in REQUIRED})
    assert (secrets.hub_user_password, secrets.hub_admin_password) == ("", "")


@pytest.mark.parametrize("missing", REQUIRED)
def test_a_missing_secret_is_named_and_the_others_are_not_shown(missing: str) -> None:
    with pytest.raises(ValidationError, match=rf"{missing.lower()}\n +Field required") as error:
        HubSecrets.from_environment({name: value for name, value in SECRETS.items() if name != missing})
    assert not [value for value in SECRETS.values() if value[:6] in str(error.value) or value[-6:] in str(error.value)]


def test_secrets_are_hidden_where_they_are_printed_and_whole_where_they_are_used() -> None:
    secrets = HubSecrets.from_environment(SECRETS)
    assert not [value for value in SECRETS.values() if value in repr(secrets) or value in repr(secrets.model_dump())]
    assert [f"{value}" for value in secrets.model_dump().values()] == list(SECRETS.values())
    assert secrets.hub_user_password == SECRETS["HUB_USER_PASSWORD"]


@pytest.mark.parametrize("folder", [RUNTIME_FILE.parent, DATA_FOLDER, ROUTES_FOLDER], ids=str)
def test_the_image_has_the_folders_that_the_program_puts_something_in(folder: object) -> None:
    lines = (CHECKOUT / "images/hub/Dockerfile").read_text().splitlines()
    assert [line for line in lines if re.search(r"mkdir -p|install -d", line) and str(folder) in line.split()]
