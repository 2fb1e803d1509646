"""The command line: `python -m bench`, which `make bench` runs."""

import os
import signal
import subprocess
import tempfile
from collections.abc import Callable
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
    # What a shell starts in the background ignores an interrupt, and so would all that it starts; Pulumi ends its
    # plugins by one, and would wait 5 s for each command's (measured).
    signal.signal(signal.SIGINT, signal.default_int_handler)
    engine = docker.DockerClient(timeout=300)
    recorder = Recorder()
    earlier = results.read(output)
    run = results.Run(
        date=datetime.now(UTC).date().isoformat(), commit=_commit(), note=note, machine=_machine(engine), figures={}
    )
    with tempfile.TemporaryDirectory() as name, ExitStack() as up:
        folder = Path(name)
        recorder.say("our stack comes up")
        ours = up.enter_context(our_stack(folder))
        recorder.say("the tutorial's arrangement comes up")
        tutorial = up.enter_context(tutorial_stack(engine, folder, ours.images))
        both = [ours, tutorial]
        measurements: dict[Part, Callable[[], None]] = {
            Part.FRONT_DOOR: lambda: measure_front_door(recorder, engine, both, smoke=smoke),
            Part.SERVER_STARTS: lambda: measure_server_starts(recorder, engine, both, ours.images, smoke=smoke),
            Part.HUB_CHANGE: lambda: measure_hub_change(recorder, both, smoke=smoke),
            Part.KNOWN_USERS: lambda: measure_known_users(recorder, ours, smoke=smoke),
            # The last one: both begin anew in it.
            Part.PROGRAM: lambda: measure_program(recorder, ours, tutorial, folder, smoke=smoke),
        }
        for each, measure in measurements.items():
            if each in (part or Part):
                measure()
                # A later part that fails takes nothing with it.
                run.figures.update(recorder.figures)
                results.write(results.Results(runs=[*earlier.runs, run]), output)
                recorder.say(f"{each.value}: added to {output}")
        recorder.say("both go down")
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
