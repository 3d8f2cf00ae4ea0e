"""Packaged checkpoints with shorter control steps, as they move the same robot by its own: several evaluations for each control step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mosim_gym.dynamics.finer import FinerSteps, steps_within
from mosim_gym.evaluation.tables import table
from mosim_gym.robots import load_robot
from mosim_gym.studies.measured import measured
from mosim_gym.studies.targets import NORMALISED, verdict
from mosim_gym.zoo.names import load, packaged, robot_at

RANDOM = ("uniform", "poisson")


def evaluations(finer: str, name: str) -> int | None:
    """How many steps of the checkpoint `finer` are one of the checkpoint `name`; None if it is not finer, or of another robot."""
    times = steps_within(robot_at(finer), robot_at(name))
    return times if times is not None and times > 1 else None


def finer_checkpoints(name: str) -> dict[str, FinerSteps]:
    """The packaged checkpoints that can move the robot of `name` by its control steps, in steps of their own."""
    if robot_at(name).name != name:  # a variant
        return {}
    found = {finer: evaluations(finer, name) for finer in packaged()}
    return {finer: FinerSteps(load(finer), load_robot(name), times) for finer, times in found.items() if times}


def finer_table(reports: Mapping[str, Mapping[str, Any]]) -> str:
    """Error over variance at control step 16 of checkpoints and of those in finer steps, on the same tests."""
    rows, used = [], []
    for name, report in reports.items():
        finer = [other for other in report.get("tests", {}).get(RANDOM[0], {}) if other in packaged() and other != name]
        for test in RANDOM if finer else ():
            for who in (name, *finer):
                times = 1 if who == name else evaluations(who, name)
                values = report["tests"][test][who]["normalised"]
                target = verdict(NORMALISED.get((name, test), {}), values)
                rows.append([f"`{name}`", test, f"`{who}`", str(times), f"{values['16']:.1%}", target])
        used += [report] * bool(finer)
    header = [
        "Robot",
        "Actions",
        "Checkpoint",
        "Evaluations for a control step",
        "Error over variance at step 16",
        "Target",
    ]
    return f"{table(header, rows)}\n\n{measured(used)}" if rows else ""
