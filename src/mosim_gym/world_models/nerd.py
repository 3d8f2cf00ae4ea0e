"""A Transformer over the history of states in the robot's own frame, of contacts and of actions, as in Neural Robot Dynamics (NeRD).

    Δ_t = head(blocks([x_{t-C+1}, c_{t-C+1}, a_{t-C+1}], …, [x_t, c_t, a_t])),   (q, v)_{t+1} = (q ⊕ (v + R Δ_q) h, v + R Δ_v)_t

x are the whitened numbers of a state in the axes of its floating base, without position on the ground and heading where the robot declares
that they do not matter. a is the whitened action, and R turns linear velocities of floating bases from the base's axes into the world's.
c are the whitened inputs of contact that follow from the robot's description: distances of contact points and limits, which of them act,
how deep, and the velocities there. The change Δ is predicted in the base's axes, too. NeRD takes contacts from a simulator's collision
detection; here `ContactFeatures` computes them from the kinematics, so logs are enough to learn from.

NeRD is Xu et al., 2025 (arXiv 2508.15755). Everything else is as in `transformer.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from mosim_gym.dynamics.config import PRESETS
from mosim_gym.dynamics.contact_features import ContactFeatures
from mosim_gym.mechanics import ForwardKinematics, Robot
from mosim_gym.mechanics.frames import base_rotations, floating_bases
from mosim_gym.world_models.coordinates import StateCoordinates
from mosim_gym.world_models.transformer import HistoryNetwork, TransformerConfig, TransformerModel


@dataclass(frozen=True)
class NeRDConfig(TransformerConfig):
    """The settings of the Transformer over the history."""


class ContactCoordinates(StateCoordinates):
    """States in the axes of the floating base, `x`, and what touches, `c`, side by side."""

    def __init__(self, robot: Robot) -> None:
        """Contact points with what lies below them, and limits of joints."""
        super().__init__(robot, body_frame=True)
        self.contact = ContactFeatures(robot, PRESETS["default"], body_frame=self.body_frame)
        self._kinematics = ForwardKinematics(robot, self.contact.quantities)
        self.size += self.contact.size

    def forward(self, qpos: Tensor, qvel: Tensor) -> Tensor:
        """The numbers `(..., size)` of states."""
        state = super().forward(qpos, qvel)
        if not self.contact.size:
            return state
        rotations = base_rotations(self.robot, qpos) if floating_bases(self.robot) else []
        return torch.cat((state, self.contact(qpos, qvel, self._kinematics(qpos, qvel), rotations)), dim=-1)


class NeRDModel(TransformerModel):
    """A Transformer over body-frame states and contacts."""

    title = "NeRD"
    config_type = NeRDConfig

    def __init__(self, config: NeRDConfig | None = None) -> None:
        """The defaults of `NeRDConfig` hold where no `config` is given."""
        super().__init__(config or NeRDConfig())

    def build(self, robot: Robot) -> HistoryNetwork:
        """The network for `robot`."""
        return HistoryNetwork(robot, ContactCoordinates(robot), self.config)
