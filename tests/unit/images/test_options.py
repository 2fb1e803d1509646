"""The list of options that a site's own file may set."""

import re

import pytest

from images.hub import options


@pytest.fixture(scope="module")
def listed() -> str:
    with pytest.MonkeyPatch.context() as patch:
        printed: list[str] = []
        patch.setattr("builtins.print", lambda *texts: printed.append(" ".join(texts)))
        options.main()
    return "\n".join(printed)


def test_no_class_is_listed_twice() -> None:
    classes = options.option_classes()
    assert len(classes) == len(set(classes))


@pytest.mark.parametrize(
    ("option", "kind"),
    [
        ("JupyterHub.active_server_limit", "Int"),
        ("UserServerSpawner.stack", "Unicode"),
        ("UserServerSpawner.mem_limit", "Union"),
        ("UserServerSpawner.version_labels", "key-1"),
        ("TraefikRoutes.dynamic_config_file", "Unicode"),
        ("Authenticator.allow_all", "Bool"),
        ("SharedPasswordAuthenticator.user_password", "Unicode"),
        ("PAMAuthenticator.open_sessions", "Bool"),
    ],
)
def test_an_option_is_listed_with_its_type(listed: str, option: str, kind: str) -> None:
    assert re.search(rf"^--{re.escape(option)}=<{kind}", listed, re.MULTILINE)


def test_an_option_is_listed_with_its_meaning(listed: str) -> None:
    assert "Deployment that containers and volumes belong to." in listed
