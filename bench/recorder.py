"""Takes up what is measured, and says how far the work has come."""

import time

from bench.figures import FIGURES, Subject
from bench.results import Samples


class Recorder:
    """The samples of one run."""

    def __init__(self) -> None:
        self.figures: dict[str, Samples] = {}
        self._began = time.monotonic()

    def add(self, figure: str, subject: Subject, value: float) -> None:
        """Take up one value."""
        self.figures.setdefault(figure, {}).setdefault(subject.value, []).append(round(value, 4))
        self.say(f"    {FIGURES[figure].title}: {subject.value} {value:.3g} {FIGURES[figure].unit}")

    def say(self, text: str) -> None:
        """Print a line with the minutes since the start."""
        minutes, seconds = divmod(int(time.monotonic() - self._began), 60)
        print(f"{minutes:3d}:{seconds:02d}  {text}", flush=True)
