"""What was measured: each run's samples, subject by subject, and the ratios that are made of them."""

from pathlib import Path
from statistics import median
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from bench.figures import Ratio

FILE = Path(__file__).with_name("results.json")
# Values of one figure by subject, one a round; in each round all subjects took their turn.
Samples = dict[str, list[float]]


class Spread(NamedTuple):
    """Several values of the same quantity."""

    middle: float
    least: float
    most: float


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Machine(_Model):
    """What it was measured on."""

    processors: int
    memory_gib: int
    engine: str
    """Version of the Docker engine."""
    kernel: str


class Run(_Model):
    """One call of `make bench`, or of parts of it."""

    date: str
    commit: str
    note: str
    """What is new since the run before."""
    machine: Machine
    figures: dict[str, Samples]

    def ratio(self, figure: str, ratio: Ratio) -> Spread | None:
        """Its value, round by round; none where this run has not measured all that it needs."""
        samples = self.figures.get(figure, {})
        of = samples.get(ratio.of.value)
        if ratio.to is None:
            return spread(of) if of else None
        to = samples.get(ratio.to.value)
        return spread([ours / theirs for ours, theirs in zip(of, to, strict=True)]) if of and to else None


class Results(_Model):
    """Every run that was kept, the oldest first."""

    runs: list[Run]

    def latest(self, figure: str) -> Run | None:
        """The last run that has measured this figure."""
        return next((run for run in reversed(self.runs) if figure in run.figures), None)


def is_met(ratio: Ratio, values: Spread) -> bool:
    """Whether the middle of what was measured is within the bound; of what is bounded by itself, each value."""
    judged = [values.middle] if ratio.to else [values.least, values.most]
    return all(ratio.is_met(value) for value in judged)


def spread(values: list[float]) -> Spread:
    """Median, minimum and maximum."""
    return Spread(median(values), min(values), max(values))


def read(file: Path = FILE) -> Results:
    """The results that a file holds; none where there is no file."""
    return Results.model_validate_json(file.read_text()) if file.exists() else Results(runs=[])


def write(results: Results, file: Path = FILE) -> None:
    """Write results into a file, in the place of what it holds."""
    file.write_text(results.model_dump_json(indent=1) + "\n")
