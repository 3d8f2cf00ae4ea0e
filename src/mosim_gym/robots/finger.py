"""Finger: two motors that push a free spinner, touch sensors at the tip. Two physics steps in a control step, no gravity.

dm_control damps the spinner less for spinning than for turning, so there are two robots.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Generator, Tensor

from mosim_gym.mechanics import position
from mosim_gym.robots.definition import Assets, Coverage, RobotDefinition, dm_control_model
from mosim_gym.robots.starts import uniform
from mosim_gym.robots.task import TARGET_RGB, Features, Mark, Task

SPIN_SPEED = 15.0  # rad/s
TURNING_DAMPING, SPINNING_DAMPING = 'frictionloss=".1" damping=".5"', 'frictionloss=".1" damping=".03"'
START = "Starts are drawn from 1,024 starts of the true task, which rejects those that touch anything."
TOUCH = "The touch sensors read zero until the first step."
IN_PLANE = [0, 2]  # x and z


class _Finger(Task):
    domain = "finger"
    tags = frozenset({"benchmarking"})
    quantities = {"tip": position("site", "tip"), "spinner": position("body", "spinner")}
    observation_names = {
        "position": "the finger's joints (rad), and the spinner's tip from its hinge, horizontal and vertical (m)",
        "velocity": "of the finger's joints and of the spinner's hinge (rad/s)",
        "touch": "log(1 + force in N) on the top and the bottom of the fingertip",
    }
    deviations = (START, TOUCH)

    def observation(self, features: Features, goal: Tensor, sensors: Tensor) -> dict[str, Tensor]:
        joints = torch.cat((features.joint("proximal"), features.joint("distal")), dim=-1)
        return {
            "position": torch.cat((joints, self.tip(features)), dim=-1),
            "velocity": features.qvel,
            "touch": torch.log1p(sensors),
        }

    def tip(self, features: Features) -> Tensor:
        """The spinner's tip from its hinge, `(B, 2)` in m."""
        return (features["tip"] - features["spinner"])[..., IN_PLANE]


class FingerSpin(_Finger):
    """Keep the spinner spinning.

    Reward: 1 while the spinner's hinge turns at -15 rad/s or faster, else 0.
    Start: all joints uniform (in their limits, if any) where nothing touches, at rest.
    End: only at the time limit.
    """

    name = "spin"

    def reward(self, features: Features, action: Tensor, goal: Tensor, sensors: Tensor) -> Tensor:  # noqa: D102
        spin = features.joint_velocity("hinge")[..., 0]
        return (spin <= -SPIN_SPEED).to(spin.dtype)


class FingerTurnEasy(_Finger):
    """Turn the spinner's tip to a target of radius 7 cm and keep it there.

    Reward: 1 while the tip is inside the target, else 0.
    Start: all joints uniform (in their limits, if any) where nothing touches, at rest; target at a uniform angle around the hinge.
    End: only at the time limit.
    """

    name = "turn_easy"
    goal_names = ("target_x", "target_z")
    observation_names = {
        **_Finger.observation_names,
        "target_position": "the target from the spinner's hinge, horizontal and vertical (m)",
        "dist_to_target": "from the tip to the target's surface, negative inside (m)",
    }
    target_radius: ClassVar[float] = 0.07

    def distance(self, features: Features, goal: Tensor) -> Tensor:
        """From the tip to the target's surface, `(B,)` in m, negative inside."""
        return (self.target(features, goal) - self.tip(features)).norm(dim=-1) - self.target_radius

    def target(self, features: Features, goal: Tensor) -> Tensor:
        """The target from the hinge, `(B, 2)` in m."""
        return goal - features["spinner"][..., IN_PLANE]

    def observation(self, features: Features, goal: Tensor, sensors: Tensor) -> dict[str, Tensor]:  # noqa: D102
        return {
            **super().observation(features, goal, sensors),
            "target_position": self.target(features, goal),
            "dist_to_target": self.distance(features, goal),
        }

    def reward(self, features: Features, action: Tensor, goal: Tensor, sensors: Tensor) -> Tensor:  # noqa: D102
        return (self.distance(features, goal) <= 0).to(goal.dtype)

    def sample_goal(self, generator: Generator, n: int) -> Tensor:  # noqa: D102
        bodies, geoms = self.robot.bodies, self.robot.geoms
        x, _, z = (float(c) for c in bodies.pos[bodies.index("spinner")])
        radius = float(geoms.size[geoms.index("cap1")].sum())
        angle = uniform(generator, (n,), -math.pi, math.pi)
        return torch.stack((x + radius * torch.sin(angle), z + radius * torch.cos(angle)), dim=-1)

    def place_goal(self, model: Any, goal: np.ndarray) -> None:  # noqa: D102
        target = model.site("target")
        target.pos[IN_PLANE] = goal
        target.size[0] = self.target_radius

    def read_goal(self, model: Any) -> np.ndarray:  # noqa: D102
        return model.site("target").pos[IN_PLANE].copy()

    def goal_marks(self, goal: np.ndarray) -> list[Mark]:  # noqa: D102
        sites = self.robot.sites
        depth = float(sites.pos[sites.index("target"), 1])
        return [Mark(float(goal[0]), depth, float(goal[1]), self.target_radius, TARGET_RGB)]


class FingerTurnHard(FingerTurnEasy):
    """Turn the spinner's tip to a target of radius 3 cm and keep it there.

    Reward: 1 while the tip is inside the target, else 0.
    Start: all joints uniform (in their limits, if any) where nothing touches, at rest; target at a uniform angle around the hinge.
    End: only at the time limit.
    """

    name = "turn_hard"
    target_radius = 0.03


def _spinning() -> tuple[str | bytes, Assets]:
    """The model with the damping that dm_control sets for its spinning task."""
    text, assets = dm_control_model("finger")()
    text = text.decode() if isinstance(text, bytes) else text
    assert text.count(TURNING_DAMPING) == 1
    return text.replace(TURNING_DAMPING, SPINNING_DAMPING), assets


_COVERAGE = Coverage(speeds={"proximal": (-15, 15), "distal": (-20, 20), "hinge": (-30, 30)})
_PAIRS = (("fingertip", "cap1"), ("fingertip", "cap2"))
_SENSORS = ("touchtop", "touchbottom")
ROBOTS = (
    RobotDefinition(
        name="finger",
        model=dm_control_model("finger"),
        control_step=0.02,
        sensors=_SENSORS,
        pairs=_PAIRS,
        tasks=(FingerTurnEasy, FingerTurnHard),
        coverage=_COVERAGE,
    ),
    RobotDefinition(
        name="finger_spin",
        model=_spinning,
        control_step=0.02,
        sensors=_SENSORS,
        pairs=_PAIRS,
        tasks=(FingerSpin,),
        coverage=_COVERAGE,
    ),
)
