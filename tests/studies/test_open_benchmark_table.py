"""The table of entries: who is first, and who does not count."""

from __future__ import annotations

from mosim_gym.studies.open_benchmark import ROBOTS
from mosim_gym.studies.open_benchmark_table import entries_table


def entry(name, error, **changes):
    """An entry that keeps to the rules, with the same error everywhere."""
    test = {"raw": {"16": error, "100": error}, "hold_last": {"16": 1.0, "100": 1.0}, "diverged": 0.0}
    found = {
        "fit_seconds": 1000.0,
        "public": {"uniform": test, "poisson": test},
        "drawn": {"uniform": test, "poisson": test},
    }
    rules = {"transitions": 1_000_000, "budget": 1200.0, "segments": 200, "drawn_segments": 1000}
    whole = {
        "model": name, "title": name, "package": {"name": "a", "version": "1"}, "rules": rules, "robots": dict.fromkeys(ROBOTS, found),
    }  # fmt: skip
    return {**whole, **changes}


def test_entries_are_ranked_and_those_that_break_a_rule_do_not_count():
    late = entry("late", 0.001)
    late["robots"] = {name: {**found, "fit_seconds": 2000.0} for name, found in late["robots"].items()}
    text = entries_table([late, entry("worse", 0.5), entry("better", 0.1), entry("lost", None)])
    rows = [[part.strip() for part in row.split("|")[1:-1]] for row in text.splitlines()[2:6]]
    assert [row[:2] for row in rows] == [
        ["1", "better (`better`)"],
        ["2", "worse (`worse`)"],
        ["3", "lost (`lost`)"],
        ["", "late (`late`)"],
    ]
    assert rows[0][3] == "0.1"
    assert rows[2][3] == "diverged"
    assert rows[3][-1].startswith("does not count: longer than the budget on reacher")


def test_without_entries_the_table_says_so():
    assert entries_table([]) == "*No entry yet.*"
