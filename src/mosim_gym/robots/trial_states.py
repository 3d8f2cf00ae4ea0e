"""`Trial`: states and actions on which a user's functions are tried, the starts of episodes and others all over a box."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Generator, Tensor

from mosim_gym.mechanics import Robot
from mosim_gym.mechanics.box import Box

FAR = 0.5
"""How far trial positions lie from those of a start towards positions drawn in the box."""
BESIDE = 1.0
"""The distance (rad, m, rad/s, m/s) within which numbers are drawn that the box does not bound."""


class Trial(NamedTuple):
    """B states with goals, and an action in each."""

    qpos: Tensor
    qvel: Tensor
    goal: Tensor
    action: Tensor

    def rows(self, rows: Tensor) -> Trial:
        """The states in `rows`."""
        return Trial(*(part[rows] for part in self))


def at_rest(robot: Robot, qpos: Tensor, qvel: Tensor, goal: Tensor) -> Trial:
    """The given states under the middle of each actuator's range."""
    low, high = (torch.as_tensor(side).to(qpos) for side in robot.control_range)
    return Trial(qpos, qvel, goal, ((low + high) / 2).nan_to_num().repeat(len(qpos), 1))


def varied(robot: Robot, trial: Trial, box: Box | None, generator: Generator) -> Trial:
    """As many other states: positions around those of `trial`, velocities and actions from all over the box and the actuators' ranges."""

    def drawn(middle: Tensor, low: Tensor, high: Tensor) -> Tensor:
        low, high = (
            torch.where(end.isfinite(), end, beside)
            for end, beside in ((low, middle - BESIDE), (high, middle + BESIDE))
        )
        share = torch.rand(middle.shape, generator=generator, dtype=torch.float64).to(middle)
        return low + share * (high - low)

    def within(name: str, middle: Tensor) -> Tensor:
        sides = [[None] * middle.shape[1]] * 2 if box is None else box[name]
        low, high = (torch.tensor([torch.nan if b is None else b for b in side]).to(middle) for side in sides)
        return drawn(middle, low.expand_as(middle), high.expand_as(middle))

    qpos = torch.lerp(trial.qpos, within("qpos", trial.qpos), FAR)
    for part in robot.quaternion_slices:
        qpos[:, part] = torch.nn.functional.normalize(qpos[:, part], dim=-1)
    low, high = (torch.as_tensor(side).to(qpos).expand_as(trial.action) for side in robot.control_range)
    return Trial(qpos, within("qvel", trial.qvel), trial.goal, drawn(torch.zeros_like(trial.action), low, high))
