"""Writes benchmarks/results/planning.json: real episodes whose actions are searched for in the packaged model.

`python benchmarks/planning.py` plays them all, about two hours on a core; names such as CheetahRun-cem those alone. How long a decision
takes is measured for one episode on its own, whatever number is played side by side.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from mosim_gym.mechanics.provenance import provenance
from mosim_gym.mechanics.storage import readable_json, write_atomically
from mosim_gym.rl.strategies.planner import Planner, PlannerConfig
from mosim_gym.rl.strategies.planning import planning_table, play_planned
from mosim_gym.robots import find_task

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "planning.json"
EPISODES, TIMED_STEPS = 4, 60
PLANS = {
    "-".join((task, method, *variant, *label)): (
        task,
        ":".join((find_task(task)[0].name, *variant)),
        PlannerConfig(method=method, **settings),
    )
    for task, variant, label, settings in (
        ("CartpoleSwingup", (), (), {"horizon": 50, "samples": 128}),
        ("AcrobotSwingup", (), (), {"horizon": 50, "samples": 512}),
        ("CheetahRun", (), (), {"horizon": 32, "samples": 256}),
        ("AcrobotSwingup", ("small",), (), {"horizon": 50, "samples": 512}),
        ("CheetahRun", ("small",), (), {"horizon": 32, "samples": 256}),
        ("AcrobotSwingup", ("small",), ("held",), {"horizon": 200, "hold": 8, "samples": 128}),
        ("AcrobotSwingup", ("small",), ("held", "512"), {"horizon": 200, "hold": 8, "samples": 512}),
        ("CartpoleSwingup", (), ("held",), {"horizon": 200, "hold": 8, "samples": 128}),
        ("CheetahRun", ("small",), ("held",), {"horizon": 32, "hold": 2, "samples": 64}),
    )
    for method in ("mppi", "cem")
}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("plans", nargs="*", help="which to play; by default all")
    options = parser.parse_args()
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    unknown = [name for name in options.plans if name not in PLANS]
    if unknown:
        parser.error(f"unknown plan {unknown[0]!r}; valid ones are {', '.join(PLANS)}")
    for name in options.plans or PLANS:
        task, model, config = PLANS[name]
        alone = play_planned(task, Planner(task, config, checkpoint=model), steps=TIMED_STEPS)
        played = play_planned(task, Planner(task, config, rows=EPISODES, checkpoint=model))
        results[name] = {
            "task": task,
            "model": model,
            "config": asdict(config),
            "real_return": played.result.summary(),
            "decision_seconds": alone.decision_seconds,
            "real_time": alone.real_time,
            "provenance": provenance(seeds=[config.seed]),
        }
        write_atomically(RESULTS, readable_json(results))
    print(planning_table(results.values()))
