"""The command line: `python -m bench`, which `make bench` runs."""

import os
import subprocess
import tempfile
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import docker
import typer

from bench import page, results
from bench.figures import Part
from bench.front_door import measure_front_door
from bench.hub_change import measure_hub_change
from bench.known_users import measure_known_users
from bench.our_stack import our_stack
from bench.program import measure_program
from bench.recorder import Recorder
from bench.server_starts import measure_server_starts
from bench.tutorial_stack import tutorial_stack
from tests.integration.deployment import CHECKOUT

_GIB = 2**30
app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Measure this project against what one would use instead.",
)


@app.command()
def main(
    part: Annotated[list[Part] | None, typer.Option(help="Only this part; all of them otherwise.")] = None,
    smoke: Annotated[bool, typer.Option(help="A little of everything, to see that it works.")] = False,
    note: Annotated[str, typer.Option(help="What is new since the run before.")] = "",
    output: Annotated[Path, typer.Option(help="Where the run is added.")] = results.FILE,
) -> None:
    """Measure, add the run to the results, and write the page from them."""
    engine = docker.DockerClient(timeout=300)
    recorder = Recorder()
    parts = part or list(Part)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as up:
        recorder.say("our stack comes up")
        ours = up.enter_context(our_stack(Path(folder)))
        recorder.say("the tutorial's arrangement comes up")
        tutorial = up.enter_context(tutorial_stack(engine, Path(folder), ours.images))
        if Part.FRONT_DOOR in parts:
            measure_front_door(recorder, engine, [ours, tutorial], smoke=smoke)
        if Part.SERVER_STARTS in parts:
            measure_server_starts(recorder, engine, [ours, tutorial], ours.images, smoke=smoke)
        if Part.HUB_CHANGE in parts:
            measure_hub_change(recorder, [ours, tutorial], smoke=smoke)
        if Part.KNOWN_USERS in parts:
            measure_known_users(recorder, ours, smoke=smoke)
        if Part.PROGRAM in parts:  # the last one: both begin anew in it
            measure_program(recorder, ours, tutorial, Path(folder), smoke=smoke)
        recorder.say("both go down")
    run = results.Run(
        date=datetime.now(UTC).date().isoformat(),
        commit=_commit(),
        note=note,
        machine=_machine(engine),
        figures=recorder.figures,
    )
    results.append(run, output)
    recorder.say(f"added to {output}")
    if output == results.FILE:
        page.FILE.write_text(page.text(results.read()))
        recorder.say(f"written: {page.FILE}")


def _commit() -> str:
    command = ["git", "describe", "--always", "--dirty"]
    return subprocess.run(command, cwd=CHECKOUT, check=True, capture_output=True, text=True).stdout.strip()


def _machine(engine: docker.DockerClient) -> results.Machine:
    return results.Machine(
        processors=os.cpu_count() or 0,
        memory_gib=round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / _GIB),
        engine=engine.version()["Version"],
        kernel=os.uname().release,
    )


app()
