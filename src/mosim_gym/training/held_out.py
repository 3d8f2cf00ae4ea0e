"""How well a model in training predicts held-out windows of logs."""

from __future__ import annotations

import torch
from torch import Tensor

from mosim_gym.data.stream import Transitions
from mosim_gym.dynamics.control_step import Motion
from mosim_gym.dynamics.mosim import MoSim
from mosim_gym.dynamics.solvers import semi_implicit
from mosim_gym.mechanics import ForwardKinematics, difference

LARGEST = 10.0
"""A prediction counts as no worse than so many times as wrong as holding still: one that runs away does not hide all others."""


@torch.no_grad()
def held_out_error(model: MoSim, windows: Transitions, kinematics: ForwardKinematics) -> float:
    """The mean error of positions along open-loop rollouts over `windows (W, H, …)`, where holding still errs by 1.

    Each member predicts its share of the windows. Degrees of freedom count alike.
    """
    robot, h, members = model.robot, model.robot.control_step, model.config.members
    dealt = windows.qpos.shape[1] > 1
    columns = windows if dealt else Transitions(*(column.unsqueeze(1) for column in windows))
    if members > 1:
        columns = Transitions(*(column.unflatten(0, (members, -1)) for column in columns))
    start, qpos, qvel = columns.qpos[..., 0, :], columns.qpos[..., 0, :], columns.qvel[..., 0, :]
    wrong: list[Tensor] = []
    still: list[Tensor] = []
    for k in range(columns.qpos.shape[-2]):
        motion = model(qpos, qvel, columns.action[..., k, :], kinematics(qpos, qvel))
        qpos, qvel = semi_implicit(lambda q, v, motion=motion: motion, robot, qpos, qvel, h)
        known = Motion(columns.acceleration[..., k, :], columns.drift[..., k, :])
        here = columns.qpos[..., k, :], columns.qvel[..., k, :]
        true_q, _ = semi_implicit(lambda q, v, known=known: known, robot, *here, h)
        wrong.append(difference(robot, qpos, true_q, 1.0).abs())
        still.append(difference(robot, start, true_q, 1.0).abs())
    scale = torch.stack(still).flatten(0, -2).mean(0).clamp_min(1e-9)
    share = (torch.stack(wrong) / scale).nan_to_num(LARGEST).clamp(max=LARGEST)
    return float(share.mean())
