"""Commands on the files of robots: `build-robot`, and `robot check`, which says what of a file can be learned."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import Positional, arg


@dataclass(frozen=True)
class BuildRobot:
    """Build a robot's packaged files from its MJCF: its description with true starts, and a self-contained MJCF."""

    name: Annotated[Positional[str], arg(help="A robot of this or of another package; `all` for every robot.")]
    out: Annotated[Path | None, arg(help="Folder to write to; by default the one that the robot's package reads.")] = (
        None
    )

    def run(self) -> None:
        from mosim_gym.robots import find_robot, load_robot, load_task, robot_definitions
        from mosim_gym.robots.building import build_robot

        for name in robot_definitions() if self.name == "all" else [self.name]:
            for path in build_robot(find_robot(name), self.out):
                print(f"wrote {path} ({path.stat().st_size / 1000:.0f} kB)")
        load_robot.cache_clear()
        load_task.cache_clear()


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
