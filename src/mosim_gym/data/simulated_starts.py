"""Start states for simulating the robot in a file: spread around the states of logs, or around the file's own initial state.

Positions are spread along the manifold of configurations. A start that would lie deeper in the ground than its example does takes the
example's positions instead.
"""

from __future__ import annotations

import numpy as np
import torch

from mosim_gym.data.logs import Logs
from mosim_gym.mechanics import ForwardKinematics, Robot, contact_clearance, contact_quantities, difference, integrate
from mosim_gym.mechanics.parts import JointType

Array = np.ndarray
TURN_SPEED, SLIDE_SPEED = 4.0, 1.0
"""Standard deviations of speeds without logs, rad/s and m/s, of which `spread` is a share."""
TURN, SLIDE = 2 * np.pi, 1.0
"""How far joints without limits are spread without logs, rad and m."""
EXAMPLES = 2000
"""States of logs that tell how deep contact points lie, at most."""
SINGLE = (JointType.HINGE, JointType.SLIDE)


class LikeLogs:
    """States of `logs`, whose speeds are scaled, and which are moved by noise, both by up to `spread`."""

    def __init__(self, robot: Robot, logs: Logs, spread: float) -> None:
        """Noise is in standard deviations of the logs' positions and velocities; it leads to no state beyond the logs' and the limits."""
        self._robot, self._logs, self._spread = robot, logs, spread
        first = torch.from_numpy(logs.qpos[:1].copy())
        away = difference(robot, torch.from_numpy(np.array(logs.qpos)), first, 1.0).numpy()
        self._deviation = np.minimum(away.std(0), np.pi), logs.qvel.std(0)
        self._box = logs.qpos.min(0), logs.qpos.max(0)
        for row in np.flatnonzero(robot.joints.limited & np.isin(robot.joints.type, SINGLE)):
            column, (low, high) = robot.joints.qpos_start[row], robot.joints.range[row]
            self._box[0][column], self._box[1][column] = (
                min(low, self._box[0][column]),
                max(high, self._box[1][column]),
            )
        self._fastest = logs.qvel.min(0), logs.qvel.max(0)
        self._depth = Depth(robot, logs.qpos[:: max(1, len(logs.qpos) // EXAMPLES)])

    def __call__(self, rng: np.random.Generator, rows: Array) -> tuple[Array, Array]:
        """Starts around the states in these `rows` of the logs, `(n, nq)` and `(n, nv)`."""
        n, spread = len(rows), self._spread
        qpos, qvel = self._logs.qpos[rows], self._logs.qvel[rows]
        share = spread * rng.random((n, 1))
        noise = share * self._deviation[0] * rng.normal(size=qvel.shape)
        speeds = qvel * (1 + spread * rng.uniform(-1, 1, (n, 1)))
        speeds = speeds + share * self._deviation[1] * rng.normal(size=qvel.shape)
        moved = _moved(self._robot, qpos, noise)
        single = _single(self._robot)
        moved[:, single] = moved[:, single].clip(self._box[0][single], self._box[1][single])
        return self._depth.kept(moved, qpos), speeds.clip(*self._fastest)


class OwnStarts:
    """The file's own initial state `qpos (nq,)`: joints within their range, and speeds, by the share `spread` of all that they can be."""

    def __init__(self, robot: Robot, qpos: Array, spread: float) -> None:
        """Free bodies stay in their place and lean."""
        self._robot, self._qpos, self._spread = robot, qpos, spread
        self._depth = Depth(robot, qpos[None])
        joints = robot.joints
        self._turns = np.ones(robot.nv, bool)
        self._stays = np.zeros(robot.nv, bool)
        for kind, start in zip(joints.type, joints.dof_start, strict=True):
            if kind == JointType.SLIDE:
                self._turns[start] = False
            elif kind == JointType.FREE:
                self._turns[start : start + 3], self._stays[start : start + 3] = False, True

    def __call__(self, rng: np.random.Generator, count: int) -> tuple[Array, Array]:
        """So many starts, `(n, nq)` and `(n, nv)`."""
        robot, spread, joints = self._robot, self._spread, self._robot.joints
        example = np.tile(self._qpos, (count, 1))
        far = np.where(self._turns, TURN, SLIDE)
        noise = spread * far * rng.uniform(-1, 1, (count, robot.nv))
        for kind, start in zip(joints.type, joints.dof_start, strict=True):
            if kind in (JointType.FREE, JointType.BALL):
                size = JointType(kind).dof_size
                noise[:, start + size - 3 : start + size] = spread * rng.normal(size=(count, 3))
        noise[:, self._stays] = 0
        moved = _moved(robot, example, noise)
        for row in np.flatnonzero(joints.limited & np.isin(joints.type, SINGLE)):
            column, (low, high) = joints.qpos_start[row], joints.range[row]
            rest = float(np.clip(self._qpos[column], low, high))
            moved[:, column] = rest + min(spread, 1.0) * (rng.uniform(low, high, count) - rest)
        speeds = spread * np.where(self._turns, TURN_SPEED, SLIDE_SPEED) * rng.normal(size=(count, robot.nv))
        return self._depth.kept(moved, example), speeds


class Depth:
    """How deep contact points lie in the ground in examples."""

    def __init__(self, robot: Robot, examples: Array) -> None:
        """`examples (N, nq)` are positions that occur."""
        self._robot = robot
        self._kinematics = ForwardKinematics(robot, contact_quantities(robot)) if len(robot.contacts) else None
        self._lowest = min(0.0, float(self._clearance(examples).min())) if self._kinematics is not None else 0.0

    def kept(self, moved: Array, example: Array) -> Array:
        """`moved (n, nq)`, and `example` in the rows where that would lie deeper than all examples do."""
        if self._kinematics is None:
            return moved
        return np.where((self._clearance(moved) < self._lowest)[:, None], example, moved)

    def _clearance(self, qpos: Array) -> Array:
        assert self._kinematics is not None
        still = torch.zeros(len(qpos), self._robot.nv, dtype=torch.float64)
        values = self._kinematics(torch.from_numpy(np.array(qpos)), still)
        return contact_clearance(self._robot, values)[0].amin(-1).numpy()


def _moved(robot: Robot, qpos: Array, by: Array) -> Array:
    return integrate(robot, torch.from_numpy(np.array(qpos)), torch.from_numpy(by), 1.0).numpy().copy()


def _single(robot: Robot) -> Array:
    """The columns of `qpos` of hinges and slides."""
    return robot.joints.qpos_start[np.isin(robot.joints.type, SINGLE)]
