"""Models of measured motion: learned from a share of the logs, measured on segments that none of them sees."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mosim_gym.data.import_logs import import_logs
from mosim_gym.data.logs import Logs
from mosim_gym.dynamics.simulator import Simulator
from mosim_gym.evaluation.floors import ConstantVelocity, HoldLast
from mosim_gym.evaluation.logged import evaluate_prediction
from mosim_gym.evaluation.prediction_pictures import draw_prediction, draw_strip
from mosim_gym.mechanics import Robot, difference
from mosim_gym.mechanics.durations import seconds
from mosim_gym.mechanics.dynamics import Dynamics
from mosim_gym.mechanics.motion import History
from mosim_gym.mechanics.provenance import provenance
from mosim_gym.mechanics.world_model import WorldModel, as_world_model
from mosim_gym.training.from_logs import train
from mosim_gym.training.log_memory import choose_memory
from mosim_gym.training.log_simulation import SHARE, simulated_like
from mosim_gym.training.logs_config import SIMULATION

Array = np.ndarray
HELD_OUT, SPLIT_SEED = 0.2, 0
"""The share of the motion on which models are measured, in whole segments, and the seed that draws these."""
FEWEST_SEGMENTS = 10
"""Whole segments that a share of the logs has at least; a smaller share is a part of each segment."""
MOTION, STRIP = 2.0, 0.7
"""Seconds that pictures show: curves, and a strip."""
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


def run_name(share: float, known: str | None = None, start: str | None = None) -> str:
    """What a run is called in the results."""
    said = [f"{what} {name}" for what, name in (("known", known), ("start", start)) if name is not None]
    return ", ".join((f"{share:g}", *said))


def share_of_logs(logs: Logs, share: float) -> Logs:
    """So much of `logs`: whole segments, or where these would be fewer than ten, a part of each segment; a fixed seed draws them."""
    if share >= 1:
        return logs
    if len(logs) > 1:
        whole, _ = logs.split(1 - share, SPLIT_SEED)
        if len(whole) >= FEWEST_SEGMENTS:
            return whole
    counts = np.maximum(1, np.round(share * logs.lengths).astype(int)) + 1
    first = logs.starts[:-1] + np.random.default_rng(SPLIT_SEED).integers(logs.lengths + 2 - counts)
    rows = np.concatenate([np.arange(begin, begin + count) for begin, count in zip(first, counts, strict=True)])
    return replace(
        logs,
        qpos=logs.qpos[rows],
        qvel=logs.qvel[rows],
        actions=logs.actions[rows],
        starts=np.concatenate(([0], np.cumsum(counts))),
    )


def measure_share(
    machine: Machine,
    logs: Logs,
    share: float,
    *,
    budget: str,
    seed: int = 0,
    known: str | None = None,
    start: str | None = None,
    robots: Path | None = None,
    folder: Path | None = None,
    report: Callable[[dict[str, float]], None] = lambda _: None,
) -> dict[str, Any]:
    """Train on `share` of the motion in all segments but the held-out ones, and measure the model on these.

    An interrupted training goes on from `folder`. `known` is what is known before, as `train` has it. With the `start` `"simulation"` a
    model learns simulated motion first, in as much of the budget as it would if that were known, and then goes on, on the logs. `robots` is
    the folder of descriptions, which both need.
    """
    learned, test = logs.split(HELD_OUT, SPLIT_SEED)
    learned = share_of_logs(learned, share)
    robot: Robot | str = logs.robot
    before, limit = None, seconds(budget)
    if SIMULATION in (known, start):
        if robots is None:
            raise ValueError("A simulation needs the folder of the machines' descriptions, robots.")
        robot = str(robots / machine.file)
    if start == SIMULATION:
        simulated = simulated_like(robot, learned, seed)
        own, memory = None if folder is None else folder / SIMULATION, choose_memory(learned)["memory"]
        before = train(robot, simulated, SHARE * limit, seed, folder=own, memory=memory, report=report)
        limit *= 1 - SHARE
    model = train(robot, learned, limit, seed, folder=folder, start=before, known=known, report=report)
    card = model.card
    spent = 60 * card.get("core_minutes", 0.0) or card["training_seconds"]
    found: dict[str, Any] = {
        "share": share,
        "known": known,
        "start": start,
        "simulated": _simulated(card, before),
        "budget": budget,
        "learned": _amount(learned),
        "held_out": _amount(test),
        "memory": model.memory,
        "members": model.members,
        "training_steps": card["training_steps"],
        "training_seconds": spent + (0.0 if before is None else before.card["training_seconds"]),
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


def _simulated(card: Mapping[str, Any], before: Dynamics | None) -> dict[str, Any] | None:
    """How much simulated motion a model has learned, s; and, if that was frozen, how it errs without what it learned from the logs."""
    if "simulation" in card:
        return {key: card["simulation"][key] for key in ("seconds", "error_beside_still")}
    if before is None:
        return None
    return {"seconds": round(before.card["transitions"] * before.timestep, 3)}


def draw_motion(model: Simulator, logs: Logs, folder: Path, name: str) -> list[Path]:
    """Pictures of held-out motion and of its prediction by `model`, as curves and as a strip: of the segment that begins fastest."""
    _, test = logs.split(HELD_OUT, SPLIT_SEED)
    steps = round(MOTION / logs.control_step)
    number = int(np.argmax([np.abs(segment.qvel[:steps]).mean() for segment in test]))
    return [
        draw_prediction(model, test, folder / f"measured-{name}-motion.png", number, MOTION),
        draw_strip(model, test, folder / f"measured-{name}-strip.png", number, STRIP),
    ]


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
