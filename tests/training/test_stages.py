"""Stages: each trains its part alone, and unknown ones are refused."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from mosim_gym.data.stream import Transitions, chunk
from mosim_gym.dynamics.config import Size, preset
from mosim_gym.dynamics.mosim import MoSim
from mosim_gym.mechanics import ForwardKinematics
from mosim_gym.robots import load_robot
from mosim_gym.robots.catalogue import sensor_columns
from mosim_gym.training.config import Stage

SMALL = preset("smooth", correctors=(Size(32, 1),), inertia=Size(16, 0), bias=Size(16, 0), torque=Size(8, 0))


def _losses(robot: str = "acrobot"):

    torch.manual_seed(0)
    model = MoSim(load_robot(robot), dataclasses.replace(SMALL, sensors=len(sensor_columns(robot))))
    windows = Transitions(*(torch.from_numpy(c) for c in chunk(robot, "coverage", 0, 0, 8)[0]))
    return model, windows, ForwardKinematics(model.robot, model.features.quantities)


def test_each_stage_trains_its_part_alone():
    from mosim_gym.training.losses import one_step_loss
    from mosim_gym.training.stages import freeze

    model, windows, kinematics = _losses()
    flat = type(windows)(*(column.flatten(0, 1) for column in windows))
    for name, parts in (
        ("predictor", {"predictor"}),
        ("corrector", {"corrector"}),
        ("joint", {"predictor", "corrector"}),
    ):
        freeze(model, Stage(name, 1.0))
        model.zero_grad(set_to_none=True)
        one_step_loss(model, flat, kinematics, huber=0.05, correctors=0 if name == "predictor" else None).backward()
        moved = {
            "corrector" if n.startswith("correctors") else "predictor"
            for n, p in model.named_parameters()
            if p.grad is not None
        }
        assert moved == parts


def test_unknown_stages_are_refused():
    with pytest.raises(KeyError, match=r"Unknown stage 'joined'. Did you mean 'joint'"):
        Stage("joined", 1.0)
