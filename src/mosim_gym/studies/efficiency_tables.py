"""Tables of the benchmark of real steps: what each strategy returned, beside targets and published figures, and which cells are left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mosim_gym.evaluation.tables import table
from mosim_gym.studies.efficiency_summary import grouped, summary
from mosim_gym.studies.measured import NOT_YET, measured
from mosim_gym.studies.sample_efficiency import Cell
from mosim_gym.studies.targets import PUBLISHED_AT_100K, REAL_STEPS, verdict


def efficiency_table(cells: Sequence[Mapping[str, Any]]) -> str:
    """A row for each task and strategy: returns, target, published baselines."""
    rows = []
    for (task, strategy), seeds in grouped(cells).items():
        s = summary(seeds)
        low, high = s["interval"]
        between = f" ({low:.0f} to {high:.0f})" if len(s["seeds"]) > 1 else ""
        target = {"": REAL_STEPS[task, strategy]} if (task, strategy) in REAL_STEPS else {}
        rows.append(
            [
                task,
                f"`{strategy}`",
                f"{s['real_steps']:,}",
                ", ".join(f"{mean:.0f}" for mean in s["seeds"]),
                f"**{s['interquartile_mean']:.0f}**{between}",
                f"{s['training_seconds'] / 60:.0f} min",
                verdict(target, {"": s["interquartile_mean"]}),
                *_published_at_100k(task),
            ]
        )
    header = [
        "Task", "Strategy", "Real steps", "Mean return of each seed", "Interquartile mean (95 %)", "Training", "Target", "SAC, 100,000",
        "TD-MPC2, 100,000", "Best published, 100,000",
    ]  # fmt: skip
    return table(header, rows)


def _published_at_100k(task: str) -> list[str]:
    if task not in PUBLISHED_AT_100K:
        return ["", "", ""]
    sac, tdmpc, (who, best) = PUBLISHED_AT_100K[task]
    return ["" if sac is None else f"{sac:g}", f"{tdmpc:g}", f"{who} {best:g}"]


def efficiency_summary(cells: Sequence[Mapping[str, Any]], matrix: Sequence[Cell]) -> str:
    """Cells of benchmarks/sample_efficiency.py that there are, in the order of the matrix, and what has not been run."""
    if not cells:
        return NOT_YET
    done = {Cell.of(dict(cell)).name for cell in cells}
    waiting: dict[str, dict[str, list[str]]] = {}
    for cell in matrix:
        if cell.name not in done:
            waiting.setdefault(cell.task, {}).setdefault(cell.strategy, []).append(str(cell.seed))
    missing = [
        f"{task}: " + ", ".join(f"{strategy} ({' '.join(seeds)})" for strategy, seeds in strategies.items())
        for task, strategies in waiting.items()
    ]
    note = (
        f"Final returns are of {len(cells[0]['returns'])} real episodes for each seed; intervals by bootstrap over seeds and episodes. "
        f"{measured([{'seed': cell['seed'], **cell} for cell in cells])}"
    )
    run = f"{len(done)} of the matrix's {len(matrix)} cells have been run"
    rest = f"{run}; not yet, with their seeds: {'; '.join(missing)}." if waiting else f"{run}."
    return f"{efficiency_table(cells)}\n\n{note}\n\n{rest}"
