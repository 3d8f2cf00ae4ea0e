"""`robot check` says what of a robot's file can be learned."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import Positional, arg


@dataclass(frozen=True)
class RobotFile:
    """Check an MJCF or URDF file: what its description knows, what it does not, and what that means for learning.

    Prints bodies, joints, actuators, contact points, shapes that may touch and invariances, then findings. Exit code 1: not learnable.
    """

    what: Annotated[Positional[Literal["check"]], arg(help="What to do.")]
    path: Annotated[Positional[Path], arg(help="The robot's file, MJCF (.xml) or URDF (.urdf).")]
    timestep: Annotated[float | None, arg(help="Control step in s; by default the file's physics step.")] = None

    def run(self) -> None:
        from mosim_gym.mechanics.robot_check import checked_file

        check = checked_file(self.path, self.timestep)
        print(check)
        if not check.learnable:
            raise SystemExit(1)
