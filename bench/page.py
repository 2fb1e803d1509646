"""docs/performance.md, written from the results and from nothing else."""

from pathlib import Path

from bench.figures import FIGURES, Figure, Part, Ratio, Subject
from bench.results import Results, Run, Spread, is_met, spread

FILE = Path(__file__).parent.parent / "docs/performance.md"
_HEADER = """\
# Performance

What `make bench` measured; this page is made from `bench/results.json`. Everything that is compared ran on the same
machine, in the same run, in turn: the ratios count, and what stands in brackets is their least and their most. Values
in a unit are of that machine, and say little of yours.
"""
_TUTORIAL = """\
*Tutorial* is the arrangement of "Medium-scale JupyterHub deployments" with today's versions: Traefik finds the hub by
its labels, configurable-http-proxy runs inside the hub's container, the hub's options are JupyterHub's own
(`bench/tutorial/`); it keeps a stopped server's container, so that all but a person's first start are without making
one. *Untuned* are the packages of our notebook image as pip installs them (`bench/untuned/`). What an idle server takes
was measured with the health check that the images of Jupyter Docker Stacks have, everything else without; our hub turns
it off. *Server itself* is asked without TLS.
"""


def text(results: Results) -> str:
    """The page."""
    parts = [section for part in Part if (section := _section(results, part))]
    return "\n".join([_HEADER, _TUTORIAL, *parts, _history(results)])


def _section(results: Results, part: Part) -> str | None:
    figures = {
        name: (figure, run) for name, figure in FIGURES.items() if figure.part is part and (run := results.latest(name))
    }
    if not figures:
        return None
    measured = {subject for name, (_, run) in figures.items() for subject in run.figures[name]}
    subjects = [subject.value for subject in Subject if subject.value in measured]
    lines = [
        f"## {part.value}\n",
        f"| | {' | '.join(subjects)} | ratio | |",
        f"|---|{'---|' * len(subjects)}---|---|",
    ]
    reasons = []
    for name, (figure, run) in figures.items():
        title, *cells = figure.title, *[_middle(run, name, figure, subject) for subject in subjects]
        for ratio in figure.ratios:
            value = run.ratio(name, ratio)
            if value is None:
                continue
            lines.append(f"| {title} | {' | '.join(cells)} | {_ratio(ratio, value)} | {_verdict(ratio, value)} |")
            title, *cells = [""] * (1 + len(subjects))  # said once is enough
            if not is_met(ratio, value):
                reasons.append(f"- {figure.title}: {ratio.missed_because}")
    if reasons:
        lines += ["", "What misses its bound, and why:", "", *reasons]
    return "\n".join([*lines, ""])


def missed_without_reason(results: Results) -> list[str]:
    """Figures that miss their bound although nothing says why."""
    return [
        name
        for name, figure in FIGURES.items()
        if (run := results.latest(name))
        for ratio in figure.ratios
        if (value := run.ratio(name, ratio)) and not is_met(ratio, value) and not ratio.missed_because
    ]


def _middle(run: Run, name: str, figure: Figure, subject: str) -> str:
    values = run.figures[name].get(subject)
    return f"{_number(spread(values).middle)} {figure.unit}" if values else ""


def _ratio(ratio: Ratio, value: Spread) -> str:
    return f"{_name(ratio)}: **{value.middle:.2f}** ({value.least:.2f} to {value.most:.2f})"


def _name(ratio: Ratio) -> str:
    return f"{ratio.of.value} ÷ {ratio.to.value}" if ratio.to else ratio.of.value


def _verdict(ratio: Ratio, value: Spread) -> str:
    if ratio.at_least is None and ratio.at_most is None:
        return ""
    bound = f"at least {ratio.at_least}" if ratio.at_least is not None else f"at most {ratio.at_most}"
    return f"{bound}: {'met' if is_met(ratio, value) else 'missed'}"


def _history(results: Results) -> str:
    """Each run's ratios that have a bound: what a change has done."""
    bounded = [
        (name, figure, ratio)
        for name, figure in FIGURES.items()
        for ratio in figure.ratios
        if (ratio.at_least is not None or ratio.at_most is not None) and results.latest(name)
    ]
    lines = ["## History\n", "The middle of each ratio that has a bound, run by run.\n"]
    lines += [f"{number}. {_of_run(run)}" for number, run in enumerate(results.runs, 1)]
    lines += [
        "",
        f"| | {' | '.join(str(number + 1) for number in range(len(results.runs)))} |",
        f"|---|{'---|' * len(results.runs)}",
    ]
    for name, figure, ratio in bounded:
        values = [run.ratio(name, ratio) for run in results.runs]
        cells = [f"{value.middle:.2f}" if value else "" for value in values]
        lines.append(f"| {figure.title}, {_name(ratio)} | {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def _of_run(run: Run) -> str:
    machine = run.machine
    where = (
        f"{machine.processors} processors, {machine.memory_gib} GiB, Docker {machine.engine}, Linux {machine.kernel}"
    )
    return f"{run.date}, commit {run.commit}: {run.note} ({where})"


def _number(value: float) -> str:
    three_digits = f"{value:.3g}"
    return three_digits if "e" not in three_digits else f"{value:,.0f}"
