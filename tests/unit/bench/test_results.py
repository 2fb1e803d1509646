"""What the measurements are made into: ratios, a page and a history."""

from pathlib import Path

import pytest

from bench import page, results
from bench.figures import FIGURES, Ratio, Subject
from bench.results import Machine, Results, Run, Samples, Spread

OURS, THEIRS = Subject.OURS, Subject.TUTORIAL


def run_with(commit: str = "abc", **figures: Samples) -> Run:
    """A run that has measured these."""
    machine = Machine(processors=2, memory_gib=24, engine="28", kernel="6")
    return Run(date="2026-01-01", commit=commit, note="as it was", machine=machine, figures=figures)


def test_the_page_is_what_the_results_say() -> None:
    assert page.FILE.read_text() == page.text(results.read())


def test_what_misses_its_bound_says_why() -> None:
    assert page.missed_without_reason(results.read()) == []


def test_every_ratio_was_measured() -> None:
    measured = results.read()
    missing = [
        (name, ratio)
        for name, figure in FIGURES.items()
        for ratio in figure.ratios
        if not ((run := measured.latest(name)) and run.ratio(name, ratio))
    ]
    assert missing == []


def test_a_ratio_is_taken_round_by_round() -> None:
    run = run_with(api_rate={"ours": [2, 9, 4], "tutorial": [1, 3, 4]})
    assert run.ratio("api_rate", Ratio(of=OURS, to=THEIRS)) == Spread(2, 1, 3)


def test_a_ratio_to_nothing_is_the_value() -> None:
    run = run_with(hub_failed={"ours": [0, 0, 6], "tutorial": [1, 3, 4]})
    assert run.ratio("hub_failed", Ratio(of=OURS, to=None)) == Spread(0, 0, 6)


@pytest.mark.parametrize("samples", [{}, {"ours": [1.0]}, {"tutorial": [1.0]}, {"ours": [1.0], "tutorial": []}])
def test_there_is_no_ratio_where_one_was_not_measured(samples: Samples) -> None:
    assert run_with(api_rate=samples).ratio("api_rate", Ratio(of=OURS, to=THEIRS)) is None


@pytest.mark.parametrize(
    ("ratio", "value", "met"),
    [
        (Ratio(of=OURS, to=THEIRS), 100, True),
        (Ratio(of=OURS, to=THEIRS, at_least=1.3), 1.3, True),
        (Ratio(of=OURS, to=THEIRS, at_least=1.3), 1.29, False),
        (Ratio(of=OURS, to=THEIRS, at_most=0.8), 0.8, True),
        (Ratio(of=OURS, to=THEIRS, at_most=0.8), 0.81, False),
        (Ratio(of=OURS, to=None, at_most=0), 0.1, False),
    ],
)
def test_a_bound_is_met_up_to_itself(ratio: Ratio, value: float, *, met: bool) -> None:
    assert ratio.is_met(value) is met


def test_the_page_shows_the_last_measurement_of_each_figure_and_every_run_in_its_history() -> None:
    first = run_with("old", api_rate={"ours": [100], "tutorial": [100], "server itself": [100]})
    second = run_with("new", api_rate={"ours": [300], "tutorial": [100], "server itself": [100]})
    third = run_with("other", start_1={"ours": [1], "docker run, untuned": [2]})
    text = page.text(Results(runs=[first, second, third]))
    assert (
        "| small API call, 32 at a time | 300 requests/s | 100 requests/s | 100 requests/s | ours ÷ tutorial: **3.00**"
        in text
    )
    assert "| small API call, 32 at a time, ours ÷ tutorial | 1.00 | 3.00 |  |" in text
    assert text.index("commit old") < text.index("commit new") < text.index("commit other")


def test_a_figure_that_misses_its_bound_without_a_reason_is_found() -> None:
    slow = run_with(start_1={"ours": [9], "docker run, untuned": [1]})
    assert page.missed_without_reason(Results(runs=[slow])) == ["start_1"]


def test_what_may_never_happen_may_not_happen_in_one_round_of_many() -> None:
    once = run_with(start_1_failed={"ours": [0, 0, 6]})
    assert page.missed_without_reason(Results(runs=[once])) == ["start_1_failed"]


def test_one_slow_round_of_many_misses_no_bound() -> None:
    once = run_with(start_1={"ours": [1, 1, 9], "docker run, untuned": [2, 2, 2]})
    assert page.missed_without_reason(Results(runs=[once])) == []


def test_what_is_written_is_read(tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    written = Results(runs=[run_with(commit, api_rate={"ours": [1.0]}) for commit in ("one", "two")])
    results.write(written, file)
    assert results.read(file) == written
