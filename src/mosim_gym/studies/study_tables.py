"""Tables of planning and of a scripted gait."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mosim_gym.evaluation.tables import table
from mosim_gym.rl.strategies.planning import planning_table
from mosim_gym.studies.measured import measured


def planning_summary(plans: Mapping[str, Mapping[str, Any]]) -> str:
    """Plans of benchmarks/planning.py."""
    return f"{planning_table(plans.values())}\n\n{measured(dict(plans))}"


def gait_table(report: Mapping[str, Any]) -> str:
    """Real returns of the policies that benchmarks/scripted_gait.py measured."""
    rows = [
        [name, r["episodes"], f"{r['mean']:.1f}", f"{r['std']:.1f}", "{:.1f} to {:.1f}".format(*r["interval_95"])]
        for name, r in report["real_return"].items()
    ]
    episodes = report["real_return"]["gait"]
    note = (
        f"Episodes start from dm_control's resets with the seeds {episodes['seed']} to {episodes['seed'] + episodes['episodes'] - 1}. "
        f"The search took {report['search_steps']:,} control steps of MuJoCo. {measured({'provenance': report['provenance']})}"
    )
    header = ["Policy", "Episodes", "Mean real return", "Standard deviation", "95% interval of the mean"]
    return f"{table(header, rows)}\n\n{note}"
