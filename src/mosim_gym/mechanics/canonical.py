"""Which columns of `qpos` matter to a robot's motion, and how a model reads each of them."""

from __future__ import annotations

from typing import NamedTuple

from mosim_gym.mechanics.parts import JointType
from mosim_gym.mechanics.robot import Robot


class CanonicalColumns(NamedTuple):
    """Columns of `qpos`, without those that the robot's invariances declare not to matter."""

    plain: list[int]
    """Lengths and limited angles, which are read as they are."""
    angles: list[int]
    """Hinges without limits, for which a whole turn changes nothing."""
    attitudes: list[tuple[slice, bool]]
    """The slice of each quaternion, and whether its heading matters."""


def canonical_columns(robot: Robot) -> CanonicalColumns:
    """The columns of `robot`."""
    joints, heading = robot.joints, robot.invariances.yaw
    columns = {name: int(start) for name, start in zip(joints.names, joints.qpos_start, strict=True)}
    ignored = set(robot.translation_indices)
    starts = [part.start for part in robot.quaternion_slices]
    quaternions = {c for start in starts for c in range(start, start + 4)}
    own = None if heading is None else columns[heading] + 3
    if heading is not None and own not in starts:
        ignored.add(columns[heading])
    unlimited = (joints.type == JointType.HINGE) & ~joints.limited
    angles = [int(c) for c in joints.qpos_start[unlimited] if int(c) not in ignored]
    plain = [c for c in range(robot.nq) if c not in ignored | quaternions | set(angles)]
    return CanonicalColumns(plain, angles, [(part, part.start != own) for part in robot.quaternion_slices])
