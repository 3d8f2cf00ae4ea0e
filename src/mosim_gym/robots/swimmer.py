"""Swimmers: chains of 6 or 15 links that push against a viscous fluid in the plane. Fifteen physics steps in a control step."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import torch
from torch import Generator, Tensor

from mosim_gym.mechanics import Invariances, angular_velocity, position, rotation, velocity
from mosim_gym.robots.definition import Coverage, RobotDefinition, dm_control_model
from mosim_gym.robots.starts import random_joints, uniform
from mosim_gym.robots.task import TARGET_RGB, Features, Mark, Start, Task
from mosim_gym.robots.tolerance import tolerance

NEAR_SHARE, NEAR, FAR = 0.2, 0.3, 2.0  # a fifth of the targets within 30 cm in x and y, the others within 2 m


class _Swimmer(Task):
    domain = "swimmer"
    tags = frozenset({"benchmarking"})
    links: ClassVar[int]
    goal_names = ("target_x", "target_y")
    observation_names = {
        "joints": "between neighbouring links (rad)",
        "to_target": "from the nose to the target in the head's axes (m)",
        "body_velocities": "of each link, the head first, along and across it (m/s), and its turning rate (rad/s)",
    }
    hidden_geoms = ("target",)

    def __init_subclass__(cls) -> None:
        """Name the sites of all links."""
        sites = ("head", *(f"site_{i}" for i in range(cls.links - 1)))
        cls.quantities = {
            "head": rotation("body", "head"),
            "nose": position("geom", "nose"),
            "turns": rotation("site", sites),
            "speeds": velocity("site", sites),
            "spins": angular_velocity("site", sites),
        }

    def observation(self, features: Features, goal: Tensor, sensors: Tensor) -> dict[str, Tensor]:
        local = (features["speeds"].unsqueeze(-2) @ features["turns"]).squeeze(-2)
        spins = (features["spins"].unsqueeze(-2) @ features["turns"]).squeeze(-2)
        root = self.robot.qpos_indices("rootz")
        return {
            "joints": features.qpos[..., root.stop :],
            "to_target": self.to_target(features, goal),
            "body_velocities": torch.cat((local[..., :2], spins[..., 2:]), dim=-1).flatten(-2),
        }

    def to_target(self, features: Features, goal: Tensor) -> Tensor:
        """From the nose to the target in the head's plane and axes, `(B, 2)` in m."""
        geoms = self.robot.geoms
        height = goal.new_full((*goal.shape[:-1], 1), float(geoms.pos[geoms.index("target"), 2]))
        away = torch.cat((goal, height), dim=-1) - features["nose"]
        return (away.unsqueeze(-2) @ features["head"]).squeeze(-2)[..., :2]

    def reward(self, features: Features, action: Tensor, goal: Tensor, sensors: Tensor) -> Tensor:
        geoms = self.robot.geoms
        radius = float(geoms.size[geoms.index("target"), 0])
        distance = self.to_target(features, goal).norm(dim=-1)
        return tolerance(distance, (0, radius), margin=5 * radius, sigmoid="long_tail")

    def sample_start(self, generator: Generator, n: int) -> Start:
        qpos = random_joints(self.robot, generator, n)
        return Start(qpos, torch.zeros(n, self.robot.nv, dtype=torch.float64), self.sample_goal(generator, n))

    def sample_goal(self, generator: Generator, n: int) -> Tensor:
        near = uniform(generator, (n, 1), 0, 1) < NEAR_SHARE
        return uniform(generator, (n, 2), -1, 1) * torch.where(near, NEAR, FAR)

    def place_goal(self, model: Any, goal: np.ndarray) -> None:
        model.geom("target").pos[:2] = goal
        model.light("target_light").pos[:2] = goal

    def read_goal(self, model: Any) -> np.ndarray:
        return model.geom("target").pos[:2].copy()

    def goal_marks(self, goal: np.ndarray) -> list[Mark]:
        geoms = self.robot.geoms
        row = geoms.index("target")
        return [Mark(float(goal[0]), float(goal[1]), float(geoms.pos[row, 2]), float(geoms.size[row, 0]), TARGET_RGB)]


class SwimmerSwimmer6(_Swimmer):
    """Swim to a target with six links.

    Reward: 1 while the nose is within 10 cm of the target's centre, falling with the distance beyond with a long tail that is 0.1 another
    50 cm away.
    Start: heading and joints uniform, at rest; target uniform in a square of 4 m, one in five in a square of 60 cm.
    End: only at the time limit.
    """

    name = "swimmer6"
    links = 6


class SwimmerSwimmer15(_Swimmer):
    """Swim to a target with fifteen links.

    Reward: 1 while the nose is within 10 cm of the target's centre, falling with the distance beyond with a long tail that is 0.1 another
    50 cm away.
    Start: heading and joints uniform, at rest; target uniform in a square of 4 m, one in five in a square of 60 cm.
    End: only at the time limit.
    """

    name = "swimmer15"
    links = 15


def _robot(task: type[_Swimmer]) -> RobotDefinition:
    joints = {f"joint_{i}": (-10.0, 10.0) for i in range(task.links - 1)}
    return RobotDefinition(
        name=task.name,
        model=dm_control_model("swimmer", task.links),
        control_step=0.03,
        invariances=Invariances(translations=("rootx", "rooty")),
        tasks=(task,),
        coverage=Coverage(
            speeds={"rootx": (-1.0, 1.0), "rooty": (-1.0, 1.0), "rootz": (-10.0, 10.0), **joints}, overshoot=0.3
        ),
    )


ROBOTS = (_robot(SwimmerSwimmer6), _robot(SwimmerSwimmer15))
