"""The program: how long Pulumi takes for nothing, for one change and for everything, and what others take."""

import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import yaml

from bench.arrangement import Arrangement, Image
from bench.figures import Subject
from bench.our_stack import OurStack
from bench.recorder import Recorder
from bench.terraform import Terraform, terraform
from bench.tutorial_stack import TutorialStack
from tests.integration.deployment import Deployment

_ROUNDS, _ROUNDS_OF_CHANGES = 5, 3


def measure_program(recorder: Recorder, ours: OurStack, tutorial: TutorialStack, folder: Path, *, smoke: bool) -> None:
    """Measure every command in turn; both arrangements are other ones afterwards.

    Args:
        recorder: Takes the figures up.
        ours: Our stack, up.
        tutorial: The tutorial's arrangement, up.
        folder: For what Terraform needs.
        smoke: Once each, without the first `up`.
    """
    for stack in (ours, tutorial):
        stack.up()  # whatever was measured before
    # Its providers take minutes to build where they are not at hand.
    planner = None if smoke else terraform(ours.deployment, folder)
    empty = _empty_program(ours.deployment, folder / "empty")
    for number in range(1 if smoke else _ROUNDS):
        recorder.say(f"nothing to change, round {number + 1}")
        recorder.add("preview", Subject.EMPTY, _seconds(lambda: empty.pulumi("preview")))
        _measure_unchanged(recorder, ours, tutorial, planner)
    for number in range(1 if smoke else _ROUNDS_OF_CHANGES):
        for stack in (ours, tutorial):
            recorder.say(f"changes, round {number + 1}: {stack.subject.value}")
            recorder.add("up_setting", stack.subject, _seconds(partial(_change_setting, stack)))
            recorder.add("up_image", stack.subject, _seconds(partial(_renew_hub, stack)))
    for number in range(0 if smoke else _ROUNDS_OF_CHANGES):
        for stack in (ours, tutorial):
            recorder.say(f"everything, round {number + 1}: {stack.subject.value}")
            stack.remove()
            recorder.add("up_first", stack.subject, _seconds(stack.up_until_log_in))


def _empty_program(deployment: Deployment, folder: Path) -> Deployment:
    """A program without resources that is run in the same way."""
    folder.mkdir()
    project = yaml.safe_load((deployment.folder / "Pulumi.yaml").read_text())
    (folder / "Pulumi.yaml").write_text(yaml.safe_dump({"name": "empty", "runtime": project["runtime"]}))
    (folder / "__main__.py").write_text("import pulumi\n")
    return Deployment(folder, folder / "backend", "empty")


def _measure_unchanged(recorder: Recorder, ours: OurStack, tutorial: TutorialStack, planner: Terraform | None) -> None:
    recorder.add("preview", Subject.IMPORT, _seconds(_import_pulumi))
    recorder.add("preview", Subject.OURS, _seconds(lambda: _preview(ours)))
    recorder.add("preview_refresh", Subject.OURS, _seconds(lambda: _preview(ours, "--refresh")))
    recorder.add("up_unchanged", Subject.OURS, _seconds(ours.up))
    recorder.add("up_unchanged", Subject.TUTORIAL, _seconds(tutorial.up))
    if planner:
        recorder.add("preview", Subject.TERRAFORM, _seconds(lambda: planner.plan("-refresh=false")))
        recorder.add("preview_refresh", Subject.TERRAFORM, _seconds(planner.plan))


def _change_setting(stack: Arrangement) -> None:
    stack.change_setting()
    stack.up_until_log_in()


def _renew_hub(stack: Arrangement) -> None:
    stack.renew(Image.HUB)
    stack.up_until_log_in()


def _preview(stack: OurStack, *options: str) -> None:
    stack.deployment.pulumi("preview", "--expect-no-changes", *options)


def _import_pulumi() -> None:
    subprocess.run([sys.executable, "-c", "import pulumi"], check=True)


def _seconds(action: Callable[[], object]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began
