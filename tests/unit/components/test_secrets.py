"""Secrets derived from one key: the same again each time, each its own, rotated one by one."""

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given, settings
from hypothesis import strategies as st

from components.secrets import Secrets, SecretsArgs, derive
from settings.hub import DerivedSecret
from tests.unit.recording import PRIVATE_KEY, Recording, is_secret, record

ROOT_KEY = "the private key of secrets-root-key"
KINDS = st.sampled_from(list(DerivedSecret))
ROTATIONS = st.integers(min_value=0, max_value=1000)


def secrets(**rotation: int) -> Recording:
    def program() -> None:
        numbers = {DerivedSecret(name): number for name, number in rotation.items()}
        Secrets("secrets", SecretsArgs(rotation=numbers))

    return record(program)


def values(recording: Recording) -> dict[str, str]:
    return {name: output["value"] for name, output in recording.outputs["secrets"].items()}


def hkdf(info: str, size: int, root_key: str = ROOT_KEY) -> bytes:
    return HKDF(algorithm=SHA256(), length=size, salt=b"jupyterhub-pulumi", info=info.encode()).derive(
        root_key.encode()
    )


def test_one_key_is_made_and_protected() -> None:
    (key,) = secrets().of(PRIVATE_KEY)
    assert (key.name, key.parent, key.protect) == ("secrets-root-key", "secrets", True)
    assert key.inputs == {"algorithm": "ED25519"}


def test_every_output_is_secret() -> None:
    outputs = secrets().outputs["secrets"]
    assert outputs.keys() == {kind.value for kind in DerivedSecret}
    assert [name for name, output in outputs.items() if not is_secret(output)] == []


@settings(deadline=None)
@given(st.text(min_size=1, alphabet=st.characters(codec="utf-8")), KINDS, ROTATIONS, st.integers(1, 32))
def test_it_is_hkdf(root_key: str, kind: DerivedSecret, rotation: int, size: int) -> None:
    assert derive(root_key, kind, rotation, size) == hkdf(f"{kind.value}/{rotation}", size, root_key)


def test_it_is_the_same_for_ever() -> None:
    # Another value would log everybody out of every site at its next update.
    assert derive("key", DerivedSecret.COOKIE_SECRET).hex() == (
        "4a1456ec5d63bed41305e90b70d6a150a4818464f075eef784b48ccbcf115ac0"
    )


def test_the_same_key_gives_the_same_secrets() -> None:
    assert secrets().outputs["secrets"] == secrets().outputs["secrets"]


def test_no_two_secrets_are_alike() -> None:
    found = values(secrets())
    assert len({value[:16] for value in found.values()}) == len(found) == 5


@pytest.mark.parametrize(
    ("name", "size"), [("cookie_secret", 32), ("crypt_key", 32), ("proxy_api_password", 32)], ids=str
)
def test_what_the_hub_reads_is_hexadecimal(name: str, size: int) -> None:
    assert values(secrets())[name] == hkdf(f"{name}/0", size).hex()


@pytest.mark.parametrize(("name", "length"), [("user_password", 16), ("admin_password", 40)], ids=str)
def test_a_password_can_be_typed_from_paper(name: str, length: int) -> None:
    password = values(secrets())[name]
    assert len(password) == length
    assert set(password) <= set("abcdefghijklmnopqrstuvwxyz234567"), "no 0, 1, 8 or 9, which look like letters"


@pytest.mark.parametrize("rotated", list(DerivedSecret), ids=str)
def test_a_rotation_changes_that_secret_and_no_other(rotated: DerivedSecret) -> None:
    before, after = values(secrets()), values(secrets(**{rotated.value: 1}))
    assert {name for name in before if before[name] != after[name]} == {rotated.value}


def test_every_rotation_gives_another_secret() -> None:
    assert len({values(secrets(cookie_secret=number))["cookie_secret"] for number in range(4)}) == 4


def test_old_crypt_keys_stay_for_reading_and_the_newest_comes_first() -> None:
    keys = values(secrets(crypt_key=2))["crypt_key"].split(";")
    assert keys == [hkdf(f"crypt_key/{number}", 32).hex() for number in (2, 1, 0)]
