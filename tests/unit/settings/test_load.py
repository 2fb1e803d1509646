"""From what `pulumi config` holds to settings and secrets, or to one error with a line for each problem."""

import json
from datetime import timedelta
from pathlib import Path

import pulumi
import pytest

from settings import load as module
from tests.unit.settings.certificates import NOW, files, pair
from tests.unit.settings.conftest import STACK, Loader
from tests.unit.sites import SECRET, SMALLEST, settings_of

CONFIGURED = {**SMALLEST, "auth": {"kind": "shared_password", "passwords": "configured"}}
USER, ADMIN = f"{SECRET}-of-all", f"{SECRET}-of-the-few-" + "x" * 12
BOTH = {"user_password": USER, "admin_password": ADMIN}


def refusal(load_stack: Loader, keys: dict[str, object], secrets: dict[str, object] | None = None) -> list[str]:
    with pytest.raises(pulumi.RunError) as caught:
        load_stack(keys, secrets)
    assert SECRET not in str(caught.value)
    first, *lines = str(caught.value).splitlines()
    assert first == f"Pulumi.{STACK}.yaml needs a change; nothing was touched."
    assert all(line.startswith("  jupyterhub:") for line in lines)
    return [line.strip() for line in lines]


def test_keys_of_the_stack_file_become_settings(load_stack: Loader) -> None:
    assert load_stack({**SMALLEST, "hub": {"memory": "2G"}}).settings == settings_of(hub={"memory": "2G"})


def test_without_configured_passwords_there_are_no_operators_secrets(load_stack: Loader) -> None:
    loaded = load_stack(SMALLEST)
    assert (loaded.user_password, loaded.admin_password, loaded.certificate) == (None, None, None)


def test_passwords_that_were_set_are_secret_outputs_of_what_was_set(load_stack: Loader) -> None:
    loaded = load_stack(CONFIGURED, BOTH)
    assert loaded.user_password == (USER, True)
    assert loaded.admin_password == (ADMIN, True)


@pytest.mark.parametrize("key", list(BOTH))
def test_a_missing_password_is_named_with_the_command_that_sets_it(load_stack: Loader, key: str) -> None:
    present = {name: value for name, value in BOTH.items() if name != key}
    assert refusal(load_stack, CONFIGURED, dict(present)) == [
        f"jupyterhub:{key}: is missing; set it with: pulumi config set --secret {key}"
    ]


def test_both_missing_passwords_are_named(load_stack: Loader) -> None:
    assert [line.split(": ")[0] for line in refusal(load_stack, CONFIGURED)] == [f"jupyterhub:{key}" for key in BOTH]


@pytest.mark.parametrize("key", list(BOTH))
def test_a_password_in_plain_text_is_refused(load_stack: Loader, key: str) -> None:
    others = {name: value for name, value in BOTH.items() if name != key}
    assert refusal(load_stack, {**CONFIGURED, key: BOTH[key]}, dict(others)) == [
        f"jupyterhub:{key}: stands in plain text in the stack file; set it anew with: pulumi config set --secret {key}"
    ]


@pytest.mark.parametrize(("key", "shortest"), [("user_password", 8), ("admin_password", 32)])
def test_a_password_shorter_than_the_hub_takes_is_refused(load_stack: Loader, key: str, shortest: int) -> None:
    assert refusal(load_stack, CONFIGURED, {**BOTH, key: "x" * (shortest - 1)}) == [
        f"jupyterhub:{key}: is too short; set one of at least {shortest} characters with: "
        f"pulumi config set --secret {key}"
    ]
    load_stack(CONFIGURED, {**BOTH, key: "x" * shortest})


def test_a_missing_file_of_authorities_for_builds_is_named(load_stack: Loader, tmp_path: Path) -> None:
    bundle = tmp_path / "campus.pem"
    keys = {**SMALLEST, "build": {"ca_bundle": str(bundle)}}
    assert refusal(load_stack, keys) == [
        f"jupyterhub:build.ca_bundle: there is no file {bundle}; put it there, or name where it is"
    ]
    bundle.touch()
    load_stack(keys)


def test_a_password_that_the_hub_cannot_compare_is_refused(load_stack: Loader) -> None:
    [problem] = refusal(load_stack, CONFIGURED, {**BOTH, "user_password": "schlüssel-zum-saal"})
    assert problem.startswith("jupyterhub:user_password: has letters other than ASCII's; set one without accents")
    assert "schl" not in problem


def test_one_password_for_both_purposes_is_refused_as_the_hub_would(load_stack: Loader) -> None:
    assert refusal(load_stack, CONFIGURED, {"user_password": ADMIN, "admin_password": ADMIN}) == [
        "jupyterhub:admin_password: is the same as user_password; set another one with: "
        "pulumi config set --secret admin_password"
    ]


@pytest.mark.parametrize("key", list(BOTH))
@pytest.mark.parametrize("kind", ["shared_password", "dummy"])
def test_a_password_that_nothing_uses_is_refused(load_stack: Loader, key: str, kind: str) -> None:
    site = {**SMALLEST["site"], "bind_address": "127.0.0.1"}
    assert refusal(load_stack, {**SMALLEST, "site": site, "auth": {"kind": kind}}, {key: BOTH[key]}) == [
        f"jupyterhub:{key}: is set but not used; write auth: {{kind: shared_password, passwords: configured}}, "
        f"or remove it with: pulumi config rm {key}"
    ]


def test_a_first_password_that_no_account_can_have_is_refused(load_stack: Loader) -> None:
    keys = {**SMALLEST, "auth": LOG_INS["admin_password"], "access": {"allowed_users": ["alice"], "admins": ["carol"]}}
    assert refusal(load_stack, keys, {"admin_password": "x" * 73}) == [
        "jupyterhub:admin_password: is too long; set one of at most 72 characters with: "
        "pulumi config set --secret admin_password"
    ]
    load_stack(keys, {"admin_password": "x" * 72})
    load_stack(CONFIGURED, {**BOTH, "admin_password": "x" * 80})


def test_a_first_password_that_is_not_used_is_refused_with_what_would_use_it(load_stack: Loader) -> None:
    keys = {**SMALLEST, "auth": {"kind": "native"}, "access": {"allowed_users": ["alice"], "admins": ["carol"]}}
    assert refusal(load_stack, keys, {"admin_password": ADMIN}) == [
        "jupyterhub:admin_password: is set but not used; write auth: {kind: native, passwords: configured}, "
        "or remove it with: pulumi config rm admin_password"
    ]


LOG_INS = {
    "oauth_client_secret": {"kind": "oidc", "issuer": "https://login.example.org", "client_id": "hub"},
    "ldap_search_password": {
        "kind": "ldap",
        "server_address": "ldap.example.org",
        "user_search_base": "dc=example,dc=org",
        "lookup_dn_search_user": "cn=hub,dc=example,dc=org",
    },
    "auth_secret": {"kind": "custom", "authenticator_class": "mine.Own", "secret_option": "token"},
    "admin_password": {"kind": "native", "passwords": "configured"},
}


@pytest.mark.parametrize("key", LOG_INS)
def test_a_log_in_that_takes_a_secret_asks_for_it_and_gets_it(load_stack: Loader, key: str) -> None:
    keys = {**SMALLEST, "auth": LOG_INS[key], "access": {"allowed_users": ["alice"], "admins": ["carol"]}}
    assert refusal(load_stack, keys) == [f"jupyterhub:{key}: is missing; set it with: pulumi config set --secret {key}"]
    assert refusal(load_stack, {**keys, key: ADMIN}) == [
        f"jupyterhub:{key}: stands in plain text in the stack file; set it anew with: pulumi config set --secret {key}"
    ]
    loaded = load_stack(keys, {key: ADMIN})
    found = loaded.admin_password if key == "admin_password" else loaded.auth_secret
    assert found == (ADMIN, True)


@pytest.mark.parametrize("key", ["oauth_client_secret", "ldap_search_password", "auth_secret"])
def test_a_secret_of_another_log_in_is_refused(load_stack: Loader, key: str) -> None:
    (line,) = refusal(load_stack, SMALLEST, {key: SECRET})
    assert line.startswith(f"jupyterhub:{key}: is set but not used; write ")
    assert line.endswith(f", or remove it with: pulumi config rm {key}")


@pytest.mark.parametrize("concern", ["auth", "tls"])
def test_an_authority_is_read_without_what_else_stands_in_its_file(
    load_stack: Loader, tmp_path: Path, concern: str
) -> None:
    file = tmp_path / "ca.pem"
    auth = {"kind": "cas", "cas_url": "https://cas.example.org/cas"}
    acme = {"kind": "acme", "email": "a@example.org", "directory_url": "https://ca.example.org/acme"}
    keys = {**SMALLEST, **({"auth": {**auth, "ca_file": str(file)}} if concern == "auth" else {})}
    keys |= {"tls": {**acme, "ca_file": str(file)}} if concern == "tls" else {}
    assert refusal(load_stack, keys) == [
        f"jupyterhub:{concern}.ca_file: there is no file {file}; put it there, or name where it is"
    ]
    file.write_text("no certificate")
    assert refusal(load_stack, keys) == [
        f"jupyterhub:{concern}.ca_file: {file} holds no PEM certificate; name the file of the authority's own"
    ]
    made = pair("ca.example.org")
    file.write_bytes(made.key_pem + made.pem)
    loaded = load_stack(keys)
    found = loaded.auth_ca if concern == "auth" else loaded.acme_ca
    assert found == made.pem.decode()


def test_an_unknown_key_is_named_with_the_nearest_known_one(load_stack: Loader) -> None:
    (line,) = refusal(load_stack, {**SMALLEST, "notebook": {"limits": {}}})
    assert line.startswith("jupyterhub:notebook: is no setting; did you mean notebooks? Known here: access, auth, ")


def test_an_unknown_secret_is_named_with_the_nearest_known_one(load_stack: Loader) -> None:
    (line,) = refusal(load_stack, SMALLEST, {"users_password": SECRET})
    assert line.startswith("jupyterhub:users_password: is no setting; did you mean user_password?")


def test_keys_of_other_programs_and_providers_are_none_of_ours(
    load_stack: Loader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULUMI_CONFIG", json.dumps({"docker:hosts": "x", "jupyterhubs:nonsense": "x"}))
    assert load_stack(SMALLEST).settings == settings_of()


def test_keys_that_come_by_the_environment_are_read_as_well(
    load_stack: Loader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULUMI_CONFIG", json.dumps({"jupyterhub:nonsense": "1"}))
    (line,) = refusal(load_stack, SMALLEST)
    assert line.startswith("jupyterhub:nonsense: is no setting")


def test_a_setting_that_holds_a_secret_is_refused_once(load_stack: Loader) -> None:
    (line,) = refusal(load_stack, SMALLEST, {"site": {**SMALLEST["site"], "title": SECRET}})
    assert line == "jupyterhub:site: holds a secret; no setting is one, set it without --secret"


@pytest.mark.parametrize("text", ["hub.example.org", "9" * 5000, "{", "", '"x"', "NaN"])
def test_a_word_where_keys_were_expected_is_a_problem_like_any_other(load_stack: Loader, text: str) -> None:
    (line,) = refusal(load_stack, {**SMALLEST, "hub": text})
    assert line.startswith("jupyterhub:hub: holds keys of its own, not a single value; write one or more of ")


def test_problems_of_keys_and_of_values_are_told_together(load_stack: Loader) -> None:
    lines = refusal(load_stack, {**SMALLEST, "server": {}, "hub": {"memory": "much"}}, {"title": SECRET})
    assert [line.split(": ")[0] for line in lines] == [
        "jupyterhub:server",
        "jupyterhub:title",
        "jupyterhub:hub.memory",
    ]


def test_a_certificate_of_the_operators_own_is_read(
    load_stack: Loader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "now", lambda: NOW)
    made = pair(SMALLEST["site"]["domain"])
    tls = files(tmp_path, made.pem, made.key_pem).model_dump(mode="json")
    certificate = load_stack({**SMALLEST, "tls": tls}).certificate
    assert certificate
    assert certificate.private_key_pem == made.key_pem.decode()


def test_a_certificate_is_judged_today_and_for_every_host_name(load_stack: Loader, tmp_path: Path) -> None:
    made = pair(SMALLEST["site"]["domain"], begins=-timedelta(days=4000), ends=-timedelta(days=3000))
    tls = files(tmp_path, made.pem, made.key_pem).model_dump(mode="json")
    docs = {"host": "docs.example.org", "target": "http://docs:80"}
    lines = refusal(load_stack, {**SMALLEST, "tls": tls, "services": {"docs": docs}})
    assert len(lines) == 2
    assert "the certificate ended on 2018-" in lines[0]
    assert lines[-1].endswith("not for docs.example.org; get one that covers it")


def test_missing_files_and_missing_passwords_are_told_together(load_stack: Loader, tmp_path: Path) -> None:
    tls = {"kind": "files", "certificate_file": str(tmp_path / "a"), "private_key_file": str(tmp_path / "b")}
    assert [line.split(": ")[0] for line in refusal(load_stack, {**CONFIGURED, "tls": tls})] == [
        "jupyterhub:tls.certificate_file",
        "jupyterhub:tls.private_key_file",
        "jupyterhub:user_password",
        "jupyterhub:admin_password",
    ]
