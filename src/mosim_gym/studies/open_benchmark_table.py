"""The table of the open benchmark of world models, from its entries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mosim_gym.evaluation.tables import table
from mosim_gym.studies.measured import measured
from mosim_gym.studies.open_benchmark import ACTIONS, HORIZONS, ROBOTS, score, why_not


def entries_table(entries: Sequence[Mapping[str, Any]]) -> str:
    """A row for each entry: the best that counts first, those that do not count last, with the reason."""
    if not entries:
        return "*No entry yet.*"
    rows: list[list[str]] = []
    ranked = sorted(entries, key=lambda entry: (bool(why_not(entry)), score(entry)))
    place = 0
    for entry in ranked:
        reason = why_not(entry)
        place += not reason
        package = entry["package"]
        rows.append(
            [
                "" if reason else str(place),
                f"{entry['title']} (`{entry['model']}`)",
                f"{package['name']} {package['version'] or ''}".strip(),
                _shown(score(entry)),
                _shown(score(entry, "public")),
                *[_errors(entry, robot) for robot in ROBOTS],
                f"does not count: {reason}" if reason else "",
            ]
        )
    at = " / ".join(map(str, HORIZONS))
    header = [
        "",
        "Model",
        "Package",
        "Score, drawn test",
        "Score, public test",
        *[f"{robot}: {at}" for robot in ROBOTS],
        "",
    ]
    note = (
        f"Errors are those of the drawn test up to {' and '.join(map(str, HORIZONS))} steps, means of {' and '.join(ACTIONS)} actions. "
        f"{measured(list(entries))}"
    )
    return f"{table(header, rows)}\n\n{note}"


def _errors(entry: Mapping[str, Any], robot: str) -> str:
    found = entry["robots"].get(robot)
    if found is None:
        return ""
    parts: list[str] = []
    for h in map(str, HORIZONS):
        raw = [found["drawn"][kind]["raw"][h] for kind in ACTIONS]
        parts.append(_shown(float(np.mean([np.inf if error is None else error for error in raw]))))
    return " / ".join(parts)


def _shown(value: float) -> str:
    return f"{value:.3g}" if np.isfinite(value) else "diverged"
