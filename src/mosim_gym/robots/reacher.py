"""Reacher: a planar arm of two links on a table, 24 cm long, whose finger is to touch a target."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Generator, Tensor

from mosim_gym.mechanics import Invariances, position
from mosim_gym.robots.definition import Coverage, RobotDefinition, dm_control_model
from mosim_gym.robots.starts import random_joints, uniform
from mosim_gym.robots.task import TARGET_RGB, Features, Mark, Start, Task
from mosim_gym.robots.tolerance import tolerance

TARGET_DISTANCE = (0.05, 0.20)  # m from the shoulder


class ReacherEasy(Task):
    """Touch a target of radius 5 cm with the finger and stay there.

    Reward: 1 while the distance between finger and target centre is at most the sum of their radii (6 cm), else 0.
    Start: shoulder uniform in [-π, π), wrist uniform in its limits, at rest; target at a uniform angle, 5 to 20 cm from the shoulder.
    End: only at the time limit.
    """

    domain, name = "reacher", "easy"
    tags = frozenset({"benchmarking", "paper"})
    quantities = {"finger": position("geom", "finger")}
    goal_names = ("target_x", "target_y")
    observation_names = {
        "position": "shoulder and wrist angles (rad)",
        "to_target": "from the finger to the target in the plane (m)",
        "velocity": "shoulder and wrist rates (rad/s)",
    }
    hidden_geoms = ("target",)
    target_radius: ClassVar[float] = 0.05

    def observation(self, features: Features, goal: Tensor, sensors: Tensor) -> dict[str, Tensor]:  # noqa: D102
        return {
            "position": features.qpos,
            "to_target": goal - features["finger"][..., :2],
            "velocity": features.qvel,
        }

    def reward(self, features: Features, action: Tensor, goal: Tensor, sensors: Tensor) -> Tensor:  # noqa: D102
        geoms = self.robot.geoms
        reach = self.target_radius + float(geoms.size[geoms.index("finger"), 0])
        return tolerance((goal - features["finger"][..., :2]).norm(dim=-1), (0, reach))

    def sample_start(self, generator: Generator, n: int) -> Start:  # noqa: D102
        qpos = random_joints(self.robot, generator, n)
        return Start(qpos, torch.zeros(n, self.robot.nv, dtype=torch.float64), self.sample_goal(generator, n))

    def sample_goal(self, generator: Generator, n: int) -> Tensor:  # noqa: D102
        angle = uniform(generator, (n,), 0, 2 * math.pi)
        distance = uniform(generator, (n,), *TARGET_DISTANCE)
        return torch.stack((distance * torch.sin(angle), distance * torch.cos(angle)), dim=-1)

    def place_goal(self, model: Any, goal: np.ndarray) -> None:  # noqa: D102
        target = model.geom("target")
        target.pos[:2] = goal
        target.size[0] = self.target_radius

    def read_goal(self, model: Any) -> np.ndarray:  # noqa: D102
        return model.geom("target").pos[:2].copy()

    def goal_marks(self, goal: np.ndarray) -> list[Mark]:  # noqa: D102
        geoms = self.robot.geoms
        height = float(geoms.pos[geoms.index("target"), 2])
        return [Mark(float(goal[0]), float(goal[1]), height, self.target_radius, TARGET_RGB)]


class ReacherHard(ReacherEasy):
    """Touch a target of radius 1.5 cm with the finger and stay there.

    Reward: 1 while the distance between finger and target centre is at most the sum of their radii (2.5 cm), else 0.
    Start: shoulder uniform in [-π, π), wrist uniform in its limits, at rest; target at a uniform angle, 5 to 20 cm from the shoulder.
    End: only at the time limit.
    """

    name = "hard"
    target_radius = 0.015


ROBOT = RobotDefinition(
    name="reacher",
    model=dm_control_model("reacher"),
    control_step=0.02,
    invariances=Invariances(yaw="shoulder"),
    coverage=Coverage(speeds={"shoulder": (-12, 12), "wrist": (-15, 15)}),
    tasks=(ReacherEasy, ReacherHard),
)
