"""A mistake in the stack file stops the program with its sentences before anything is registered."""

from pathlib import Path
from typing import Any

import pulumi
import pytest

from tests.unit.program.deployments import deploy, own_certificate
from tests.unit.recording import Recording
from tests.unit.sites import SMALLEST

MISTAKES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "unknown concern": ({"sites": {}}, ["jupyterhub:sites: is no setting; did you mean site?"]),
    "missing concern": ({"site": None}, ["jupyterhub:site: "]),
    "unknown key": ({"site": {"domain": "a.example.org", "titel": "A"}}, ["jupyterhub:site.titel: is no setting"]),
    "value": ({"hub": {"memory": "lots"}}, ["jupyterhub:hub.memory: is no size"]),
    "rule": ({"access": {}}, ["jupyterhub:access: lets nobody in"]),
    "whole file": ({"auth": {"kind": "dummy"}}, ["auth.kind: dummy lets anybody in"]),
    "several": (
        {"hub": {"memory": "lots"}, "proxy": {"hsts": "long"}},
        ["jupyterhub:hub.memory: is no size", "jupyterhub:proxy.hsts: is no duration"],
    ),
    "missing passwords": (
        {"auth": {"kind": "shared_password", "passwords": "configured"}},
        ["jupyterhub:user_password: is missing", "jupyterhub:admin_password: is missing"],
    ),
    "missing files": (
        {"tls": {"kind": "files", "certificate_file": "/no/chain.pem", "private_key_file": "/no/key.pem"}},
        ["jupyterhub:tls.certificate_file: there is no file", "jupyterhub:tls.private_key_file: there is no file"],
    ),
}


@pytest.mark.parametrize(("wrong", "sentences"), MISTAKES.values(), ids=MISTAKES)
@pytest.mark.parametrize("preview", [True, False], ids=["preview", "up"])
def test_nothing_is_registered(wrong: dict[str, Any], sentences: list[str], *, preview: bool) -> None:
    attempt = Recording()
    with pytest.raises(pulumi.RunError) as refused:
        deploy({**SMALLEST, **wrong}, passwords={}, preview=preview, into=attempt)
    first, *lines = str(refused.value).splitlines()
    assert first == "Pulumi.test.yaml needs a change; nothing was touched."
    assert len(lines) == len(sentences)
    assert all(sentence in line for sentence, line in zip(sentences, lines, strict=True))
    assert list(attempt) == []
    assert attempt.exports == {}


def test_nothing_at_all_is_as_many_sentences_as_there_are_things_to_say() -> None:
    attempt = Recording()
    with pytest.raises(pulumi.RunError, match="jupyterhub:site: is missing") as refused:
        deploy({}, into=attempt)
    assert {line.split(":")[1] for line in str(refused.value).splitlines()[1:]} == {"site", "tls", "auth", "access"}
    assert list(attempt) == []


def test_a_certificate_for_another_name_stops_it(tmp_path: Path) -> None:
    attempt = Recording()
    tls = own_certificate(tmp_path, "other.example.org")
    with pytest.raises(pulumi.RunError, match=r"is for other\.example\.org, not for hub\.example\.org"):
        deploy({**SMALLEST, "tls": tls}, into=attempt)
    assert list(attempt) == []


def test_the_same_settings_without_the_mistake_are_deployed() -> None:
    assert deploy(SMALLEST)["hub"].inputs["name"] == "jupyterhub-test-hub"


def test_a_password_that_is_wrong_is_not_repeated() -> None:
    auth = {"kind": "shared_password", "passwords": "configured"}
    with pytest.raises(pulumi.RunError) as refused:
        deploy({**SMALLEST, "auth": auth}, passwords={"user_password": "tiny", "admin_password": "also-short"})
    assert "too short" in str(refused.value)
    assert not {"tiny", "also-short"} & set(str(refused.value).split())
