"""The command line, `mosim-gym`. Each command is a dataclass whose fields are its options."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence
from typing import Annotated, Any, Union

import tyro
from tyro.conf import OmitSubcommandPrefixes, subcommand

from mosim_gym.cli.checkpoints import Combine, Unpack
from mosim_gym.cli.collecting import Collect
from mosim_gym.cli.common import check_options
from mosim_gym.cli.demo import Demo
from mosim_gym.cli.densities import Density
from mosim_gym.cli.doctor import Doctor
from mosim_gym.cli.exporting import Export
from mosim_gym.cli.files import Push, Reseal
from mosim_gym.cli.importing import Data, Import
from mosim_gym.cli.learning import Train
from mosim_gym.cli.measuring import Evaluate
from mosim_gym.cli.planning import Plan
from mosim_gym.cli.playing import Play
from mosim_gym.cli.policies import Rl, rl_command
from mosim_gym.cli.robots import BuildRobot, RobotFile
from mosim_gym.cli.showing import Info, Render
from mosim_gym.cli.streams import keep_writing
from mosim_gym.cli.studying import Study
from mosim_gym.mechanics.interruption import Terminated, unwind_at_termination
from mosim_gym.mechanics.names import UnknownName
from mosim_gym.mechanics.packages import MissingPackage

NO_DISPLAY = r".*DISPLAY environment variable is missing"
"""A warning of GLFW, by which dm_control would open windows. No command opens one."""


def command_line(arguments: Sequence[str]) -> Any:
    """The type of all commands; those of `rl` are complete where `arguments` begin with it."""
    rl = rl_command() if list(arguments[:1]) == ["rl"] else Rl
    commands = {
        "build-robot": BuildRobot, "import": Import, "data": Data, "collect": Collect,
        "train": Train, "combine": Combine, "unpack": Unpack, "density": Density,
        "reseal": Reseal, "push": Push, "evaluate": Evaluate, "rl": rl, "plan": Plan, "render": Render, "play": Play, "info": Info,
        "demo": Demo, "export": Export, "robot": RobotFile, "doctor": Doctor, "study": Study,
    }  # fmt: skip
    return Union[tuple(Annotated[kind, subcommand(name)] for name, kind in commands.items())]  # noqa: UP007


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse `arguments` (the command line's by default) and run.

    Faults of the input and missing packages end in one sentence and exit code 2.
    """
    warnings.filterwarnings("ignore", message=NO_DISPLAY)
    if arguments is None:
        keep_writing()
        unwind_at_termination()
    typed = sys.argv[1:] if arguments is None else list(arguments)
    command = tyro.cli(
        OmitSubcommandPrefixes[command_line(typed)],
        prog="mosim-gym",
        args=typed,
        description="Learn how a robot moves; train policies inside.",
    )
    try:
        check_options(command)
        command.run()
    except (UnknownName, MissingPackage, ValueError, OSError, FloatingPointError) as error:
        print(f"mosim-gym: {error}", file=sys.stderr)
        raise SystemExit(2) from error
    except Terminated as signal:
        print(f"mosim-gym: ended by {signal}", file=sys.stderr)
        raise SystemExit(128 + signal.number) from None
    except KeyboardInterrupt:
        print("mosim-gym: interrupted", file=sys.stderr)
        raise SystemExit(130) from None
