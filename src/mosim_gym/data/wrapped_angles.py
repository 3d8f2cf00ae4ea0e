"""Angles of encoders that jump by a whole turn: hinges without limits go on through the jump."""

from __future__ import annotations

import numpy as np

from mosim_gym.mechanics.parts import JointType
from mosim_gym.mechanics.robot import Robot

Array = np.ndarray
TURN = 2 * np.pi
ROOM = 0.01  # rad, by which the readings of an encoder may be beyond one turn


def unwrapped(robot: Robot, qpos: Array, starts: Array) -> tuple[Array, list[str]]:
    """`qpos (rows, nq)` without jumps of a whole turn, and the names of the joints that had some.

    A hinge without limits whose readings all lie within one turn is wrapped where it moves by more than half a turn from one row
    of a segment to the next.
    """
    joints = robot.joints
    turning = np.flatnonzero((joints.type == JointType.HINGE) & ~joints.limited)
    inside = np.ones(max(len(qpos) - 1, 0), bool)
    inside[starts[1:-1] - 1] = False
    found: list[str] = []
    for joint in turning:
        column = int(joints.qpos_start[joint])
        angle = qpos[:, column]
        if not len(angle) or np.ptp(angle) > TURN + ROOM:
            continue
        turns = np.round(np.diff(angle) / TURN) * inside
        if not turns.any():
            continue
        if not found:
            qpos = qpos.copy()
        total = np.concatenate(([0.0], np.cumsum(turns)))
        begun = np.repeat(total[starts[:-1]], np.diff(starts))  # each segment begins where its first row says
        qpos[:, column] = angle - TURN * (total - begun)
        found.append(joints.names[joint] or f"joint {joint}")
    return qpos, found
