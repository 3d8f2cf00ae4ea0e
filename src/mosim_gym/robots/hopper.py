"""Hopper: a planar robot on one leg, four motors, touch sensors at toe and heel. Four physics steps in a control step."""

from __future__ import annotations

import math

import torch
from torch import Generator, Tensor

from mosim_gym.mechanics import Invariances, centre_of_mass, subtree_velocity
from mosim_gym.robots.definition import Coverage, RobotDefinition, dm_control_model
from mosim_gym.robots.starts import random_joints
from mosim_gym.robots.task import Features, Start, Task
from mosim_gym.robots.tolerance import tolerance

STAND_HEIGHT = 0.6  # m, of the torso's centre of mass above the foot's
HOP_SPEED = 2.0  # m/s


class _Hopper(Task):
    domain = "hopper"
    tags = frozenset({"benchmarking"})
    quantities = {"masses": centre_of_mass(("torso", "foot"))}
    observation_names = {
        "position": "height (m, from the start height), pitch and the four joint angles (rad); horizontal position left out",
        "velocity": "horizontal and vertical velocity (m/s), pitch rate and the four joint rates (rad/s)",
        "touch": "log(1 + force in N) on toe and heel",
    }
    deviations = ("The touch sensors read zero until the first step.",)

    def observation(self, features: Features, goal: Tensor, sensors: Tensor) -> dict[str, Tensor]:
        forward = self.robot.qpos_indices("rootx")
        return {
            "position": features.qpos[..., forward.stop :],
            "velocity": features.qvel,
            "touch": torch.log1p(sensors),
        }

    def standing(self, features: Features) -> Tensor:
        """1 while the torso is `STAND_HEIGHT` to 2 m above the foot, else 0."""
        height = features["masses"][..., 2]
        return tolerance(height[..., 0] - height[..., 1], (STAND_HEIGHT, 2))

    def sample_start(self, generator: Generator, n: int) -> Start:
        qpos = random_joints(self.robot, generator, n)
        return Start(qpos, torch.zeros(n, self.robot.nv, dtype=torch.float64), self.sample_goal(generator, n))


class HopperStand(_Hopper):
    """Stand upright with little effort.

    Reward: 1 while the torso is 0.6 to 2 m above the foot (centres of mass), else 0; times `(c + 4) / 5`, c the mean over the motors of
    a parabola that is 1 at no control and 0 at full control.
    Start: limited joints uniform in their limits, pitch uniform in [-π, π), at rest.
    End: only at the time limit.
    """

    name = "stand"
    tags = frozenset({"benchmarking", "paper"})

    def reward(self, features: Features, action: Tensor, goal: Tensor, sensors: Tensor) -> Tensor:  # noqa: D102
        calm = tolerance(action, margin=1, value_at_margin=0, sigmoid="quadratic").mean(-1)
        return self.standing(features) * (calm + 4) / 5


class HopperHop(_Hopper):
    """Hop forwards.

    Reward: 1 while the torso is 0.6 to 2 m above the foot (centres of mass), else 0; times the tolerance of the body's forward velocity
    at 2 m/s and more, falling linearly to 0.5 at 1 m/s and to 0 at rest.
    Start: limited joints uniform in their limits, pitch uniform in [-π, π), at rest.
    End: only at the time limit.
    """

    name = "hop"
    tags = frozenset({"benchmarking", "paper"})
    quantities = {**_Hopper.quantities, "velocity": subtree_velocity("torso")}

    def reward(self, features: Features, action: Tensor, goal: Tensor, sensors: Tensor) -> Tensor:  # noqa: D102
        speed = features["velocity"][..., 0]
        hopping = tolerance(speed, (HOP_SPEED, math.inf), margin=HOP_SPEED / 2, value_at_margin=0.5, sigmoid="linear")
        return self.standing(features) * hopping


ROBOT = RobotDefinition(
    name="hopper",
    model=dm_control_model("hopper"),
    control_step=0.02,
    invariances=Invariances(translations=("rootx",)),
    sensors=("touch_toe", "touch_heel"),
    pairs=(("torso", "thigh"), ("nose", "thigh"), ("nose", "calf"), ("thigh", "foot")),
    tasks=(HopperStand, HopperHop),
    coverage=Coverage(
        speeds={
            "rootx": (-4, 6),
            "rootz": (-5, 5),
            "rooty": (-12, 12),
            "waist": (-15, 15),
            "hip": (-20, 20),
            "knee": (-20, 20),
            "ankle": (-20, 20),
        },
        height="rootz",
    ),
)
