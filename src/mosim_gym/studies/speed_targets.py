"""Speed of environments beside that of their peers, and what was aimed at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mosim_gym.evaluation.tables import table
from mosim_gym.studies.targets import BESIDE_A_BUSY_CORE, BUSY_TASK, PACES, START_UP, verdict


def pace_table(report: Mapping[str, Any]) -> str:
    """How many times as fast, or as slow, environments are as their peers."""
    rows = []
    for pace in PACES:
        ours, peer = (_median(report, pace.task, name) for name in (pace.ours, pace.peer))
        times = None if ours is None or peer is None else pace.times(ours, peer)
        how = f"speed over that of {pace.peer}" if pace.bound.at_least else f"time of a step over that of {pace.peer}"
        shown = "" if times is None else f"{times:.0f}" if times >= 10 else f"{times:.1f}"
        rows.append([pace.task, pace.ours, how, shown, verdict({"": pace.bound}, {"": times})])
    for name, bound in BESIDE_A_BUSY_CORE.items():
        share = report["tasks"].get(BUSY_TASK, {}).get(name, {}).get("ratio")
        shown = "" if share is None else f"{share:.2f}"
        rows.append(
            [BUSY_TASK, name, "speed beside a busy process over idle", shown, verdict({"": bound}, {"": share})]
        )
    start = report.get("start_up", {})
    rows += [
        ["start-up", name, "", start.get(name, ""), verdict({"": bound}, {"": start.get(name)})]
        for name, bound in START_UP.items()
    ]
    return table(["Task", "What", "Measure", "Measured", "Target"], rows)


def _median(report: Mapping[str, Any], task: str, name: str) -> float | None:
    """Steps a second on an idle machine, if they have been measured."""
    entry = report["tasks"].get(task, {}).get(name, {})
    return entry.get("idle", entry).get("median")
