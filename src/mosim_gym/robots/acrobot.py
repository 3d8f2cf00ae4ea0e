"""Acrobot: a double pendulum with one motor, at the elbow. Integrated with RK4."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np
import torch
from torch import Generator, Tensor

from mosim_gym.mechanics import position, rotation
from mosim_gym.robots.definition import Coverage, RobotDefinition, dm_control_model
from mosim_gym.robots.starts import uniform
from mosim_gym.robots.task import TARGET_RGB, Features, Mark, Start, Task
from mosim_gym.robots.tolerance import tolerance


class AcrobotSwingup(Task):
    """Swing the tip up to a target straight above the shoulder and balance there.

    Reward: 1 while the tip is within the target (20 cm), else falling with the distance to it as a Gaussian that is 0.1 one metre
    outside.
    Start: shoulder and elbow uniform in [-π, π), at rest.
    End: only at the time limit.
    """

    domain, name = "acrobot", "swingup"
    tags = frozenset({"benchmarking", "paper"})
    quantities = {
        "arms": rotation("body", ("upper_arm", "lower_arm")),
        "ends": position("site", ("target", "tip")),
    }
    observation_names = {
        "orientations": "horizontal components, then vertical ones, of the upper and the lower arm's direction",
        "velocity": "shoulder and elbow rates (rad/s)",
    }
    margin: ClassVar[float] = 1.0

    def observation(self, features: Features, goal: Tensor, sensors: Tensor) -> dict[str, Tensor]:  # noqa: D102
        direction = features["arms"][..., 2]  # the arms' own z axes
        return {
            "orientations": torch.cat((direction[..., 0], direction[..., 2]), dim=-1),
            "velocity": features.qvel,
        }

    def reward(self, features: Features, action: Tensor, goal: Tensor, sensors: Tensor) -> Tensor:  # noqa: D102
        ends, sites = features["ends"], self.robot.sites
        distance = (ends[..., 0, :] - ends[..., 1, :]).norm(dim=-1)
        return tolerance(distance, (0, float(sites.size[sites.index("target"), 0])), margin=self.margin)

    def sample_start(self, generator: Generator, n: int) -> Start:  # noqa: D102
        qpos = uniform(generator, (n, self.robot.nq), -math.pi, math.pi)
        return Start(qpos, torch.zeros_like(qpos), self.sample_goal(generator, n))

    def goal_marks(self, goal: np.ndarray) -> list[Mark]:  # noqa: D102
        sites = self.robot.sites
        row = sites.index("target")
        x, y, z = (float(c) for c in sites.pos[row])
        return [Mark(x, y, z, float(sites.size[row, 0]), TARGET_RGB)]


class AcrobotSwingupSparse(AcrobotSwingup):
    """Swing the tip up to a target straight above the shoulder and balance there, rewarded only inside it.

    Reward: 1 while the tip is within the target (20 cm), else 0.
    Start: shoulder and elbow uniform in [-π, π), at rest.
    End: only at the time limit.
    """

    name = "swingup_sparse"
    tags = frozenset({"benchmarking"})
    margin = 0.0


ROBOT = RobotDefinition(
    name="acrobot",
    model=dm_control_model("acrobot"),
    control_step=0.01,
    coverage=Coverage(speeds={"shoulder": (-16, 16), "elbow": (-35, 35)}),
    tasks=(AcrobotSwingup, AcrobotSwingupSparse),
)
