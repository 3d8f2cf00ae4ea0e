"""Which transitions are flight: nothing touched anything and no joint was at its limit all through the control step, told by geometry."""

from __future__ import annotations

import torch
from torch import Tensor

from mosim_gym.data.stream import Transitions
from mosim_gym.dynamics.contact_features import ContactFeatures
from mosim_gym.dynamics.foresight import Foresight
from mosim_gym.mechanics import ForwardKinematics, Robot
from mosim_gym.training.losses import known_motion

INSTANTS = (0.25, 0.5, 0.75, 1.0)
"""Shares of the control step at which it is looked, besides its beginning."""
MARGIN = 0.002
"""By how much every gap must be open then, m or rad."""


class Untouched:
    """Tells transitions of `robot` in which all gaps of `contact` were open from others."""

    def __init__(self, robot: Robot, contact: ContactFeatures) -> None:
        """`contact` says which gaps there are."""
        self._contact = contact
        self._path = Foresight(robot, contact, INSTANTS)
        self._kinematics = ForwardKinematics(robot, contact.quantities)

    def to(self, device: torch.device) -> Untouched:
        """Move what is worked out once."""
        self._path.to(device)
        return self

    @torch.no_grad()
    def __call__(self, known: Transitions) -> Tensor:
        """Of single transitions `(N, …)`, which are flight, `(N,)`; the way between two true states is known by their velocities."""
        qpos, qvel = self._path.states(known.qpos, known.qvel, known_motion(known))
        gap = self._contact.gaps(qpos, qvel, self._kinematics(qpos, qvel), []).gap
        return gap.amin((-2, -1)) > MARGIN

    def of(self, segments: Transitions) -> Transitions:
        """The flight among segments `(S, T, …)`, as segments of one transition, `(N, 1, …)`."""
        flat = Transitions(*(column.flatten(0, 1) for column in segments))
        rows = self(flat)
        return Transitions(*(column[rows].unsqueeze(1) for column in flat))
