"""Tables of studies that were watched from reality, of planning, and of a scripted gait."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from mosim_gym.evaluation.tables import table
from mosim_gym.rl.strategies.planning import planning_table
from mosim_gym.studies.measured import NOT_YET, measured
from mosim_gym.studies.targets import PENALTY_KEEPS, verdict
from mosim_gym.studies.watched import watched_table, world_of

PENALISED = ("density", "density to 2.5", "disagreement")
"""Runs of the study of penalties that have one."""


def study_summary(runs: Sequence[Mapping[str, Any]], labels: Sequence[str], question: str) -> str:
    """One of the studies of benchmarks/studies.py: what it asks, the runs that there are, and what they say."""
    if not runs:
        return f"{question} {NOT_YET}"
    runs = sorted(runs, key=lambda run: labels.index(run["label"]))
    found = [run["label"] for run in runs]
    missing = [label for label in labels if label not in found]
    rest = f" Not run yet: {'; '.join(missing)}." if missing else ""
    study = runs[0]["study"]
    said = {"penalty": penalty_targets, "horizon-model": _trend, "horizon-truth": _trend}.get(study)
    picture = f"![Returns in {world_of(runs)} and in reality](../assets/study-{study}.png)"
    parts = [
        question,
        watched_table(runs),
        *([said(runs)] if said else []),
        f"{_each(runs)} {measured(list(runs))}{rest}",
        picture,
    ]
    return "\n\n".join(parts)


def _each(runs: Sequence[Mapping[str, Any]]) -> str:
    """How many runs stand behind each setting."""
    seeds = {run["config"].get("seed", 0) for run in runs}
    return "One run for each setting." if len(seeds) == 1 else f"{len(seeds)} seeds for each setting."


def penalty_targets(runs: Sequence[Mapping[str, Any]]) -> str:
    """Whether the real return at the end is 95 % of the highest, and that above the highest of the default, `box`, with the same seed."""
    highest = {run["label"]: max(point["real"] for point in run["curve"]) for run in runs}
    rows = []
    for run in runs:
        hold, _, seed = run["label"].partition(", ")
        others = [highest.get(f"{name}, {seed}") for name in ("box", "none")]
        share, held = run["last"]["mean"] / highest[run["label"]], ""
        if hold in PENALISED and others[0] is not None:
            above = "above `box`: " + ("met" if highest[run["label"]] > others[0] else "**missed**")
            held = f"{verdict({'': PENALTY_KEEPS}, {'': share})}; {above}"
        shown = ("" if value is None else f"{value:.0f}" for value in others)
        rows.append([hold, seed, f"{highest[run['label']]:.0f}", f"{share:.2f}", *shown, held])
    header = [
        "Run",
        "Seed",
        "Highest real return",
        "End over highest",
        "Highest of `box`",
        "Highest of `none`",
        "Target",
    ]
    return table(header, [[row[0], row[1].removeprefix("seed "), *row[2:]] for row in rows])


def _trend(runs: Sequence[Mapping[str, Any]]) -> str:
    """Whether the real return rises with the length of episodes."""
    ends = [(run["label"], run["last"]["mean"]) for run in sorted(runs, key=lambda run: run["config"]["episode"])]
    said = ", ".join(f"{mean:.0f} with {label}" for label, mean in ends)
    rising = all(a[1] < b[1] for a, b in pairwise(ends))
    rise = "It rises with the length of episodes" if rising else "It does not rise steadily with the length of episodes"
    longest = max(run["config"]["episode"] for run in runs)
    return (
        f"Real return at the end: {said}. {rise}. Longer episodes than {longest} steps were not tried, so that these runs do not say which "
        "length is enough."
    )


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
