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
    figures = {name: figure for name, figure in FIGURES.items() if figure.part is part and name in run.figures}
    assert figures
    without = {name for name, figure in figures.items() if not any(run.ratio(name, ratio) for ratio in figure.ratios)}
    assert without <= {"preview_refresh"}, "Terraform's providers take minutes to build"


def test_another_hub_costs_nobody_a_request_or_a_websocket(run: results.Run) -> None:
    assert (run.figures["hub_failed"]["ours"], run.figures["hub_dropped"]["ours"]) == ([0], [0])
