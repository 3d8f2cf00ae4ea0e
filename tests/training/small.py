"""A small model with some motion to train it on."""

from __future__ import annotations

import dataclasses

import torch

from mosim_gym.data.stream import Transitions, chunk
from mosim_gym.dynamics.config import Size, preset
from mosim_gym.dynamics.mosim import MoSim
from mosim_gym.mechanics import ForwardKinematics
from mosim_gym.robots import load_robot
from mosim_gym.robots.catalogue import sensor_columns

SMALL = preset("smooth", correctors=(Size(32, 1),), inertia=Size(16, 0), bias=Size(16, 0), torque=Size(8, 0))


def small_model(robot: str = "acrobot") -> tuple[MoSim, Transitions, ForwardKinematics]:
    """An untrained model of `robot`, windows of its motion, and its kinematics."""
    torch.manual_seed(0)
    model = MoSim(load_robot(robot), dataclasses.replace(SMALL, sensors=len(sensor_columns(robot))))
    windows = Transitions(*(torch.from_numpy(c) for c in chunk(robot, "coverage", 0, 0, 8)[0]))
    return model, windows, ForwardKinematics(model.robot, model.features.quantities)
