"""Names of the numbers of a state."""

from __future__ import annotations

from mosim_gym.mechanics.parts import JointType
from mosim_gym.mechanics.robot import Robot

_FREE = ("x", "y", "z", "qw", "qx", "qy", "qz")


def position_names(robot: Robot) -> list[str]:
    """A name for each number of `qpos`: the joint's, of free and ball joints with the component. `robot.dofs.names` are those of `qvel`."""
    names: list[str] = []
    for row, name in enumerate(robot.joints.names):
        match JointType(robot.joints.type[row]):
            case JointType.FREE:
                names += [f"{name}.{part}" for part in _FREE]
            case JointType.BALL:
                names += [f"{name}.{part}" for part in _FREE[3:]]
            case _:
                names.append(name)
    return names
