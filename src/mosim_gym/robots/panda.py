"""Panda: an arm of seven joints with a hand of two fingers, on a table, moved by position controllers. Ten physics steps in a control step.

Commands from -1 to 1 span the range of the angle that a joint is to reach, and of how far the fingers are to open. The model is in
`models/panda.xml`, which says where its figures come from. The forearm, the wrist and the hand touch the table. Flange and hand touch the
column and the upper arm, too. Other parts of the arm pass through one another.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Generator, Tensor

from mosim_gym.mechanics import position, velocity
from mosim_gym.robots.definition import MODELS, Coverage, RobotDefinition, mjcf_file
from mosim_gym.robots.starts import default_positions, uniform
from mosim_gym.robots.task import TARGET_RGB, Features, Mark, Start, Task
from mosim_gym.robots.tolerance import tolerance

READY = {
    "joint1": 0.0,
    "joint2": -math.pi / 4,
    "joint3": 0.0,
    "joint4": -3 * math.pi / 4,
    "joint5": 0.0,
    "joint6": math.pi / 2,
    "joint7": math.pi / 4,
}
"""The pose in which the arm is usually started, rad."""
FINGERS = ("finger_joint1", "finger_joint2")
OPEN = 0.04  # m, of each finger
START_ANGLE = 0.1  # rad
ARRIVED, NEARBY = 0.02, 0.3  # m
BEARING, DISTANCE, HEIGHT = (
    (-math.pi / 2, math.pi / 2),
    (0.3, 0.6),
    (0.1, 0.6),
)  # rad, m and m, of goals as seen from the base


class PandaReach(Task):
    """Bring the point between the fingers to a target and hold it still there.

    Reward: `near · (4 + still) / 5`; near is 1 within 2 cm of the target, falling with the distance beyond with a long tail that is 0.1
    another 30 cm away; still is 1 where the point rests, falling with its speed as a Gaussian that is 0.1 at 1 m/s.
    Start: each joint within 0.1 rad of the ready pose, fingers equally wide open, at rest; target in the half cylinder in front of the
    base, 30 to 60 cm from its axis and 10 to 60 cm above the table.
    End: only at the time limit.
    """

    domain, name = "panda", "reach"
    tags = frozenset({"paper"})
    in_dm_control = False
    quantities = {"point": position("site", "tcp"), "speed": velocity("site", "tcp")}
    goal_names = ("target_x", "target_y", "target_z")
    observation_names = {
        "position": "the seven joints (rad) and the two fingers (m)",
        "to_target": "from the point between the fingers to the target (m)",
        "velocity": "of the seven joints (rad/s) and the two fingers (m/s)",
    }
    hidden_geoms = ("target",)

    def observation(self, features: Features, goal: Tensor, sensors: Tensor) -> dict[str, Tensor]:  # noqa: D102
        return {"position": features.qpos, "to_target": goal - features["point"], "velocity": features.qvel}

    def reward(self, features: Features, action: Tensor, goal: Tensor, sensors: Tensor) -> Tensor:  # noqa: D102
        distance = (goal - features["point"]).norm(dim=-1)
        near = tolerance(distance, (0, ARRIVED), margin=NEARBY, sigmoid="long_tail")
        still = tolerance(features["speed"].norm(dim=-1), margin=1)
        return near * (4 + still) / 5

    def sample_start(self, generator: Generator, n: int) -> Start:  # noqa: D102
        qpos = default_positions(self.robot, n)
        for name, angle in READY.items():
            turn = uniform(generator, (n, 1), -START_ANGLE, START_ANGLE)
            qpos[:, self.robot.qpos_indices(name)] = angle + turn
        opening = uniform(generator, (n, 1), 0, OPEN)
        for name in FINGERS:
            qpos[:, self.robot.qpos_indices(name)] = opening
        return Start(qpos, torch.zeros(n, self.robot.nv, dtype=torch.float64), self.sample_goal(generator, n))

    def sample_goal(self, generator: Generator, n: int) -> Tensor:  # noqa: D102
        bearing = uniform(generator, (n,), *BEARING)
        distance = uniform(generator, (n,), DISTANCE[0] ** 2, DISTANCE[1] ** 2).sqrt()
        height = uniform(generator, (n,), *HEIGHT)
        return torch.stack((distance * bearing.cos(), distance * bearing.sin(), height), dim=-1)

    def place_goal(self, model: Any, goal: np.ndarray) -> None:  # noqa: D102
        model.geom("target").pos[:] = goal

    def read_goal(self, model: Any) -> np.ndarray:  # noqa: D102
        return model.geom("target").pos.copy()

    def goal_marks(self, goal: np.ndarray) -> list[Mark]:  # noqa: D102
        x, y, z = (float(c) for c in goal)
        return [Mark(x, y, z, ARRIVED, TARGET_RGB)]


ROBOT = RobotDefinition(
    name="panda",
    model=mjcf_file(MODELS / "panda.xml"),
    control_step=0.02,
    tasks=(PandaReach,),
    pairs=tuple((end, base) for end in ("hand", "flange") for base in ("column", "upper_arm")),
    coverage=Coverage(
        speeds={
            "joint1": (-20, 20),
            "joint2": (-14, 14),
            "joint3": (-20, 20),
            "joint4": (-14, 14),
            "joint5": (-14, 14),
            "joint6": (-14, 14),
            "joint7": (-14, 14),
            **dict.fromkeys(FINGERS, (-0.5, 0.5)),
        },
        clear=True,
    ),
)
