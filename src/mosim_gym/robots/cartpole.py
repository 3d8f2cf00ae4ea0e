"""Cartpole: an unactuated pole on a motor-driven cart, on a rail of ±1.8 m. Integrated with RK4."""

from __future__ import annotations

import math
from typing import ClassVar

import torch
from torch import Generator, Tensor

from mosim_gym.mechanics import rotation
from mosim_gym.robots.definition import Coverage, RobotDefinition, dm_control_model
from mosim_gym.robots.starts import normal, uniform
from mosim_gym.robots.task import Features, Start, Task
from mosim_gym.robots.tolerance import tolerance

CART_RANGE = (-0.25, 0.25)  # m, the sparse tasks' goal
UPRIGHT_COSINE = 0.995  # cosine of the pole's angle that the sparse tasks ask for


class CartpoleBalance(Task):
    """Keep the pole upright and the cart in the middle.

    Reward: `upright · (4 + small_control)/5 · (1 + slow)/2 · (1 + centred)/2`; upright is `(cos θ + 1)/2`, the others soft indicators of
    control 0 (quadratic, 0 at 1), pole rate 0 (Gaussian, 0.1 at 5 rad/s), cart position 0 (Gaussian, 0.1 at 2 m).
    Start: cart uniform in ±0.1 m, pole uniform in ±0.034 rad, velocities normal with deviation 0.01.
    End: only at the time limit.
    """

    domain, name = "cartpole", "balance"
    tags = frozenset({"benchmarking"})
    quantities = {"pole": rotation("body", "pole_1")}
    observation_names = {
        "position": "cart position (m), cosine and sine of the pole's angle (upright: 1, 0)",
        "velocity": "cart velocity (m/s), pole rate (rad/s)",
    }
    swing_up: ClassVar[bool] = False

    def observation(self, features: Features, goal: Tensor, sensors: Tensor) -> dict[str, Tensor]:  # noqa: D102
        direction = features["pole"][..., 2]  # the pole's own z axis
        return {
            "position": torch.cat((features.joint("slider"), direction[..., [2, 0]]), dim=-1),
            "velocity": features.qvel,
        }

    def reward(self, features: Features, action: Tensor, goal: Tensor, sensors: Tensor) -> Tensor:  # noqa: D102
        upright = (features["pole"][..., 2, 2] + 1) / 2
        centred = (1 + tolerance(features.joint("slider")[..., 0], margin=2)) / 2
        small_control = tolerance(action[..., 0], margin=1, value_at_margin=0, sigmoid="quadratic")
        slow = tolerance(features.joint_velocity("hinge_1")[..., 0], margin=5)
        return upright * (4 + small_control) / 5 * (1 + slow) / 2 * centred

    def sample_start(self, generator: Generator, n: int) -> Start:  # noqa: D102
        if self.swing_up:
            qpos = normal(generator, (n, 2), 0.01)
            qpos[:, self.robot.qpos_indices("hinge_1")] += math.pi
        else:
            cart, pole = uniform(generator, (n, 1), -0.1, 0.1), uniform(generator, (n, 1), -0.034, 0.034)
            qpos = torch.cat((cart, pole), dim=-1)
        return Start(qpos, normal(generator, (n, 2), 0.01), self.sample_goal(generator, n))


class CartpoleBalanceSparse(CartpoleBalance):
    """Keep the pole upright and the cart in the middle, rewarded only there.

    Reward: 1 while the cart is within ±0.25 m and the cosine of the pole's angle is at least 0.995, else 0.
    Start: cart uniform in ±0.1 m, pole uniform in ±0.034 rad, velocities normal with deviation 0.01.
    End: only at the time limit.
    """

    name = "balance_sparse"

    def reward(self, features: Features, action: Tensor, goal: Tensor, sensors: Tensor) -> Tensor:  # noqa: D102
        in_range = tolerance(features.joint("slider")[..., 0], CART_RANGE)
        upright = features["pole"][..., 2, 2].clamp(max=1)
        return in_range * tolerance(upright, (UPRIGHT_COSINE, 1))


class CartpoleSwingup(CartpoleBalance):
    """Swing the hanging pole up and keep it upright, the cart in the middle.

    Reward: `upright · (4 + small_control)/5 · (1 + slow)/2 · (1 + centred)/2`; upright is `(cos θ + 1)/2`, the others soft indicators of
    control 0 (quadratic, 0 at 1), pole rate 0 (Gaussian, 0.1 at 5 rad/s), cart position 0 (Gaussian, 0.1 at 2 m).
    Start: cart and pole normal with deviation 0.01 about the middle and hanging down, velocities normal with deviation 0.01.
    End: only at the time limit.
    """

    name = "swingup"
    swing_up = True


class CartpoleSwingupSparse(CartpoleBalanceSparse):
    """Swing the hanging pole up and keep it upright, rewarded only there.

    Reward: 1 while the cart is within ±0.25 m and the cosine of the pole's angle is at least 0.995, else 0.
    Start: cart and pole normal with deviation 0.01 about the middle and hanging down, velocities normal with deviation 0.01.
    End: only at the time limit.
    """

    name = "swingup_sparse"
    swing_up = True


ROBOT = RobotDefinition(
    name="cartpole",
    model=dm_control_model("cartpole"),
    control_step=0.01,
    coverage=Coverage(speeds={"slider": (-10, 10), "hinge_1": (-30, 30)}),
    preset="small",
    tasks=(CartpoleBalance, CartpoleBalanceSparse, CartpoleSwingup, CartpoleSwingupSparse),
)
