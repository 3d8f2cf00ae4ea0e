"""Walker: a planar biped with a tall torso, six motors. Ten physics steps in a control step."""

from __future__ import annotations

import math
from typing import ClassVar

import torch
from torch import Generator, Tensor

from mosim_gym.mechanics import Invariances, position, rotation, subtree_velocity
from mosim_gym.robots.definition import Coverage, RobotDefinition, dm_control_model
from mosim_gym.robots.starts import random_joints
from mosim_gym.robots.task import Features, Start, Task
from mosim_gym.robots.tolerance import tolerance

BODIES = ("torso", "right_thigh", "right_leg", "right_foot", "left_thigh", "left_leg", "left_foot")
STAND_HEIGHT = 1.2  # m, of the torso


class _Walker(Task):
    """The posture's reward is `(3 s + u) / 4`. s is 1 where the torso is at least 1.2 m high, and falls below as a Gaussian that is 0.1
    at 0.6 m. u goes from 0 to 1 as the torso turns from upside down to upright.
    """

    domain = "walker"
    tags = frozenset({"benchmarking"})
    quantities = {"bodies": rotation("body", BODIES), "torso": position("body", "torso")}
    observation_names = {
        "orientations": "of each body, the torso first, the world's x component of its own x and z axis",
        "height": "of the torso (m)",
        "velocity": "vertical and horizontal velocity (m/s), pitch rate and the six joint rates (rad/s)",
    }
    speed: ClassVar[float]
    """The forward velocity, m/s, from which the reward for moving is full."""

    def observation(self, features: Features, goal: Tensor, sensors: Tensor) -> dict[str, Tensor]:
        return {
            "orientations": features["bodies"][..., 0, [0, 2]].flatten(-2),
            "height": features["torso"][..., 2],
            "velocity": features.qvel,
        }

    def reward(self, features: Features, action: Tensor, goal: Tensor, sensors: Tensor) -> Tensor:
        return self.posture(features)

    def posture(self, features: Features) -> Tensor:
        """The reward for standing high and upright, `(B,)` from 0 to 1."""
        standing = tolerance(features["torso"][..., 2], (STAND_HEIGHT, math.inf), margin=STAND_HEIGHT / 2)
        upright = (1 + features["bodies"][..., 0, 2, 2]) / 2
        return (3 * standing + upright) / 4

    def sample_start(self, generator: Generator, n: int) -> Start:
        qpos = random_joints(self.robot, generator, n)
        return Start(qpos, torch.zeros(n, self.robot.nv, dtype=torch.float64), self.sample_goal(generator, n))


class WalkerStand(_Walker):
    """Stand upright.

    Reward: `(3 s + u) / 4`; s is 1 where the torso is at least 1.2 m high and falls below that as a Gaussian that is 0.1 at 0.6 m; u goes
    from 0 to 1 as the torso turns from upside down to upright.
    Start: limited joints uniform in their limits, pitch uniform in [-π, π), at rest.
    End: only at the time limit.
    """

    name = "stand"


class _Moving(_Walker):
    quantities = {**_Walker.quantities, "velocity": subtree_velocity("torso")}

    def reward(self, features: Features, action: Tensor, goal: Tensor, sensors: Tensor) -> Tensor:
        moving = tolerance(
            features["velocity"][..., 0],
            (self.speed, math.inf),
            margin=self.speed / 2,
            value_at_margin=0.5,
            sigmoid="linear",
        )
        return self.posture(features) * (5 * moving + 1) / 6


class WalkerWalk(_Moving):
    """Walk forwards.

    Reward: WalkerStand's, times `(5 m + 1) / 6`; m is 1 where the body's forward velocity is at least 1 m/s, and falls linearly to 0 at
    rest.
    Start: limited joints uniform in their limits, pitch uniform in [-π, π), at rest.
    End: only at the time limit.
    """

    name = "walk"
    speed = 1.0


class WalkerRun(_Moving):
    """Run forwards.

    Reward: WalkerStand's, times `(5 m + 1) / 6`; m is 1 where the body's forward velocity is at least 8 m/s, and falls linearly to 0 at
    rest.
    Start: limited joints uniform in their limits, pitch uniform in [-π, π), at rest.
    End: only at the time limit.
    """

    name = "run"
    speed = 8.0


ROBOT = RobotDefinition(
    name="walker",
    model=dm_control_model("walker"),
    control_step=0.025,
    invariances=Invariances(translations=("rootx",)),
    tasks=(WalkerStand, WalkerWalk, WalkerRun),
    coverage=Coverage(
        speeds={
            "rootz": (-5, 5),
            "rootx": (-4, 9),
            "rooty": (-12, 12),
            "right_hip": (-20, 20),
            "right_knee": (-25, 25),
            "right_ankle": (-25, 25),
            "left_hip": (-20, 20),
            "left_knee": (-25, 25),
            "left_ankle": (-25, 25),
        },
        height="rootz",
    ),
)
