"""`Pose`: the task of bringing all joints of a robot to angles that are drawn at reset. Robots' files make a task of it."""

from __future__ import annotations

import torch
from torch import Generator, Tensor

from mosim_gym.mechanics import Robot
from mosim_gym.robots.starts import default_positions, uniform
from mosim_gym.robots.task import Features, Start, Task
from mosim_gym.robots.tolerance import tolerance

ARRIVED, NEARBY = 0.05, 0.5  # rad
INNER = 0.8
"""The share of each joint's range, in its middle, from which goals are drawn."""


class Pose(Task):
    """Bring every joint, each a hinge with limits, to its goal."""

    name = "pose"
    in_dm_control = False
    observation_names = {
        "position": "angles of the joints (rad)",
        "to_goal": "from these angles to the goal's (rad)",
        "velocity": "of the joints (rad/s)",
    }

    def __init__(self, robot: Robot) -> None:
        """Name the goal's angles after the joints."""
        super().__init__(robot)
        self.goal_names = tuple(f"goal_{name}" for name in robot.joints.names)

    def observation(self, features: Features, goal: Tensor, sensors: Tensor) -> dict[str, Tensor]:
        """Angles, the way to the goal, and velocities."""
        return {"position": features.qpos, "to_goal": goal - features.qpos, "velocity": features.qvel}

    def reward(self, features: Features, action: Tensor, goal: Tensor, sensors: Tensor) -> Tensor:
        """The mean over joints of how near each is to its goal, `(B,)` from 0 to 1."""
        away = (goal - features.qpos).abs()
        return tolerance(away, (0, ARRIVED), margin=NEARBY, sigmoid="long_tail").mean(-1)

    def sample_start(self, generator: Generator, n: int) -> Start:
        """Joints anywhere in their ranges, at rest."""
        qpos = default_positions(self.robot, n)
        qpos[:] = self._angles(generator, n, 1.0)
        return Start(qpos, torch.zeros(n, self.robot.nv, dtype=torch.float64), self.sample_goal(generator, n))

    def sample_goal(self, generator: Generator, n: int) -> Tensor:
        """Angles in the middle of the joints' ranges."""
        return self._angles(generator, n, INNER)

    def _angles(self, generator: Generator, n: int, share: float) -> Tensor:
        low, high = torch.tensor(self.robot.joints.range).T
        return (low + high) / 2 + share * (high - low) / 2 * uniform(generator, (n, self.robot.nq), -1, 1)
