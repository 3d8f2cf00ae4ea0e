"""Writes benchmarks/results/prediction.json and a plot for each packaged checkpoint; see `mosim-gym evaluate prediction --help`."""

from __future__ import annotations

import json
from pathlib import Path

import mosim_gym
from mosim_gym.evaluation.plots import horizon_plot
from mosim_gym.evaluation.prediction import prediction_report, prediction_table
from mosim_gym.mechanics.storage import write_atomically
from mosim_gym.zoo import packaged

ROOT = Path(__file__).resolve().parents[1]

if __name__ == "__main__":
    reports = {}
    for name in packaged():
        simulator = mosim_gym.load(name)
        report = prediction_report(simulator.robot.name, {name: simulator})
        report["transitions"] = simulator.card["transitions"]
        report["training_seconds"] = simulator.card["training_seconds"]
        print(f"{name}\n{prediction_table(report)}\n")
        horizon_plot(ROOT / "docs" / "assets" / f"prediction-{name.replace(':', '-')}.png", report, name)
        reports[name] = report
    write_atomically(ROOT / "benchmarks" / "results" / "prediction.json", json.dumps(reports, indent=1) + "\n")
