"""What the model sees: canonical inputs of a state and a control, and the features of contact and limits (`dynamics/contact_features.py`).

The vector is laid out as `[position | velocity | action | non-smooth]`, so that M(q) reads its first part, b(q, q̇) the first two, τ(a) the
third, and the correctors all of it.

- *position*: coordinates that the robot declares not to matter are left out; unlimited hinges enter as sine and cosine, a floating base
  as the direction of gravity in its own axes (where its heading matters, as two of its rotation's rows); then the lengths of tendons.
- *velocity*: the velocities and their products, in which Coriolis and centrifugal forces are linear; a floating base's in its own axes;
  where dry friction is asked for, steps of the joints' velocities; then the rates of tendons' lengths.
- *action*: the commands; where actuators pull tendons, then what these commands, as forces, are along each degree of freedom. M(q) and
  τ(a) know no product of a lever arm and a command, which that is. Then the forces of servos: high gains and limits make them steep
  functions of position and command, which are hard to learn.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from mosim_gym.dynamics.config import MoSimConfig
from mosim_gym.dynamics.contact_features import ContactFeatures
from mosim_gym.mechanics import Robot
from mosim_gym.mechanics.canonical import CanonicalColumns, canonical_columns
from mosim_gym.mechanics.frames import base_rotations, floating_bases, into_body
from mosim_gym.mechanics.motion import KinematicValues
from mosim_gym.mechanics.parts import JointType
from mosim_gym.mechanics.rotations import to_matrix
from mosim_gym.mechanics.servo_forces import ServoForces
from mosim_gym.mechanics.tendons import SpatialTendons


class InputFeatures(nn.Module):
    """Maps `qpos (..., nq)`, `qvel (..., nv)`, `action (..., nu)` and kinematic values to `(..., size)`.

    A model with a memory has the commands before in front of the present one, the oldest first, as `action (..., (memory + 1) nu)`.
    """

    _plain: Tensor
    _angles: Tensor
    _pair_first: Tensor
    _pair_second: Tensor
    _rubbing: Tensor
    _turning: Tensor

    def __init__(self, robot: Robot, config: MoSimConfig) -> None:
        """Resolve all names and indices once."""
        super().__init__()
        raw = CanonicalColumns(list(range(robot.nq)), [], [])
        plain, angles, self._turned = canonical_columns(robot) if config.canonical else raw
        self.robot = robot
        self.body_frame = config.canonical and bool(floating_bases(robot))
        self.position_size = len(plain) + 2 * len(angles) + sum(6 if matters else 3 for _, matters in self._turned)
        pairs = torch.triu_indices(robot.nv, robot.nv) if config.quadratic else torch.zeros(2, 0)
        single = np.isin(robot.joints.type, (JointType.HINGE, JointType.SLIDE))
        rubbing = robot.joints.dof_start[single] if config.friction else np.zeros(0)
        self.velocity_size = robot.nv + pairs.shape[1] + len(config.friction) * len(rubbing)
        # the commands before and the present one; a robot without actuators has one that is always 0, which τ(a) reads
        self.action_size = max(robot.nu * (1 + config.memory), 1)
        self.tendons = SpatialTendons(robot, config.tendons) if config.tendons else None
        if self.tendons is not None:
            self.position_size += self.tendons.count
            self.velocity_size += self.tendons.count
            self.action_size += robot.nv if self.tendons.pulls else 0
        self.servos = ServoForces(robot) if config.servos and len(robot.servos) else None
        self.action_size += self.servos.size if self.servos is not None else 0
        for name, values in (
            ("_plain", plain),
            ("_angles", angles),
            ("_pair_first", pairs[0]),
            ("_pair_second", pairs[1]),
            ("_rubbing", rubbing),
        ):
            self.register_buffer(name, torch.as_tensor(np.asarray(values, np.int64)), persistent=False)
        turning = torch.tensor(config.friction, dtype=torch.float32).reshape(-1, 1)
        self.register_buffer("_turning", turning, persistent=False)
        # with foresight, contact features are of the way of flight, which these inputs lead to
        self.contact = None if config.foresight else ContactFeatures(robot, config, body_frame=self.body_frame)
        self.quantities = {} if self.contact is None else dict(self.contact.quantities)
        self.quantities |= {} if self.tendons is None else self.tendons.quantities
        self.smooth_size = self.position_size + self.velocity_size + self.action_size
        self.size = self.smooth_size + (0 if self.contact is None else self.contact.size)

    def forward(self, qpos: Tensor, qvel: Tensor, action: Tensor, values: KinematicValues) -> Tensor:
        """The model's inputs; `values` must hold this object's `quantities` at the state."""
        parts = [qpos.index_select(-1, self._plain)]
        if len(self._angles):
            angle = qpos.index_select(-1, self._angles)
            parts += [torch.sin(angle), torch.cos(angle)]
        rotations = base_rotations(self.robot, qpos) if self.body_frame else []
        bases = floating_bases(self.robot) if rotations else ()
        known = {quat.start: rotation for (quat, _), rotation in zip(bases, rotations, strict=True)}
        for place, heading in self._turned:
            rotation = known[place.start] if place.start in known else to_matrix(qpos[..., place])
            parts += [rotation[..., 2, :], rotation[..., 0, :]] if heading else [rotation[..., 2, :]]
        taut = None if self.tendons is None else self.tendons(values)
        if taut is not None:
            parts.append(taut.length)
        if self.body_frame:
            qvel = into_body(self.robot, rotations, qvel)
        parts.append(qvel)
        if len(self._pair_first):
            parts.append(qvel.index_select(-1, self._pair_first) * qvel.index_select(-1, self._pair_second))
        if len(self._rubbing):
            parts.append(torch.tanh(qvel.index_select(-1, self._rubbing).unsqueeze(-2) / self._turning).flatten(-2))
        if taut is not None:
            parts.append(taut.rate)
        parts.append(action if self.robot.nu else qpos.new_zeros(*qpos.shape[:-1], 1))
        if taut is not None and self.tendons is not None and self.tendons.pulls:
            pulled = self.tendons.joint_forces(values, taut.pull, action[..., -self.robot.nu :])
            parts.append(into_body(self.robot, rotations, pulled) if self.body_frame else pulled)
        if self.servos is not None:
            parts.append(self.servos(qpos, qvel, action[..., -self.robot.nu :]))
        if self.contact is not None and self.contact.size:
            parts.append(self.contact(qpos, qvel, values, rotations, taut))
        return torch.cat(parts, dim=-1)

    def scales(self, std: Tensor) -> Tensor:
        """How large each input `(size,)` becomes by its nature, from the inputs' deviations `std`: 0 where nature does not tell.

        Sines, cosines and the rows of rotations reach 1.
        """
        directions = torch.zeros_like(std[: self.smooth_size])
        lengths = 0 if self.tendons is None else self.tendons.count
        directions[len(self._plain) : self.position_size - lengths] = 1.0
        if self.contact is None or not self.contact.size:
            return directions
        return torch.cat((directions, self.contact.scales(std[self.smooth_size :])))
