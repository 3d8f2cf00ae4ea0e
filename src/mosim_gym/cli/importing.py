"""Commands on logs: `import`, and `data check`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from tyro.conf import Positional, arg, subcommand

from mosim_gym.cli.common import STATE, Out, notes_as_lines

if TYPE_CHECKING:
    from mosim_gym.data.logs import Logs
    from mosim_gym.mechanics.robot import Robot


_OF_FILES = ("columns", "time_step", "time_unit", "degrees", "quaternions", "velocity")
"""Options that say how files are to be read."""


@dataclass(frozen=True)
class Import:
    """Import logged motion of a robot from files of npz, CSV, Parquet, HDF5, Minari or LeRobot, or the real steps of a run."""

    sources: Annotated[
        Positional[tuple[str, ...]],
        arg(
            help="Files, folders, patterns in quotation marks, minari:<id>, lerobot:<folder>; or the folder of a few-shot or on-policy run."
        ),
    ]
    robot: Annotated[
        str | None,
        arg(help="Whose motion it is: a packaged robot such as cheetah, or an MJCF or URDF file. Runs know theirs."),
    ] = None
    timestep: Annotated[
        float | None,
        arg(help="Control step of a robot from a file, s; by default the time from row to row in the log."),
    ] = None
    columns: Annotated[
        Path | None,
        arg(help="TOML file from our names (qpos, qvel, action, segment, time, time_step) to the log's; else guessed."),
    ] = None
    time_step: Annotated[float | None, arg(help="Seconds from row to row, where the log does not say it.")] = None
    time_unit: Annotated[Literal["s", "ms", "us", "ns"], arg(help="Unit of the times in the log.")] = "s"
    degrees: Annotated[
        Literal["no", "all", "qpos", "qvel"],
        arg(help="Which of angles (qpos) and angular speeds (qvel) are in degrees."),
    ] = "no"
    quaternions: Annotated[Literal["wxyz", "xyzw"], arg(help="Order of a quaternion's numbers in the log.")] = "wxyz"
    velocity: Annotated[
        Literal["auto", "given", "savgol", "causal"],
        arg(help="Take velocities, or estimate them by polynomials or from the row before; auto: take them if there."),
    ] = "auto"
    out: Out = Path("runs/logs")

    def run(self) -> None:
        from mosim_gym.robots.opening import open_robot

        if not self.sources:
            raise ValueError("Name at least one log, such as logs/walk.csv.")
        if self.robot is None and self.timestep is not None:
            raise ValueError("--timestep is for a robot from a file; name it with --robot.")
        if any(holds_run(Path(source)) for source in self.sources):
            logs = self._of_run(None if self.robot is None else open_robot(self.robot, self.timestep))
        elif self.robot is None:
            raise ValueError("Name the robot whose motion it is with --robot.")
        else:
            logs = self._of_files(self.robot if self.timestep is None else open_robot(self.robot, self.timestep))
        print(
            f"{logs.transitions} control steps ({logs.seconds:.1f} s) of {logs.robot.name} in {len(logs)} segments; wrote {self.out}"
        )

    def _of_run(self, robot: Robot | None) -> Logs:
        """The real steps of the only source."""
        from mosim_gym.rl.real_steps import real_steps

        if len(self.sources) > 1:
            raise ValueError("Import the real steps of one run at a time, and logs by themselves.")
        default = Import(())
        given = [name for name in _OF_FILES if getattr(self, name) != getattr(default, name)]
        if given:
            raise ValueError(f"--{given[0].replace('_', '-')} is for logs in files; leave it out with a run.")
        logs = real_steps(next(iter(self.sources)), robot)
        logs.save(self.out)
        return logs

    def _of_files(self, robot: Robot | str) -> Logs:
        """The logs in the sources."""
        from mosim_gym.data.import_logs import import_logs

        with notes_as_lines():
            return import_logs(
                self.sources,
                robot,
                self.columns,
                time_step=self.time_step,
                time_unit=self.time_unit,
                degrees=self.degrees if self.degrees in ("qpos", "qvel") else self.degrees == "all",
                quaternions=self.quaternions,
                velocity=None if self.velocity == "auto" else self.velocity,
                out=self.out,
                report=print,
            )


def holds_run(folder: Path) -> bool:
    """Whether `folder` is that of a run, whose real steps can be asked for."""
    return (folder / STATE).is_file()


@dataclass(frozen=True)
class Check:
    """Say what imported logs hold, and what to do about what is missing or looks wrong; with --out, draw it, too."""

    folder: Annotated[Positional[Path], arg(help="Folder that `mosim-gym import` wrote.")]
    robot: Annotated[str | None, arg(help="A corrected description of the robot; by default that of the import.")] = (
        None
    )
    out: Annotated[Path | None, arg(help="Folder for pictures of what the logs hold.")] = None

    def run(self) -> None:
        from mosim_gym.data.log_files import open_logs
        from mosim_gym.robots.opening import as_robot

        logs = open_logs(self.folder)
        if self.robot is not None:
            logs = open_logs(self.folder, robot=as_robot(self.robot, logs.control_step))
        print(logs.report())
        if self.out is not None:
            from mosim_gym.evaluation.log_pictures import draw_logs

            for path in draw_logs(logs, self.out):
                print(f"wrote {path}")


@dataclass(frozen=True)
class Data:
    """Import logged motion, and check it."""

    what: Annotated[Check, subcommand("check")] | Annotated[Import, subcommand("import")]

    def run(self) -> None:
        self.what.run()
