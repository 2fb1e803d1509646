"""The rules of every container, and what a check that fails stops."""

import pulumi
import pulumi_docker as docker
import pytest

from components.container import (
    OneShotContainerArgs,
    ServiceContainerArgs,
    one_shot_container,
    require_success,
    service_container,
)
from tests.unit.recording import Recording, Registration, record


def service(memory: int = 2**30, stop_seconds: int = 30, opts: pulumi.ResourceOptions | None = None) -> Recording:
    def program() -> None:
        args = ServiceContainerArgs(
            container_name="jupyterhub-test-it",
            image="jhub.invalid/jupyterhub/it:0",
            labels={"jupyterhub.role": "it"},
            memory=memory,
            healthcheck=docker.ContainerHealthcheckArgs(tests=["CMD", "true"]),
            networks=[],
            stop_seconds=stop_seconds,
        )
        docker.Volume("first", name="first")
        service_container("it", args, opts or pulumi.ResourceOptions())

    return record(program)


def one_shot() -> Registration:
    def program() -> None:
        args = OneShotContainerArgs(
            image="jhub.invalid/jupyterhub/it:0",
            labels={"jupyterhub.role": "it"},
            entrypoints=["python"],
            command=["-V"],
        )
        one_shot_container("it", args, pulumi.ResourceOptions())

    return record(program)["it"]


@pytest.mark.parametrize(
    ("memory", "megabytes"), [(2**30, 1024), (256 * 2**20, 256), (64 * 2**20 + 1, 64)], ids=["1G", "256M", "odd"]
)
def test_memory_is_limited_in_the_providers_unit_and_no_swap_granted(memory: int, megabytes: int) -> None:
    inputs = service(memory)["it"].inputs
    assert (inputs["memory"], inputs["memorySwap"]) == (megabytes, megabytes)


def test_up_waits_until_a_service_is_well() -> None:
    inputs = service()["it"].inputs
    assert (inputs["mustRun"], inputs["wait"], inputs["waitTimeout"]) == (True, True, 180)


def test_a_service_is_asked_to_stop_before_it_is_killed() -> None:
    assert service(stop_seconds=7)["it"].inputs["destroyGraceSeconds"] == 7


def test_a_fixed_name_is_given_up_before_it_is_taken_again() -> None:
    assert service()["it"].delete_before_replace is True


def test_options_of_the_caller_are_kept_beside_the_rules() -> None:
    opts = pulumi.ResourceOptions(protect=True, replace_on_changes=["image"])
    made = service(opts=opts)["it"]
    assert made.protect
    assert {"image", "#initerror", "healthcheck"} <= set(made.replace_on_changes)
    assert made.delete_before_replace is True


def test_a_one_shot_runs_once_without_a_network_and_its_output_is_kept() -> None:
    inputs = one_shot().inputs
    assert (inputs["mustRun"], inputs["restart"], inputs["networkMode"]) == (False, "no", "none")
    assert (inputs["attach"], inputs["logs"], inputs["rm"]) == (True, True, False)


def test_a_one_shot_is_made_before_its_predecessor_is_deleted() -> None:
    made = one_shot()
    assert made.delete_before_replace is False
    assert "name" not in made.inputs, "two may exist at once"


@pytest.mark.parametrize("field", ["attach", "logs", "#initerror"])
def test_a_one_shot_runs_again_when_what_is_kept_of_it_changes(field: str) -> None:
    assert field in one_shot().replace_on_changes


def checked(attempt: Recording, exit_code: int | None, log: str | None) -> Recording:
    """A volume, for want of anything larger, that depends on the success of a check."""

    def program() -> None:
        args = OneShotContainerArgs(image="it", labels={}, entrypoints=["python"], command=[])
        check = one_shot_container("check", args, pulumi.ResourceOptions())
        passed = require_success(check, "It does not start.")
        docker.Volume("after", name="after", opts=pulumi.ResourceOptions(depends_on=[passed]))

    return record(program, states={"check": {"exitCode": exit_code, "containerLogs": log}}, into=attempt)


def test_what_depends_on_a_check_comes_after_it() -> None:
    assert checked(Recording(), 0, "fine")["after"].dependencies == {"check"}


@pytest.mark.parametrize("exit_code", [1, 137, None], ids=str)
def test_a_check_that_fails_stops_what_depends_on_it_and_shows_its_log(exit_code: int | None) -> None:
    attempt = Recording()
    with pytest.raises(pulumi.RunError, match=r"^It does not start.\nline 1\nline 2\n`make up` tries again"):
        checked(attempt, exit_code, "line 1\nline 2\n")
    assert [each.name for each in attempt] == ["check"]


def test_whoever_runs_pulumi_by_hand_is_told_how_to_try_again() -> None:
    with pytest.raises(pulumi.RunError, match=r"by hand: pulumi up --replace '\*\*::check'$"):
        checked(Recording(), 1, "said")


@pytest.mark.parametrize("log", [None, ""], ids=["none", "empty"])
def test_a_check_that_fails_silently_is_reported_too(log: str | None) -> None:
    with pytest.raises(pulumi.RunError, match=r"^It does not start.\nIt printed nothing.\n`make up`"):
        checked(Recording(), 1, log)
