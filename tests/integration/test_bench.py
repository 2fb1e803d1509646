"""The measurements can be made: a little of every part, for real, of which only that it was measured is looked at."""

import subprocess
import sys
from pathlib import Path

import pytest

from bench import results
from bench.figures import FIGURES, Part
from tests.integration.deployment import CHECKOUT


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> results.Run:
    file: Path = tmp_path_factory.mktemp("bench") / "results.json"
    command = [sys.executable, "-m", "bench", "--smoke", "--output", str(file)]
    answer = subprocess.run(command, cwd=CHECKOUT, check=False, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    [made] = results.read(file).runs
    return made


@pytest.mark.parametrize("part", Part)
def test_each_part_is_measured(run: results.Run, part: Part) -> None:
    measured = {name: samples for name, samples in run.figures.items() if FIGURES[name].part is part}
    ratios = [run.ratio(name, ratio) for name in measured for ratio in FIGURES[name].ratios]
    assert any(ratios)
    assert all(value >= 0 for samples in measured.values() for values in samples.values() for value in values)
