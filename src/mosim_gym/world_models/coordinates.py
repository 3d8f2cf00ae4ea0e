"""What networks read of a state, and the change of state over a control step that they predict."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mosim_gym.mechanics import Robot, difference, integrate
from mosim_gym.mechanics.canonical import canonical_columns
from mosim_gym.mechanics.frames import base_rotations, floating_bases, into_body, into_world
from mosim_gym.mechanics.rotations import to_matrix


class StateCoordinates(nn.Module):
    """Numbers that describe a state, `(..., size)`, and changes of state, `(..., change_size)` with `change_size = 2 nv`.

    A state is read as its positions that matter to the motion, sines and cosines of unlimited hinges, rows of the rotations of free and
    ball joints, and the velocities. A change over a control step h is `((q' ⊖ q)/h - v, v' - v)`: quaternions stay unit, and positions
    without bounds are never read or predicted as such.

    With `body_frame`, linear velocities of floating bases are read and predicted in the bases' own axes, and headings that the robot
    declares not to matter are left out.
    """

    _plain: Tensor
    _angles: Tensor

    def __init__(self, robot: Robot, *, body_frame: bool = False) -> None:
        """Resolve all indices once."""
        super().__init__()
        plain, angles, attitudes = canonical_columns(robot)
        self.robot, self.body_frame = robot, body_frame and bool(floating_bases(robot))
        self._rows = [(place, (2, 0) if matters or not self.body_frame else (2,)) for place, matters in attitudes]
        self.register_buffer("_plain", torch.tensor(plain, dtype=torch.int64), persistent=False)
        self.register_buffer("_angles", torch.tensor(angles, dtype=torch.int64), persistent=False)
        self.size = len(plain) + 2 * len(angles) + sum(3 * len(rows) for _, rows in self._rows) + robot.nv
        self.change_size = 2 * robot.nv

    def forward(self, qpos: Tensor, qvel: Tensor) -> Tensor:
        """The numbers `(..., size)` of states `qpos (..., nq)`, `qvel (..., nv)`."""
        angle = qpos.index_select(-1, self._angles)
        parts = [qpos.index_select(-1, self._plain), torch.sin(angle), torch.cos(angle)]
        for place, rows in self._rows:
            rotation = to_matrix(qpos[..., place])
            parts += [rotation[..., row, :] for row in rows]
        if self.body_frame:
            qvel = into_body(self.robot, base_rotations(self.robot, qpos), qvel)
        return torch.cat((*parts, qvel), dim=-1)

    def change(self, qpos: Tensor, qvel: Tensor, next_qpos: Tensor, next_qvel: Tensor) -> Tensor:
        """The change `(..., 2 nv)` from one state to the next, in m/s and rad/s."""
        drift = difference(self.robot, next_qpos, qpos, self.robot.control_step) - qvel
        gain = next_qvel - qvel
        if self.body_frame:
            rotations = base_rotations(self.robot, qpos)
            drift, gain = (into_body(self.robot, rotations, part) for part in (drift, gain))
        return torch.cat((drift, gain), dim=-1)

    def moved(self, qpos: Tensor, qvel: Tensor, change: Tensor) -> tuple[Tensor, Tensor]:
        """The state `(..., nq)`, `(..., nv)` after a change. Inverse of `change`."""
        drift, gain = change.chunk(2, dim=-1)
        if self.body_frame:
            rotations = base_rotations(self.robot, qpos)
            drift, gain = (into_world(self.robot, rotations, part) for part in (drift, gain))
        return integrate(self.robot, qpos, qvel + drift, self.robot.control_step), qvel + gain
