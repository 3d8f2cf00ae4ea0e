"""The card of a model that was learned from logs: what it has seen, how it was trained, and its errors on held-out motion."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from mosim_gym.data.log_commands import clipped_commands
from mosim_gym.data.logs import Logs
from mosim_gym.dynamics.mosim import MoSim
from mosim_gym.dynamics.simulator import Simulator
from mosim_gym.evaluation.logged import evaluate_prediction
from mosim_gym.mechanics import Robot
from mosim_gym.mechanics.provenance import provenance
from mosim_gym.training.disagreement import disagreement_quantiles
from mosim_gym.training.log_memory import MemoryChoice
from mosim_gym.training.log_motion import LogMotion

SOURCES = 20
"""Sources that a card names."""
STARTS = 256
"""States of the logs that a card holds, in which environments begin episodes by default."""
SPREAD = 3000
"""Held-out control steps in which the members are compared."""


def logs_card(
    model: MoSim, record: Mapping[str, Any], choice: MemoryChoice, learned: Logs, held_out: Logs
) -> dict[str, Any]:
    """The card of `model`, whose training left `record`."""
    card: dict[str, Any] = {
        "name": model.robot.name,
        "recipe": {"recipe": None, "logs": _origin(model.robot, learned), **record["config"]},
        "transitions": learned.transitions,
        "training_steps": record["step"],
        "training_seconds": round(record["seconds"], 1),
        "seeds": [record["config"]["seed"]],
        "date": time.strftime("%Y-%m-%d"),
        "start_states": "measured",
        "tuned_on_real_return": False,
        "memory": choice,
        "known": model.config.known,
        "box": record["box"],
        "starts": _some_states(learned),
        "held_out": {
            **_origin(model.robot, held_out),
            "error_beside_still": record["best"],
            "best_step": record.get("best_step"),
            "curve": record["curve"][:: max(1, len(record["curve"]) // 40)],
        },
        "parameters": sum(p.numel() for p in model.parameters()),
        "provenance": provenance(seeds=[record["config"]["seed"]]),
    }
    card["held_out"] |= evaluate_prediction(Simulator(model, card), held_out).to_dict()
    if model.config.members > 1:
        card["disagreement"] = _disagreement(model, held_out)
    return card


def _some_states(logs: Logs) -> dict[str, list[list[float]]]:
    """States spread evenly over the logs, `qpos` and `qvel`."""
    rows = np.linspace(0, len(logs.qpos) - 1, min(STARTS, len(logs.qpos))).round().astype(int)
    return {name: part[rows].round(5).tolist() for name, part in (("qpos", logs.qpos), ("qvel", logs.qvel))}


def _origin(robot: Robot, logs: Logs) -> dict[str, Any]:
    """How much motion there is, where it is from, and the share of each actuator's commands that was clipped to its range."""
    notes: dict[str, Any] = {"notes": list(logs.notes)} if logs.notes else {}
    clipped = {one.name: round(one.share, 4) for one in clipped_commands(robot, logs)}
    if clipped:
        notes["clipped"] = clipped
    return {
        **notes,
        "seconds": round(logs.seconds, 3),
        "control_step": logs.control_step,
        "segments": len(logs),
        "control_steps": logs.transitions,
        "sources": list(logs.sources[:SOURCES]),
    }


def _disagreement(model: MoSim, logs: Logs) -> dict[str, float]:
    steps = LogMotion(model.robot, logs, model.config.memory).spread(1, SPREAD, 1)
    commands = torch.unflatten(steps.action, 1, (1 + model.config.memory, -1)) if model.robot.nu else steps.action
    known: dict[str, Any] = {}
    action = commands
    if model.robot.nu:
        action = commands[:, -1]
        known = {"previous": commands[:, :-1]} if model.config.memory else {}
    return disagreement_quantiles(Simulator(model, {}).disagreement(steps.qpos, steps.qvel, action, **known))
