"""Names and labels: fixed, short enough, and of one stack alone."""

import re
import string

import pulumi
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.names import Names, container_labels, network_labels, volume_labels

DEV = Names(project="jupyterhub", stack="dev")
# What Pulumi takes as the name of a stack.
STACKS = st.text(string.ascii_letters + string.digits + "._-", min_size=1, max_size=100).filter(
    lambda stack: not re.search(r".-(user|home)(-|$)", stack)
)


def test_every_name_starts_with_project_and_stack() -> None:
    assert DEV.prefix == "jupyterhub-dev"
    assert DEV.of("hub") == "jupyterhub-dev-hub"


def test_a_short_stack_can_be_read_in_its_bridge() -> None:
    assert DEV.bridge("user") == "jh-dev-user"


@pytest.mark.parametrize(("stack", "kept"), [("1234567", True), ("12345678", False)])
def test_a_bridge_is_shortened_only_beyond_what_linux_takes(stack: str, *, kept: bool) -> None:
    name = Names(project="jupyterhub", stack=stack).bridge("user")
    assert (name == f"jh-{stack}-user") is kept
    assert len(name) == 15


@settings(deadline=None)
@given(STACKS)
def test_no_bridge_is_longer_than_linux_takes(stack: str) -> None:
    names = Names(project="jupyterhub", stack=stack)
    assert all(len(names.bridge(part).encode()) <= 15 for part in ("user", "ctrl"))
    assert names.bridge("user") != names.bridge("ctrl")


@settings(deadline=None)
@given(STACKS, STACKS)
def test_two_stacks_share_no_name(one: str, other: str) -> None:
    first, second = Names(project="jupyterhub", stack=one), Names(project="jupyterhub", stack=other)
    if one != other:
        assert first.bridge("user") != second.bridge("user")
        assert first.of("hub") != second.of("hub")
        assert first.labels("hub") != second.labels("hub")


@pytest.mark.parametrize("stack", ["dev-user", "dev-home", "dev-user-x", "dev-home-office"])
def test_a_stack_that_would_share_names_with_anothers_users_is_refused(stack: str) -> None:
    with pytest.raises(pulumi.RunError, match=f"{stack} would share names with what users of a stack dev have"):
        Names(project="jupyterhub", stack=stack)


def test_an_image_has_a_name_that_no_registry_answers_to() -> None:
    assert DEV.image("hub", "0123456789abcdef") == "jhub.invalid/jupyterhub/hub:0123456789abcdef"


def test_stacks_share_their_images() -> None:
    assert DEV.image("hub", "0") == Names(project="jupyterhub", stack="prod").image("hub", "0")


def test_labels_say_whose_something_is_and_what_for() -> None:
    assert DEV.labels("proxy") == {"jupyterhub.stack": "jupyterhub-dev", "jupyterhub.role": "proxy"}


@pytest.mark.parametrize("written", [container_labels, network_labels, volume_labels])
def test_labels_come_in_one_order_however_they_were_given(written: object) -> None:
    assert callable(written)
    labels = {"b": "2", "a": "1"}
    assert [(label.label, label.value) for label in written(labels)] == [("a", "1"), ("b", "2")]


@pytest.mark.parametrize("stack", ["user", "home", "user-physics"])
def test_a_stack_that_only_sounds_alike_is_taken(stack: str) -> None:
    assert Names(project="jupyterhub", stack=stack).prefix == f"jupyterhub-{stack}"
