"""Units of a log: degrees become radians, quaternions become unit and `(w, x, y, z)`, and units that cannot be right are refused."""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch

from mosim_gym.mechanics.manifold import difference
from mosim_gym.mechanics.parts import JointType
from mosim_gym.mechanics.robot import Robot

Array = np.ndarray
Quaternions = Literal["wxyz", "xyzw"]
Degrees = bool | Literal["qpos", "qvel"]
BEYOND = 5.0
"""Positions beyond so many times a joint's range, or velocities that differ by so much from the rate of positions, are in a wrong unit."""
SAMPLE = 20_000  # rows that are looked at
_ROUNDED = 1e-12  # quaternions nearer to unit length stay as they are


def to_radians(robot: Robot, array: Array, ours: str) -> None:
    """Convert the angles in `qpos` or the angular speeds in `qvel`, in place."""
    for kind, q, v in _joints(robot):
        if kind is JointType.HINGE:
            array[:, q if ours == "qpos" else v] *= np.pi / 180
        elif ours == "qvel" and kind in (JointType.FREE, JointType.BALL):
            first = v + (3 if kind is JointType.FREE else 0)
            array[:, first : first + 3] *= np.pi / 180


def reorder_quaternions(robot: Robot, qpos: Array) -> None:
    """From `(x, y, z, w)` to `(w, x, y, z)`, in place."""
    for place in robot.quaternion_slices:
        qpos[:, place] = np.roll(qpos[:, place], 1, axis=1)


def normalise_quaternions(robot: Robot, qpos: Array) -> int | None:
    """Make quaternions unit, in place. Returns the first row with a quaternion whose length is not 1 within 10 %, None if all have it."""
    for place in robot.quaternion_slices:
        lengths = np.linalg.norm(qpos[:, place], axis=1)
        odd = np.flatnonzero(np.abs(lengths - 1) > 0.1)
        if len(odd):
            return int(odd[0])
        rounded = np.flatnonzero(np.abs(lengths - 1) > _ROUNDED)
        qpos[rounded, place] /= lengths[rounded, None]
    return None


def wrong_unit(robot: Robot, qpos: Array, qvel: Array, starts: Array, step: float) -> str | None:
    """What says that a unit is wrong, in words; None where nothing does.

    A joint with a limit that is far beyond it, or velocities that are proportional to the rate of the positions by another factor than 1.
    """
    joints = robot.joints
    seen, said = rates(robot, qpos, qvel, starts, step)
    for row, (kind, q, v) in enumerate(_joints(robot)):
        if kind not in (JointType.HINGE, JointType.SLIDE):
            continue
        name = joints.names[row] or f"joint {row}"
        most = float(np.abs(qpos[:, q]).max(initial=0))
        ends = float(np.abs(joints.range[row]).max())
        if joints.limited[row] and ends and most > BEYOND * max(ends, 0.1):
            unit = "degrees (then give degrees=True)" if kind is JointType.HINGE else "millimetres"
            return f"positions of {name} reach {most:.3g}, and its range ends at {ends:.3g}: they look like {unit}"
        factor = proportion(seen[:, v], said[:, v])
        if factor is not None and not 1 / BEYOND < factor < BEYOND:
            return f"velocities of {name} are {factor:.3g} times the rate of change of its positions: {_guess(factor)}"
    return None


def _guess(factor: float) -> str:
    if 40 < factor < 80:
        return "they look like degrees per second beside radians (then give degrees='qvel')"
    if 1 / 80 < factor < 1 / 40:
        return "the positions look like degrees beside radians per second (then give degrees='qpos')"
    return "check the units of positions, velocities and time"


def proportion(rate: Array, velocity: Array) -> float | None:
    """The factor from the rate of a position to its velocity; None where they are not proportional."""
    # Sums and no products of BLAS, whose threads wait for one another where cores are busy.
    xx, yy, xy = (float((a * b).sum()) for a, b in ((rate, rate), (velocity, velocity), (rate, velocity)))
    if len(rate) < 20 or not xx or not yy or xy / np.sqrt(xx * yy) < 0.8:
        return None
    return xy / xx


def rates(robot: Robot, qpos: Array, qvel: Array, starts: Array, step: float) -> tuple[Array, Array]:
    """The rate of change of positions from each row to the next, and the mean of the velocities there, in up to 20,000 rows."""
    inside = np.ones(len(qpos), bool)
    inside[starts[1:] - 1] = False
    rows = np.flatnonzero(inside)
    rows = rows[:: max(1, len(rows) // SAMPLE)]
    end, start = (torch.from_numpy(np.ascontiguousarray(qpos[r])) for r in (rows + 1, rows))
    return difference(robot, end, start, step).numpy(), (qvel[rows] + qvel[rows + 1]) / 2


def _joints(robot: Robot) -> list[tuple[JointType, int, int]]:
    """The type of each joint, and where its numbers begin in `qpos` and in `qvel`."""
    joints = robot.joints
    columns = (joints.type.tolist(), joints.qpos_start.tolist(), joints.dof_start.tolist())
    return [(JointType(kind), q, v) for kind, q, v in zip(*columns, strict=True)]
