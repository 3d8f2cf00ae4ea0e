"""Motion as named quantities with units, for plots: positions, speeds and commands.

A hinge or a slide is one position. A free joint has three places and the angle of its rotation, and a ball joint has the angle alone: that
by which it is turned from where it was at first.
"""

from __future__ import annotations

import numpy as np

from mosim_gym.mechanics import Robot
from mosim_gym.mechanics.parts import JointType
from mosim_gym.pictures.log_plots import Quantity

Array = np.ndarray


def positions(robot: Robot, qpos: Array, first: Array | None = None) -> list[Quantity]:
    """The positions in `qpos (rows, nq)`. Rotations are measured from those in `first (nq,)`, by default from those of the first row."""
    joints = robot.joints
    origin = qpos[0] if first is None else first
    found: list[Quantity] = []
    for row, name in enumerate(joints.names):
        kind, place = JointType(int(joints.type[row])), int(joints.qpos_start[row])
        name = name or f"joint {row}"
        if kind is JointType.FREE:
            found += [Quantity(f"{axis} of {name}", "m", qpos[:, place + i]) for i, axis in enumerate("xyz")]
            place += 3
        if kind in (JointType.FREE, JointType.BALL):
            turn = slice(place, place + 4)
            found.append(Quantity(f"rotation of {name}", "rad", _angles(qpos[:, turn], origin[turn])))
        else:
            ends = tuple(joints.range[row].tolist()) if joints.limited[row] else None
            found.append(Quantity(name, "m" if kind is JointType.SLIDE else "rad", qpos[:, place], ends))
    return found


def speeds(robot: Robot, qvel: Array) -> list[Quantity]:
    """The velocities in `qvel (rows, nv)`, each with the name of its degree of freedom."""
    joints = robot.joints
    found: list[Quantity] = []
    for dof, (name, joint) in enumerate(zip(robot.dofs.names, robot.dofs.joint, strict=True)):
        kind = JointType(int(joints.type[joint]))
        linear = kind is JointType.SLIDE or (kind is JointType.FREE and dof - int(joints.dof_start[joint]) < 3)
        found.append(Quantity(name or f"velocity {dof}", "m/s" if linear else "rad/s", qvel[:, dof]))
    return found


def commands(robot: Robot, actions: Array) -> list[Quantity]:
    """The commands in `actions (rows, nu)`, in their actuators' units."""
    actuators = robot.actuators
    return [
        Quantity(
            name or f"actuator {i}",
            "",
            actions[:, i],
            tuple(actuators.range[i].tolist()) if actuators.limited[i] else None,
        )
        for i, name in enumerate(actuators.names)
    ]


def _angles(quaternions: Array, first: Array) -> Array:
    """The angles `(rows,)` between rotations and the first one, 0 to π."""
    return 2 * np.arccos(np.minimum(np.abs(quaternions @ first), 1.0))
