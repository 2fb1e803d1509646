"""What the operator sees: one line a step on standard error."""

import sys
import time
from types import TracebackType


def say(name: str, text: str) -> None:
    """Print one line of progress."""
    print(f"bootstrap  {name} … {text}", file=sys.stderr, flush=True)


class Step:
    """One step, whose line appears when it has succeeded; `starting` announces a long one beforehand."""

    def __init__(self, name: str, *, quiet: bool = False) -> None:
        self.name = name
        self.outcome = "present"
        self._quiet = quiet
        self._start = time.monotonic()

    def starting(self, text: str) -> None:
        """Announce work that takes a while."""
        say(self.name, text)

    def __enter__(self) -> "Step":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        seconds = time.monotonic() - self._start
        if kind is None and (seconds >= 1 or not self._quiet):
            say(self.name, self.outcome + (f" in {seconds:.0f} s" if seconds >= 1 else ""))
