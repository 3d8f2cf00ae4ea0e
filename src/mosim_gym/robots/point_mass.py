"""Point mass: 300 g on a square of 58 cm, pushed in x and y through two tendons."""

from __future__ import annotations

import torch
from torch import Generator, Tensor

from mosim_gym.mechanics import position
from mosim_gym.robots.definition import Coverage, RobotDefinition, dm_control_model
from mosim_gym.robots.starts import random_joints
from mosim_gym.robots.task import Features, Start, Task
from mosim_gym.robots.tolerance import tolerance


class PointMassEasy(Task):
    """Rest at the centre with little effort.

    Reward: 1 within 1.5 cm of the centre, falling with the distance beyond as a Gaussian that is 0.1 another 1.5 cm away; times
    `(c + 4) / 5`, c the mean over the motors of a parabola that is 1 at no control and 0 at full control.
    Start: uniform on the square, at rest.
    End: only at the time limit.
    """

    domain, name = "point_mass", "easy"
    tags = frozenset({"benchmarking"})
    quantities = {"mass": position("geom", ("pointmass", "target"))}
    observation_names = {"position": "x and y (m)", "velocity": "in x and y (m/s)"}
    deviations = (
        "dm_control's `hard` variant, whose motors push in directions that an agent cannot see, is left out.",
    )

    def observation(self, features: Features, goal: Tensor, sensors: Tensor) -> dict[str, Tensor]:  # noqa: D102
        return {"position": features.qpos, "velocity": features.qvel}

    def reward(self, features: Features, action: Tensor, goal: Tensor, sensors: Tensor) -> Tensor:  # noqa: D102
        places, geoms = features["mass"], self.robot.geoms
        radius = float(geoms.size[geoms.index("target"), 0])
        distance = (places[..., 1, :] - places[..., 0, :]).norm(dim=-1)
        near = tolerance(distance, (0, radius), margin=radius)
        calm = tolerance(action, margin=1, value_at_margin=0, sigmoid="quadratic").mean(-1)
        return near * (calm + 4) / 5

    def sample_start(self, generator: Generator, n: int) -> Start:  # noqa: D102
        qpos = random_joints(self.robot, generator, n)
        return Start(qpos, torch.zeros(n, self.robot.nv, dtype=torch.float64), self.sample_goal(generator, n))


ROBOT = RobotDefinition(
    name="point_mass",
    model=dm_control_model("point_mass"),
    control_step=0.02,
    tasks=(PointMassEasy,),
    preset="small",
    coverage=Coverage(speeds={"root_x": (-1, 1), "root_y": (-1, 1)}),
)
