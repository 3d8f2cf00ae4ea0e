"""`mosim-gym`: every stage of the pipeline from the command line. Each command is a dataclass whose fields are its options."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

import tyro
from tyro.conf import OmitSubcommandPrefixes, subcommand

from mosim_gym.cli.common import check_options
from mosim_gym.cli.demo import Demo
from mosim_gym.cli.files import Reseal
from mosim_gym.cli.learning import BuildRobot, Collect, Combine, Density, Train, Unpack
from mosim_gym.cli.measuring import Evaluate
from mosim_gym.cli.planning import Plan
from mosim_gym.cli.policies import Rl
from mosim_gym.cli.showing import Info, Render
from mosim_gym.mechanics.names import UnknownName

Command = (
    Annotated[BuildRobot, subcommand("build-robot")]
    | Annotated[Collect, subcommand("collect")]
    | Annotated[Train, subcommand("train")]
    | Annotated[Combine, subcommand("combine")]
    | Annotated[Unpack, subcommand("unpack")]
    | Annotated[Density, subcommand("density")]
    | Annotated[Reseal, subcommand("reseal")]
    | Annotated[Evaluate, subcommand("evaluate")]
    | Annotated[Rl, subcommand("rl")]
    | Annotated[Plan, subcommand("plan")]
    | Annotated[Render, subcommand("render")]
    | Annotated[Info, subcommand("info")]
    | Annotated[Demo, subcommand("demo")]
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse `arguments` (the command line's by default) and run; faults of the input end in one sentence and exit code 2."""
    command = tyro.cli(
        OmitSubcommandPrefixes[Command],
        prog="mosim-gym",
        args=arguments,
        description="Learn how a robot moves; train policies inside.",
    )
    try:
        check_options(command)
        command.run()
    except (UnknownName, ValueError, OSError, FloatingPointError) as error:
        print(f"mosim-gym: {error}", file=sys.stderr)
        raise SystemExit(2) from error
    except KeyboardInterrupt:
        print("mosim-gym: interrupted", file=sys.stderr)
        raise SystemExit(130) from None
