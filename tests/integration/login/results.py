"""What became of each case with each kind of log-in when it was last tried, for the table in docs/login.md."""

import json
from collections.abc import Mapping
from pathlib import Path

from tests.integration.login.log_ins import LOG_INS

FILE = Path(__file__).with_name("results.json")
# Each test of test_log_in_kinds.py, and what the table calls it.
CASES = {
    "test_the_right_person_runs_a_cell": "the right person runs a cell",
    "test_an_admin_is_one_and_nobody_else": "an admin is one",
    "test_a_wrong_password_is_refused": "wrong password",
    "test_a_stranger_is_refused": "a stranger",
    "test_what_is_forged_or_used_again_is_refused": "forged, used again",
    "test_while_the_server_is_away_the_page_says_so_and_notebooks_run_on": "server away",
    "test_whoever_is_taken_away_at_the_server_is_out": "taken away at the server",
    "test_whoever_is_taken_off_the_list_is_out": "taken off the list",
}
_SHOWN = {"passed": "✓", "skipped": "—"}
Results = dict[str, dict[str, str]]


def read() -> Results:
    """Outcomes by kind and case."""
    found: Results = json.loads(FILE.read_text()) if FILE.exists() else {}
    return found


def add(outcomes: Mapping[tuple[str, str], str]) -> None:
    """Take up outcomes by kind and test; cases that were not tried stay as they are."""
    if not outcomes:
        return
    known = read()
    for (kind, test), outcome in outcomes.items():
        known.setdefault(kind, {})[CASES[test]] = outcome
    ordered = {kind: {case: known[kind].get(case, "") for case in CASES.values()} for kind in sorted(known)}
    FILE.write_text(json.dumps(ordered, indent=2) + "\n")


def table() -> str:
    """The table, in Markdown."""
    results = read()
    lines = [
        f"| kind | tried against | {' | '.join(CASES.values())} |",
        f"|---|---|{'---|' * len(CASES)}",
    ]
    for kind, log_in in LOG_INS.items():
        cells = [_SHOWN.get(results.get(kind, {}).get(case, ""), "") for case in CASES.values()]
        lines.append(f"| `{kind}` | {log_in.proven_against} | {' | '.join(cells)} |")
    return "\n".join(lines)
