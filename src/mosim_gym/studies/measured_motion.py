"""Models of measured motion: learned from a share of the logs, measured on segments that none of them sees."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mosim_gym.data.import_logs import import_logs
from mosim_gym.data.logs import Logs
from mosim_gym.evaluation.floors import ConstantVelocity, HoldLast
from mosim_gym.evaluation.logged import evaluate_prediction
from mosim_gym.mechanics import Robot, difference
from mosim_gym.mechanics.dynamics import Dynamics
from mosim_gym.mechanics.motion import History
from mosim_gym.mechanics.provenance import provenance
from mosim_gym.mechanics.world_model import WorldModel, as_world_model
from mosim_gym.training.from_logs import train

Array = np.ndarray
HELD_OUT, SPLIT_SEED = 0.2, 0
"""The share of the motion on which models are measured, in whole segments, and the seed that draws these."""
HORIZONS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5)
"""s"""


@dataclass(frozen=True)
class Machine:
    """A machine whose motion was measured. `file` is its description in benchmarks/robots."""

    title: str
    file: str
    control_step: float  # s
    columns: Mapping[str, str]
    tossed: bool  # whether it is a free body, whose segments are predicted from the first row to the last


MACHINES = {
    "pendulum": Machine(
        "Double pendulum",
        "double_pendulum.xml",
        1 / 200,
        {"qpos": "qpos", "qvel": "qvel", "action": "command", "segment": "segment", "time": "time"},
        tossed=False,
    ),
    "cube": Machine(
        "Tossed cube", "cube.xml", 1 / 148, {"qpos": "qpos", "qvel": "qvel", "segment": "segment"}, tossed=True
    ),
}
"""By the name of the option of benchmarks/measured.py that takes the logs."""


def machine_logs(machine: Machine, robots: Path, source: Path) -> Logs:
    """The logs in `source`, of the robot that the folder `robots` describes."""
    robot = Robot.from_file(robots / machine.file, timestep=machine.control_step)
    return import_logs(
        source, robot, machine.columns, time_step=None if "time" in machine.columns else robot.control_step
    )


def run_name(share: float, known: str | None = None) -> str:
    """What a run is called in the results."""
    return f"{share:g}" if known is None else f"{share:g}, known {known}"


def measure_share(
    machine: Machine,
    logs: Logs,
    share: float,
    *,
    budget: str,
    seed: int = 0,
    known: str | None = None,
    folder: Path | None = None,
    report: Callable[[dict[str, float]], None] = lambda _: None,
) -> dict[str, Any]:
    """Train on `share` of all segments but the held-out ones, and measure the model on these.

    An interrupted training goes on from `folder`. `known` is what is taken from the robot's description, as `train` has it.
    """
    learned, test = logs.split(HELD_OUT, SPLIT_SEED)
    if share < 1:
        learned, _ = learned.split(1 - share, SPLIT_SEED)
    model = train(logs.robot, learned, budget=budget, seed=seed, folder=folder, known=known, report=report)
    found: dict[str, Any] = {
        "share": share,
        "known": known,
        "budget": budget,
        "learned": _amount(learned),
        "held_out": _amount(test),
        "memory": model.memory,
        "members": model.members,
        "training_steps": model.card["training_steps"],
        "training_seconds": model.card["training_seconds"],
        "errors": evaluate_prediction(model, test, HORIZONS).to_dict(),
    }
    if machine.tossed:
        predictors: dict[str, WorldModel | Dynamics] = {
            "dynamics": model,
            "hold last": HoldLast(),
            "constant velocity": ConstantVelocity(logs.robot),
        }
        found["along"] = {title: mean_errors_along(predictor, test) for title, predictor in predictors.items()}
    return {**found, "provenance": provenance(seeds=[seed])}


def _amount(logs: Logs) -> dict[str, float]:
    return {"segments": len(logs), "control_steps": logs.transitions, "seconds": round(logs.seconds, 2)}


def mean_errors_along(predictor: WorldModel | Dynamics, logs: Logs) -> dict[str, float]:
    """The mean error of a free body's place, m, and rotation, degrees, along each segment from its first row; the mean over segments."""
    robot, longest = logs.robot, int(logs.lengths.max())
    model = as_world_model(predictor)
    first = logs.starts[:-1]
    history = History(logs.qpos[first][:, None], logs.qvel[first][:, None], np.zeros((len(logs), 0, robot.nu)))
    rows = np.minimum(np.arange(1, longest + 1), logs.lengths[:, None]) + first[:, None]
    path = model.rollout(history, logs.actions[rows - 1])
    said, true = (torch.from_numpy(np.asarray(part, np.float64)) for part in (path.qpos, logs.qpos[rows]))
    wrong = difference(robot, said, true, 1.0).numpy()
    counted = np.arange(longest) < logs.lengths[:, None]

    def mean(dofs: slice) -> float:
        sizes = np.linalg.norm(wrong[..., dofs], axis=-1)
        return float(((sizes * counted).sum(1) / logs.lengths).mean())

    place = robot.qvel_indices(robot.joints.names[0])
    turn = slice(place.start + 3, place.stop)
    return {"place": mean(slice(place.start, turn.start)), "rotation": float(np.degrees(mean(turn)))}
