"""The table of a parity report."""

from __future__ import annotations

from mosim_gym.evaluation.parity import ParityReport
from mosim_gym.evaluation.tables import table


def parity_table(report: ParityReport) -> str:
    """The report as a Markdown table. Every error is the largest absolute one."""
    rows: list[list[str]] = []
    for task_id, result in report["tasks"].items():
        worst = {
            (dtype, kind): max(family[kind] for family in families.values())
            for dtype, families in (("float32", result["float32"]), ("float64", result["float64"]))
            for kind in ("observation", "reward")
        }
        rows.append(
            [
                task_id,
                f"{result['states']:,}",
                *(f"{worst[key]:.1e}" for key in worst),
                f"{result['step']:.1e}",
                f"{result['episode']['difference']:.1e}",
                f"{result['starts']['ks_p']:.3f}",
            ]
        )
    header = [
        "Task", "States", "Observation, float32", "Reward, float32", "Observation, float64", "Reward, float64",
        "One step", "Return of 1,000 steps", "Starts: smallest KS p",
    ]  # fmt: skip
    return table(header, rows)
