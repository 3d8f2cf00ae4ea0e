"""Go2: a quadruped of 15 kg on a floating base with twelve joints. Ten physics steps in a control step.

The robot `go2` has torque motors, and a command of 1 is a joint's largest torque. The robot `go2_pd` is the same body with a
proportional-derivative controller in each joint: a command of 0 asks for the joint's angle in the standing pose, and a command of 1 for
0.5 rad more. The models are in `models/`, which says where their figures come from.
"""

from __future__ import annotations

import math
from itertools import combinations
from typing import ClassVar

import torch
from torch import Generator, Tensor

from mosim_gym.mechanics import Invariances, position, rotation, subtree_velocity
from mosim_gym.robots.definition import MODELS, Coverage, RobotDefinition, mjcf_file
from mosim_gym.robots.starts import default_positions, uniform
from mosim_gym.robots.task import Features, Start, Task
from mosim_gym.robots.tolerance import tolerance

LEGS = ("FL", "FR", "RL", "RR")
STANDING = {"abduction": 0.0, "hip": 0.9, "knee": -1.8}  # rad, in each leg
BASE_HEIGHT = 0.29  # m, of the trunk where the standing robot's feet touch the ground
STAND_HEIGHT = 0.25  # m, of the trunk, from which the reward for height is full
WALK_SPEED = 1.0  # m/s
START_ANGLE, START_LEAN, DROP = 0.1, 0.1, (0.0, 0.1)  # rad, rad, m


class _Go2(Task):
    in_dm_control = False
    quantities = {
        "trunk": rotation("body", "trunk"),
        "place": position("body", "trunk"),
        "speed": subtree_velocity("trunk"),
    }
    observation_names = {
        "joint_angles": "abduction, hip and knee of the legs FL, FR, RL, RR (rad)",
        "height": "of the trunk (m)",
        "vertical": "the world's vertical in the trunk's axes",
        "com_velocity": "of the whole robot's centre of mass in the trunk's axes (m/s)",
        "turn_rate": "of the trunk in its own axes (rad/s)",
        "joint_velocities": "in the order of the angles (rad/s)",
    }

    def observation(self, features: Features, goal: Tensor, sensors: Tensor) -> dict[str, Tensor]:
        turn = features["trunk"]
        root, rates = self.robot.qpos_indices("root"), self.robot.qvel_indices("root")
        return {
            "joint_angles": features.qpos[..., root.stop :],
            "height": features["place"][..., 2],
            "vertical": turn[..., 2, :],
            "com_velocity": self.own_velocity(features),
            "turn_rate": features.qvel[..., rates.start + 3 : rates.stop],
            "joint_velocities": features.qvel[..., rates.stop :],
        }

    def own_velocity(self, features: Features) -> Tensor:
        """The velocity of the whole robot's centre of mass in the trunk's axes, `(B, 3)` in m/s."""
        return (features["speed"].unsqueeze(-2) @ features["trunk"]).squeeze(-2)

    def posture(self, features: Features) -> Tensor:
        """The reward for standing high and upright, `(B,)` from 0 to 1."""
        high = tolerance(features["place"][..., 2], (STAND_HEIGHT, math.inf), margin=STAND_HEIGHT / 2)
        upright = tolerance(
            features["trunk"][..., 2, 2], (0.95, math.inf), margin=1.95, value_at_margin=0, sigmoid="linear"
        )
        return high * upright

    def sample_start(self, generator: Generator, n: int) -> Start:
        qpos = default_positions(self.robot, n)
        root = self.robot.qpos_indices("root").start
        heading = uniform(generator, (n,), -math.pi, math.pi) / 2
        roll, pitch = uniform(generator, (2, n), -START_LEAN, START_LEAN) / 2
        # The heading's quaternion times those of pitch and roll.
        w, x, y, z = (
            pitch.cos() * roll.cos(),
            pitch.cos() * roll.sin(),
            pitch.sin() * roll.cos(),
            -pitch.sin() * roll.sin(),
        )
        c, s = heading.cos(), heading.sin()
        turned = (c * w - s * z, c * x - s * y, c * y + s * x, c * z + s * w)
        qpos[:, root + 3 : root + 7] = torch.stack(turned, dim=1)
        qpos[:, root + 2] = BASE_HEIGHT + uniform(generator, (n,), *DROP)
        for leg in LEGS:
            for joint, angle in STANDING.items():
                column = self.robot.qpos_indices(f"{leg}_{joint}")
                qpos[:, column] = angle + uniform(generator, (n, 1), -START_ANGLE, START_ANGLE)
        return Start(qpos, torch.zeros(n, self.robot.nv, dtype=torch.float64), self.sample_goal(generator, n))


class _Stand(_Go2):
    def reward(self, features: Features, action: Tensor, goal: Tensor, sensors: Tensor) -> Tensor:
        still = tolerance(features["speed"].norm(dim=-1), margin=1)
        return self.posture(features) * (1 + still) / 2


class _Walk(_Go2):
    speed: ClassVar[float] = WALK_SPEED
    """The forward velocity, m/s, from which the reward for moving is full."""

    def reward(self, features: Features, action: Tensor, goal: Tensor, sensors: Tensor) -> Tensor:
        move = tolerance(
            self.own_velocity(features)[..., 0],
            (self.speed, math.inf),
            margin=self.speed,
            value_at_margin=0,
            sigmoid="linear",
        )
        return self.posture(features) * (1 + 5 * move) / 6


class Go2Stand(_Stand):
    """Stand upright and stay where you are, by torques.

    Reward: `high · upright · (1 + still) / 2`; high is 1 where the trunk is at least 25 cm high and falls below as a Gaussian that is 0.1
    at 12.5 cm; upright is 1 where the trunk is within 18 degrees of upright, falling linearly with the vertical component of its axis to 0
    upside down; still is 1 where the centre of mass rests, falling with its speed as a Gaussian that is 0.1 at 1 m/s.
    Start: any heading, leaning by up to 0.1 rad, each joint within 0.1 rad of the standing pose, up to 10 cm above the height of standing,
    at rest.
    End: only at the time limit.
    """

    domain, name = "go2", "stand"
    tags = frozenset({"paper"})


class Go2Walk(_Walk):
    """Walk forwards, by torques.

    Reward: `high · upright · (1 + 5 m) / 6`; high and upright as in Go2Stand; m is 1 where the centre of mass moves at 1 m/s or faster in
    the direction of the trunk, and falls linearly to 0 at rest.
    Start: any heading, leaning by up to 0.1 rad, each joint within 0.1 rad of the standing pose, up to 10 cm above the height of standing,
    at rest.
    End: only at the time limit.
    """

    domain, name = "go2", "walk"
    tags = frozenset({"paper"})


class Go2PdStand(_Stand):
    """Stand upright and stay where you are, by target angles of the joints.

    Reward: Go2Stand's.
    Start: any heading, leaning by up to 0.1 rad, each joint within 0.1 rad of the standing pose, up to 10 cm above the height of standing,
    at rest.
    End: only at the time limit.
    """

    domain, name = "go2_pd", "stand"


class Go2PdWalk(_Walk):
    """Walk forwards, by target angles of the joints.

    Reward: Go2Walk's.
    Start: any heading, leaning by up to 0.1 rad, each joint within 0.1 rad of the standing pose, up to 10 cm above the height of standing,
    at rest.
    End: only at the time limit.
    """

    domain, name = "go2_pd", "walk"


def _robot(name: str, tasks: tuple[type[Task], ...]) -> RobotDefinition:
    joints = {"abduction": (-30.0, 30.0), "hip": (-40.0, 40.0), "knee": (-40.0, 40.0)}
    return RobotDefinition(
        name=name,
        model=mjcf_file(MODELS / f"{name}.xml"),
        control_step=0.02,
        invariances=Invariances(translations=("root.x", "root.y"), yaw="root"),
        pairs=tuple((f"{one}_shank", f"{other}_shank") for one, other in combinations(LEGS, 2)),
        tasks=tasks,
        coverage=Coverage(
            speeds={
                **{f"root.{axis}": (-3.0, 3.0) for axis in "xyz"},
                "root.wx": (-15.0, 15.0),
                "root.wy": (-10.0, 10.0),
                "root.wz": (-8.0, 8.0),
                **{f"{leg}_{joint}": speeds for leg in LEGS for joint, speeds in joints.items()},
            },
            height="root",
        ),
    )


ROBOTS = (_robot("go2", (Go2Stand, Go2Walk)), _robot("go2_pd", (Go2PdStand, Go2PdWalk)))
