"""What logs must hold so that a model can be learned from them: one sentence says what is missing."""

from __future__ import annotations

import warnings

from mosim_gym.data.log_commands import clipping
from mosim_gym.data.log_files import check_same_robot, opened_logs
from mosim_gym.data.log_findings import LogsNote
from mosim_gym.data.logs import Logs
from mosim_gym.mechanics import Robot
from mosim_gym.mechanics.parts import JointType

FEWEST = 100
"""Control steps to learn from, and"""
FEWEST_HELD_OUT = 10
"""control steps to test on, at least."""
STILL = 1e-6
"""rad/s or m/s: a joint whose velocity varies by less has never moved."""


def check_logs(robot: Robot, data: object, what: str = "data") -> Logs:
    """The logs that `data` are or name, if they are motion of `robot`."""
    logs = opened_logs(data, what)
    check_same_robot(f"`{what}`", logs.robot, robot)
    return logs


def check_memory(memory: int, learned: Logs, held_out: Logs) -> None:
    """Raise `ValueError` if no segment is as long as `memory` commands and a control step after them."""
    for logs, purpose in ((learned, "learn from"), (held_out, "test on")):
        longest = int(logs.lengths.max())
        if memory >= longest:
            raise ValueError(
                f"memory is {memory}, and the longest segment to {purpose} has {longest} control steps; give a memory below {longest}."
            )


def check_learnable(robot: Robot, learned: Logs, held_out: Logs) -> None:
    """Raise `ValueError` for too few control steps on either side of a split, and for a joint that never moves."""
    for logs, least, purpose in ((learned, FEWEST, "learn from"), (held_out, FEWEST_HELD_OUT, "test on")):
        if logs.transitions < least:
            raise ValueError(
                f"The logs have {logs.transitions} control steps ({logs.seconds:.2g} s) to {purpose}; at least {least} are needed: "
                "import more motion."
            )
    joints = robot.joints
    spread = learned.qvel.std(axis=0)
    for name, kind, first in zip(joints.names, joints.type, joints.dof_start, strict=True):
        size = JointType(kind).dof_size
        if spread[int(first) : int(first) + size].max() < STILL:
            raise ValueError(
                f"The joint {name!r} never moves in the logs, so its motion cannot be learned: record motion of it, or leave the joint out "
                "of the robot's file."
            )


def warn_of_clipping(robot: Robot, data: Logs) -> None:
    """A `LogsNote` where many commands in `data` are beyond the range of an actuator of `robot`, and so are clipped in training."""
    said = clipping(robot, data)
    if said is not None:
        warnings.warn(said, LogsNote, stacklevel=3)
