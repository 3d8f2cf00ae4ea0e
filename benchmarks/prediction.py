"""Writes benchmarks/results/prediction.json, and plots and film strips of every packaged checkpoint.

Like `mosim-gym evaluate prediction` for each, over 500 control steps, with the running policy in benchmarks/policies/test for the cheetah.
Name checkpoints to measure those alone; the others keep their results. `--only speeds` wants the machine to itself; errors and the
endurance of long rollouts do not mind company. `--only pictures` draws again what has been measured.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import torch

import mosim_gym
from mosim_gym.dynamics.prepared import has_bfloat16
from mosim_gym.evaluation.checkpoint_report import (
    checkpoint_report,
    endurance_table,
    speed_table,
    speeds,
    write_pictures,
)
from mosim_gym.evaluation.endurance import endurance
from mosim_gym.evaluation.prediction import prediction_table
from mosim_gym.mechanics.provenance import provenance
from mosim_gym.mechanics.storage import readable_json, write_atomically
from mosim_gym.studies.finer_checkpoints import finer_checkpoints
from mosim_gym.zoo import packaged

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "prediction.json"

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "checkpoints", nargs="*", help="packaged names; by default all, with --only those that have errors"
    )
    parser.add_argument("--only", choices=("errors", "endurance", "speeds", "pictures"), help="by default all of them")
    options = parser.parse_args()
    measured = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    known = packaged() if options.only in (None, "errors") else [name for name in packaged() if name in measured]
    for name in options.checkpoints or known:
        simulator = mosim_gym.load(name)
        predictors = {name: simulator}
        if has_bfloat16(torch.device("cpu")):  # elsewhere fast is float32
            predictors[f"{name}, fast"] = mosim_gym.load(name, precision="fast")
            if simulator.members > 1:
                predictors[f"{name}, fast, one member"] = mosim_gym.load(name, precision="fast", ensemble=1)
        robot, part = simulator.robot.name, options.only
        predictors |= finer_checkpoints(name)
        found: dict[str, Any] = {}
        if part in (None, "errors"):
            policies = ROOT / "benchmarks" / "policies" / "test"
            found |= checkpoint_report(robot, predictors, policies=policies, steps=500, speed=False)
            found |= {
                key: simulator.card.get(key) for key in ("transitions", "training_seconds", "parameters", "seeds")
            }
        if part in (None, "endurance"):
            found["endurance"] = {name: endurance(robot, simulator, simulator.card["box"])}
            found["endurance_provenance"] = provenance()
        if part in (None, "speeds"):
            found["control_steps_per_second"] = speeds(robot, predictors)
            found["speed_provenance"] = provenance()
        reports = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
        report = reports.get(name, {}) | found
        if part in (None, "errors", "pictures"):
            write_pictures(ROOT / "docs" / "assets", name.replace(":", "-"), report, simulator)
        if part == "pictures":
            continue
        errors = prediction_table(report) if "tests" in report else ""
        print(f"{name}\n{errors}\n\n{endurance_table(report)}\n\n{speed_table(report)}\n", flush=True)
        reports[name] = report
        reports = {name: reports[name] for name in packaged() if name in reports}
        write_atomically(RESULTS, readable_json(reports))
