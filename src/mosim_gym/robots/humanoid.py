"""Humanoid: 21 motors on a floating base, 40 kg. Five physics steps in a control step."""

from __future__ import annotations

import math
from typing import ClassVar

import torch
from torch import Tensor

from mosim_gym.mechanics import Invariances, position, rotation, subtree_velocity
from mosim_gym.robots.definition import Coverage, RobotDefinition, dm_control_model
from mosim_gym.robots.task import Features, Task
from mosim_gym.robots.tolerance import tolerance

STAND_HEIGHT = 1.4  # m, of the head
WALK_SPEED, RUN_SPEED = 1.0, 10.0  # m/s
LIMBS = ("left_hand", "left_foot", "right_hand", "right_foot")
START = "Starts are drawn from 2,048 starts of the true task, which rejects those that touch anything."


class _Humanoid(Task):
    domain = "humanoid"
    tags = frozenset({"benchmarking", "paper"})
    quantities = {
        "torso": rotation("body", "torso"),
        "places": position("body", ("torso", "head", *LIMBS)),
        "velocity": subtree_velocity("torso"),
    }
    observation_names = {
        "joint_angles": "the 21 joints (rad)",
        "head_height": "of the head (m)",
        "extremities": "left hand and foot, right hand and foot from the torso, in its axes (m)",
        "torso_vertical": "the world's vertical in the torso's axes",
        "com_velocity": "of the centre of mass (m/s)",
        "velocity": "of the base (m/s in the world's axes, rad/s in its own) and of the joints (rad/s)",
    }
    deviations = (START,)

    def observation(self, features: Features, goal: Tensor, sensors: Tensor) -> dict[str, Tensor]:
        turn, places = features["torso"], features["places"]
        base = self.robot.qpos_indices("root")
        limbs = (places[..., 2:, :] - places[..., :1, :]) @ turn
        return {
            "joint_angles": features.qpos[..., base.stop :],
            "head_height": places[..., 1, 2],
            "extremities": limbs.flatten(-2),
            "torso_vertical": turn[..., 2, :],
            "com_velocity": features["velocity"],
            "velocity": features.qvel,
        }

    def posture(self, features: Features, action: Tensor) -> Tensor:
        """The reward for standing high, straight and with little effort, `(B,)` from 0 to 1."""
        head, upright = features["places"][..., 1, 2], features["torso"][..., 2, 2]
        high = tolerance(head, (STAND_HEIGHT, math.inf), margin=STAND_HEIGHT / 4)
        straight = tolerance(upright, (0.9, math.inf), margin=1.9, value_at_margin=0, sigmoid="linear")
        calm = tolerance(action, margin=1, value_at_margin=0, sigmoid="quadratic").mean(-1)
        return high * straight * (4 + calm) / 5


class HumanoidStand(_Humanoid):
    """Stand up and stay where you are.

    Reward: the product of the head's height (1 from 1.4 m, falling below as a Gaussian that is 0.1 at 1.05 m), of uprightness (1 where
    the torso's axis is within 26 degrees of vertical, falling linearly to 0 upside down), of `(4 + c) / 5`, c the mean over the motors of
    a parabola that is 1 at no control and 0 at full control, and of stillness (the mean over x and y of a Gaussian of the centre of mass's
    velocity that is 0.1 at 2 m/s).
    Start: joints uniform in their limits, any orientation, height 1.5 m, touching nothing, at rest.
    End: only at the time limit.
    """

    name = "stand"

    def reward(self, features: Features, action: Tensor, goal: Tensor, sensors: Tensor) -> Tensor:  # noqa: D102
        still = tolerance(features["velocity"][..., :2], margin=2).mean(-1)
        return self.posture(features, action) * still


class _Moving(_Humanoid):
    speed: ClassVar[float]
    """The speed over ground, m/s, from which the reward for moving is full."""

    def reward(self, features: Features, action: Tensor, goal: Tensor, sensors: Tensor) -> Tensor:
        speed = torch.linalg.vector_norm(features["velocity"][..., :2], dim=-1)
        move = tolerance(speed, (self.speed, math.inf), margin=self.speed, value_at_margin=0, sigmoid="linear")
        return self.posture(features, action) * (5 * move + 1) / 6


class HumanoidWalk(_Moving):
    """Walk in any direction.

    Reward: HumanoidStand's without stillness, times `(5 m + 1) / 6`; m is 1 where the centre of mass moves at 1 m/s or faster over
    ground, and falls linearly to 0 at rest.
    Start: joints uniform in their limits, any orientation, height 1.5 m, touching nothing, at rest.
    End: only at the time limit.
    """

    name = "walk"
    speed = WALK_SPEED


class HumanoidRun(_Moving):
    """Run in any direction.

    Reward: HumanoidStand's without stillness, times `(5 m + 1) / 6`; m is 1 where the centre of mass moves at 10 m/s or faster over
    ground, and falls linearly to 0 at rest.
    Start: joints uniform in their limits, any orientation, height 1.5 m, touching nothing, at rest.
    End: only at the time limit.
    """

    name = "run"
    speed = RUN_SPEED


def _speeds() -> dict[str, tuple[float, float]]:
    base = {f"root.{axis}": (-4.0, 4.0) for axis in "xyz"} | {f"root.w{axis}": (-8.0, 8.0) for axis in "xyz"}
    trunk = dict.fromkeys(("abdomen_z", "abdomen_y", "abdomen_x"), (-10.0, 10.0))
    legs, arms = ("hip_x", "hip_z", "hip_y", "knee", "ankle_y", "ankle_x"), ("shoulder1", "shoulder2", "elbow")
    limbs = {f"{side}_{joint}": (-15.0, 15.0) for side in ("right", "left") for joint in (*legs, *arms)}
    return {**base, **trunk, **limbs}


_TOUCHING = (
    ("butt", "left_right_foot"),
    ("butt", "left_left_foot"),
    ("butt", "left_shin"),
    ("left_hand", "torso"),
    ("left_right_foot", "right_thigh"),
    ("left_left_foot", "left_thigh"),
    ("left_lower_arm", "lower_waist"),
    ("left_lower_arm", "torso"),
    ("left_upper_arm", "lower_waist"),
    ("left_lower_arm", "upper_waist"),
    ("left_shin", "right_thigh"),
    ("head", "left_hand"),
    ("left_right_foot", "right_shin"),
    ("left_thigh", "right_thigh"),
    ("butt", "left_lower_arm"),
    ("left_shin", "right_shin"),
    ("left_right_foot", "left_thigh"),
    ("left_right_foot", "right_left_foot"),
)
"""Body parts that meet most often, one side's; together with the other side's those of one state in a hundred and more."""


def _mirrored(pairs: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """`pairs` and those of the other side, each once."""
    sides = {"left": "right", "right": "left"}

    def other(name: str) -> str:
        return "_".join(sides.get(part, part) for part in name.split("_"))

    every = {frozenset(pair): pair for one in pairs for pair in (one, (other(one[0]), other(one[1])))}
    return tuple(every.values())


ROBOT = RobotDefinition(
    name="humanoid",
    model=dm_control_model("humanoid"),
    control_step=0.025,
    invariances=Invariances(translations=("root.x", "root.y"), yaw="root"),
    pairs=_mirrored(_TOUCHING),
    tasks=(HumanoidStand, HumanoidWalk, HumanoidRun),
    coverage=Coverage(speeds=_speeds(), height="root", overshoot=0.2),
    bank_size=2048,
)
