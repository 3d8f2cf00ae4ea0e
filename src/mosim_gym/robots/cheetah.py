"""Cheetah: a planar running biped of seven links, six motors, 14 kg."""

from __future__ import annotations

import math

from torch import Tensor

from mosim_gym.mechanics import Invariances, subtree_velocity
from mosim_gym.robots.definition import Coverage, RobotDefinition, dm_control_model
from mosim_gym.robots.task import Features, Task
from mosim_gym.robots.tolerance import tolerance

RUN_SPEED = 10.0  # m/s at which the reward saturates


class CheetahRun(Task):
    """Run forwards as fast as possible.

    Reward: `clip(v / 10, 0, 1)`, v the forward velocity of the whole body's centre of mass in m/s.
    Start: joints uniform in their limits, then two seconds of settling without control.
    End: only at the time limit.
    """

    domain, name = "cheetah", "run"
    tags = frozenset({"benchmarking", "paper"})
    quantities = {"torso_velocity": subtree_velocity("torso")}
    observation_names = {
        "position": "height (m, from the start height), pitch and the six joint angles (rad); horizontal position left out",
        "velocity": "horizontal and vertical velocity (m/s), pitch rate and the six joint rates (rad/s)",
    }
    deviations = ("Starts are drawn from 4,096 settled starts of the true task.",)

    def observation(self, features: Features, goal: Tensor, sensors: Tensor) -> dict[str, Tensor]:  # noqa: D102
        forward = self.robot.qpos_indices("rootx")
        return {"position": features.qpos[..., forward.stop :], "velocity": features.qvel}

    def reward(self, features: Features, action: Tensor, goal: Tensor, sensors: Tensor) -> Tensor:  # noqa: D102
        speed = features["torso_velocity"][..., 0]
        return tolerance(speed, (RUN_SPEED, math.inf), margin=RUN_SPEED, value_at_margin=0, sigmoid="linear")


ROBOT = RobotDefinition(
    name="cheetah",
    model=dm_control_model("cheetah"),
    control_step=0.01,
    invariances=Invariances(translations=("rootx",)),
    tasks=(CheetahRun,),
    coverage=Coverage(
        speeds={
            "rootx": (-4, 12),
            "rootz": (-4, 4),
            "rooty": (-10, 10),
            "bthigh": (-30, 30),
            "bshin": (-30, 30),
            "bfoot": (-30, 30),
            "fthigh": (-30, 30),
            "fshin": (-30, 30),
            "ffoot": (-30, 30),
        },
        height="rootz",
    ),
    bank_size=4096,
)
