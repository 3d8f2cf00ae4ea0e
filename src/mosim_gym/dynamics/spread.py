"""`member_spread`: how far the members of an ensemble are apart when each of them predicts alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from mosim_gym.mechanics.dynamics import Dynamics
from mosim_gym.mechanics.motion import Trajectory
from mosim_gym.mechanics.typed_torch import from_numpy


def member_spread(dynamics: Dynamics, qpos: Any, qvel: Any, actions: Any, previous: Any = None) -> Trajectory:
    """Standard deviations over the members of the states after each of T control steps, in the states' units.

    Every member alone moves from `qpos (B, nq)`, `qvel (B, nv)` under `actions (B, T, nu)`, with `previous (B, memory, nu)` before them for
    models with memory. The result has `(B, T, nq)`, `(B, T, nv)` and `(B, T, ns)`, numpy arrays or tensors as given. A quaternion and its
    negative are one rotation, so each member's is turned towards the first member's.
    """
    members = dynamics.members
    if members < 2:
        raise ValueError("A spread needs at least two ensemble members; these dynamics have one.")
    given = [qpos, qvel, actions] if previous is None else [qpos, qvel, actions, previous]
    path = dynamics.rollout(
        *(_repeated(part, members) for part in given)
    )  # row i is moved by member i modulo `members`
    columns: list[Any] = []
    for name, part in path._asdict().items():
        tensor: Tensor = part if isinstance(part, Tensor) else from_numpy(np.ascontiguousarray(part))
        by_member = torch.unflatten(tensor, 0, (-1, members))
        if name == "qpos":
            by_member = _turned(by_member, dynamics.robot.quaternion_slices)
        found = by_member.std(1, unbiased=False) if by_member.numel() else by_member[:, 0]
        columns.append(found if isinstance(part, Tensor) else found.numpy())
    return Trajectory(*columns)


def _repeated(part: Any, times: int) -> Any:
    """Each row of `part` as often as there are members."""
    return part.repeat_interleave(times, 0) if isinstance(part, Tensor) else np.repeat(np.asarray(part), times, 0)


def _turned(qpos: Tensor, quaternions: tuple[slice, ...]) -> Tensor:
    """Positions `(B, members, T, nq)` with quaternions of the same sign as the first member's."""
    if not quaternions:
        return qpos
    turned = qpos.clone()
    for where in quaternions:
        part = qpos[..., where]
        opposite = (part * part[:, :1]).sum(-1, keepdim=True) < 0
        turned[..., where] = torch.where(opposite, -part, part)
    return turned
