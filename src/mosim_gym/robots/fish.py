"""Fish: a floating body in weightless water, with a tail and two fins moved by servos. Ten physics steps in a control step."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Generator, Tensor

from mosim_gym.mechanics import Invariances, position, rotation
from mosim_gym.robots.definition import Coverage, RobotDefinition, dm_control_model
from mosim_gym.robots.starts import default_positions, normal, uniform
from mosim_gym.robots.task import TARGET_RGB, Features, Mark, Start, Task
from mosim_gym.robots.tolerance import tolerance

JOINTS = ("tail1", "tail_twist", "tail2", "finright_roll", "finright_pitch", "finleft_roll", "finleft_pitch")
START_ANGLE = 0.2  # rad


class FishUpright(Task):
    """Turn upright.

    Reward: 1 where the torso's vertical axis points up, falling with its vertical component as a Gaussian that is 0.1 on the side.
    Start: any orientation, joints uniform within 0.2 rad, at rest.
    End: only at the time limit.
    """

    domain, name = "fish", "upright"
    tags = frozenset({"benchmarking"})
    quantities = {"torso": rotation("body", "torso")}
    observation_names = {
        "joint_angles": "tail and fins (rad)",
        "upright": "the vertical component of the torso's vertical axis",
        "velocity": "of the base (m/s in the world's axes, rad/s in its own) and of the joints (rad/s)",
    }
    hidden_geoms = ("target",)

    def observation(self, features: Features, goal: Tensor, sensors: Tensor) -> dict[str, Tensor]:  # noqa: D102
        return {
            "joint_angles": torch.cat([features.joint(name) for name in JOINTS], dim=-1),
            "upright": features["torso"][..., 2, 2],
            "velocity": features.qvel,
        }

    def reward(self, features: Features, action: Tensor, goal: Tensor, sensors: Tensor) -> Tensor:  # noqa: D102
        return tolerance(features["torso"][..., 2, 2], (1, 1), margin=1)

    def sample_start(self, generator: Generator, n: int) -> Start:  # noqa: D102
        qpos = default_positions(self.robot, n)
        root = self.robot.qpos_indices("root")
        turn = normal(generator, (n, 4), 1.0)
        qpos[:, root.start + 3 : root.stop] = turn / turn.norm(dim=1, keepdim=True)
        for name in JOINTS:
            qpos[:, self.robot.qpos_indices(name)] = uniform(generator, (n, 1), -START_ANGLE, START_ANGLE)
        return Start(qpos, torch.zeros(n, self.robot.nv, dtype=torch.float64), self.sample_goal(generator, n))


class FishSwim(FishUpright):
    """Swim to a target, upright.

    Reward: `(7 t + u) / 8`; t is 1 while mouth and target touch, falling with their distance as a Gaussian that is 0.1 two radii away; u
    goes from 0 to 1 as the torso turns from upside down to upright.
    Start: any orientation, joints uniform within 0.2 rad, at rest; target uniform in a box of 80 by 80 by 20 cm.
    End: only at the time limit.
    """

    name = "swim"
    quantities = {
        **FishUpright.quantities,
        "mouth": position("geom", "mouth"),
        "mouth_axes": rotation("geom", "mouth"),
    }
    goal_names = ("target_x", "target_y", "target_z")
    observation_names = {
        "joint_angles": FishUpright.observation_names["joint_angles"],
        "upright": FishUpright.observation_names["upright"],
        "target": "from the mouth to the target in the mouth's axes (m)",
        "velocity": FishUpright.observation_names["velocity"],
    }

    def to_target(self, features: Features, goal: Tensor) -> Tensor:
        """From the mouth to the target in the mouth's axes, `(B, 3)` in m."""
        return ((goal - features["mouth"]).unsqueeze(-2) @ features["mouth_axes"]).squeeze(-2)

    def observation(self, features: Features, goal: Tensor, sensors: Tensor) -> dict[str, Tensor]:  # noqa: D102
        parts = super().observation(features, goal, sensors)
        speed = parts.pop("velocity")
        return {**parts, "target": self.to_target(features, goal), "velocity": speed}

    def reward(self, features: Features, action: Tensor, goal: Tensor, sensors: Tensor) -> Tensor:  # noqa: D102
        geoms = self.robot.geoms
        radii = float(geoms.size[geoms.index("mouth"), 0] + geoms.size[geoms.index("target"), 0])
        there = tolerance(self.to_target(features, goal).norm(dim=-1), (0, radii), margin=2 * radii)
        return (7 * there + (features["torso"][..., 2, 2] + 1) / 2) / 8

    def sample_goal(self, generator: Generator, n: int) -> Tensor:  # noqa: D102
        flat = uniform(generator, (n, 2), -0.4, 0.4)
        return torch.cat((flat, uniform(generator, (n, 1), 0.1, 0.3)), dim=1)

    def place_goal(self, model: Any, goal: np.ndarray) -> None:  # noqa: D102
        model.geom("target").pos[:] = goal

    def read_goal(self, model: Any) -> np.ndarray:  # noqa: D102
        return model.geom("target").pos.copy()

    def goal_marks(self, goal: np.ndarray) -> list[Mark]:  # noqa: D102
        geoms = self.robot.geoms
        x, y, z = (float(c) for c in goal)
        return [Mark(x, y, z, float(geoms.size[geoms.index("target"), 0]), TARGET_RGB)]


ROBOT = RobotDefinition(
    name="fish",
    model=dm_control_model("fish"),
    control_step=0.04,
    invariances=Invariances(translations=("root.x", "root.y", "root.z"), yaw="root"),
    tasks=(FishUpright, FishSwim),
    coverage=Coverage(
        speeds={
            **{f"root.{axis}": (-0.6, 0.6) for axis in "xyz"},
            **{f"root.w{axis}": (-8.0, 8.0) for axis in "xyz"},
            **dict.fromkeys(JOINTS, (-15.0, 15.0)),
        },
        positions=dict.fromkeys(JOINTS, (-1.2, 1.2)),
    ),
)
