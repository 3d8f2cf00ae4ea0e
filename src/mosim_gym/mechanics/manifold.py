"""Motion on the manifold of configurations: `q ⊕ v·dt` and its inverse, equal to `mj_integratePos` and `mj_differentiatePos`.

Hinges and slides add. A free joint's position adds in the world's axes. Quaternions turn by the angular velocity in the body's frame.
"""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

from mosim_gym.mechanics import rotations
from mosim_gym.mechanics.parts import JointType
from mosim_gym.mechanics.robot import Robot


@lru_cache(maxsize=64)
def _segments(robot: Robot) -> tuple[tuple[str, slice, slice], ...]:
    """The parts of the state: `("linear" | "quaternion", slice of qpos, slice of qvel)`, with neighbours merged."""
    runs: list[tuple[str, slice, slice]] = []

    def add(kind: str, q: int, nq: int, v: int, nv: int) -> None:
        if kind == "linear" and runs and runs[-1][0] == "linear":
            _, before_q, before_v = runs.pop()
            q, nq, v, nv = before_q.start, nq + q - before_q.start, before_v.start, nv + v - before_v.start
        runs.append((kind, slice(q, q + nq), slice(v, v + nv)))

    for kind, q, v in zip(robot.joints.type, robot.joints.qpos_start, robot.joints.dof_start, strict=True):
        q, v = int(q), int(v)
        match JointType(kind):
            case JointType.FREE:
                add("linear", q, 3, v, 3)
                add("quaternion", q + 3, 4, v + 3, 3)
            case JointType.BALL:
                add("quaternion", q, 4, v, 3)
            case _:
                add("linear", q, 1, v, 1)
    return tuple(runs)


def integrate(robot: Robot, qpos: Tensor, qvel: Tensor, dt: float) -> Tensor:
    """`qpos ⊕ qvel·dt` as `(..., nq)`, from `qpos (..., nq)`, `qvel (..., nv)` and `dt` in s. Quaternions stay unit."""
    if robot.nq == robot.nv:
        return qpos + dt * qvel
    parts: list[Tensor] = []
    for kind, q, v in _segments(robot):
        if kind == "linear":
            parts.append(qpos[..., q] + dt * qvel[..., v])
        else:
            turn = rotations.exponential(dt * qvel[..., v])
            parts.append(rotations.normalize(rotations.multiply(qpos[..., q], turn)))
    return torch.cat(parts, dim=-1)


def difference(robot: Robot, end: Tensor, start: Tensor, dt: float) -> Tensor:
    """The velocity `(..., nv)` that takes `start (..., nq)` to `end (..., nq)` in `dt` seconds."""
    if robot.nq == robot.nv:
        return (end - start) / dt
    parts: list[Tensor] = []
    for kind, q, _ in _segments(robot):
        if kind == "linear":
            parts.append((end[..., q] - start[..., q]) / dt)
        else:
            turn = rotations.multiply(rotations.conjugate(start[..., q]), end[..., q])
            parts.append(rotations.logarithm(turn) / dt)
    return torch.cat(parts, dim=-1)
