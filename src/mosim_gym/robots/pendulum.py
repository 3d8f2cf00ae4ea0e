"""Pendulum: a 1 kg mass on a rod of 0.5 m, with a motor too weak to lift it at once."""

from __future__ import annotations

import math

import torch
from torch import Generator, Tensor

from mosim_gym.mechanics import rotation
from mosim_gym.robots.definition import Coverage, RobotDefinition, dm_control_model
from mosim_gym.robots.starts import uniform
from mosim_gym.robots.task import Features, Start, Task
from mosim_gym.robots.tolerance import tolerance

UPRIGHT_COSINE = math.cos(math.radians(8))


class PendulumSwingup(Task):
    """Swing the pole up and keep it upright.

    Reward: 1 while the pole is within 8 degrees of upright, else 0.
    Start: angle uniform in [-π, π), at rest.
    End: only at the time limit.
    """

    domain, name = "pendulum", "swingup"
    tags = frozenset({"benchmarking"})
    quantities = {"pole": rotation("body", "pole")}
    observation_names = {
        "orientation": "vertical and horizontal component of the pole's direction (upright: 1, 0)",
        "velocity": "rate (rad/s)",
    }

    def observation(self, features: Features, goal: Tensor, sensors: Tensor) -> dict[str, Tensor]:  # noqa: D102
        return {"orientation": features["pole"][..., [2, 0], 2], "velocity": features.qvel}

    def reward(self, features: Features, action: Tensor, goal: Tensor, sensors: Tensor) -> Tensor:  # noqa: D102
        return tolerance(features["pole"][..., 2, 2].clamp(max=1), (UPRIGHT_COSINE, 1))

    def sample_start(self, generator: Generator, n: int) -> Start:  # noqa: D102
        qpos = uniform(generator, (n, 1), -math.pi, math.pi)
        return Start(qpos, torch.zeros_like(qpos), self.sample_goal(generator, n))


ROBOT = RobotDefinition(
    name="pendulum",
    model=dm_control_model("pendulum"),
    control_step=0.02,
    coverage=Coverage(speeds={"hinge": (-15, 15)}),
    preset="small",
    tasks=(PendulumSwingup,),
)
