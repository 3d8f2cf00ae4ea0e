"""`evaluate`: parity and kinematics against dm_control and MuJoCo, prediction of a checkpoint."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from tyro.conf import Positional, arg, subcommand

from mosim_gym.cli.common import Out, Reported, Seed
from mosim_gym.mechanics.progress import Progress
from mosim_gym.mechanics.world_model import WORLD_MODELS

if TYPE_CHECKING:
    from mosim_gym.mechanics.world_model import WorldModel

FIT_SEED = 0
"""Of world models that are fitted beside a checkpoint; test segments have other ones."""


@dataclass(frozen=True)
class Parity(Reported):
    """Compare every task with dm_control: observations, rewards, starts, steps, whole episodes."""

    out: Out = Path("runs/parity")
    states: Annotated[int, arg(help="States for each family.")] = 2000
    seed: Seed = 0

    def run(self) -> None:
        from mosim_gym.evaluation.parity import parity_report
        from mosim_gym.evaluation.parity_table import parity_table

        with Progress("parity") as progress:
            report = parity_report(n=self.states, seed=self.seed, show=progress.show)
            progress.end()
        print(parity_table(report))
        self.write_result(report)


@dataclass(frozen=True)
class Kinematics(Reported):
    """Compare forward kinematics with MuJoCo's: errors and speed for 14 robots."""

    out: Out = Path("runs/kinematics")
    states: Annotated[int, arg(help="Random states for each robot.")] = 4000
    seed: Seed = 0

    def run(self) -> None:
        from mosim_gym.evaluation.kinematics import kinematics_report, kinematics_table

        with Progress("kinematics") as progress:
            report = kinematics_report(states=self.states, seed=self.seed, show=progress.show)
            progress.end()
        print(kinematics_table(report))
        self.write_result(report)


@dataclass(frozen=True)
class Prediction(Reported):
    """Measure a checkpoint: open-loop prediction error on random and scripted actions, 1,000-step rollouts, speed; with pictures."""

    checkpoint: Annotated[Positional[str], arg(help="A packaged name such as cheetah, or a file.")]
    out: Out = Path("runs/prediction")
    segments: Annotated[int, arg(help="Test segments.")] = 1000
    steps: Annotated[int, arg(help="Control steps in each.")] = 100
    policies: Annotated[Path | None, arg(help="Folder of trained test policies; by default scripted ones act.")] = None
    seed: Annotated[int, arg(help="Seed of the test segments; training never uses it.")] = 20_011
    beside: Annotated[
        str | None,
        arg(
            help=f"World models to fit and measure beside it, with commas between; registered are {', '.join(WORLD_MODELS.names())}."
        ),
    ] = None
    data: Annotated[
        Path | None,
        arg(help="Dataset of `mosim-gym collect` to fit them on; by default fresh motion by the checkpoint's recipe."),
    ] = None
    budget: Annotated[str, arg(help="Time to fit each of them, for example 90s or 20m.")] = "5m"

    def run(self) -> None:
        from mosim_gym.evaluation.beside import fitted, motion_to_fit, named
        from mosim_gym.evaluation.checkpoint_report import (
            checkpoint_report,
            endurance_table,
            speed_table,
            write_pictures,
        )
        from mosim_gym.evaluation.prediction import prediction_table
        from mosim_gym.mechanics.durations import seconds
        from mosim_gym.mechanics.numbers import check_at_least
        from mosim_gym.zoo import load

        names, budget = named(self.beside), seconds(self.budget)
        if self.data is not None and not names:
            raise ValueError("--data is what world models are fitted on; name some by --beside.")
        check_at_least(1, segments=self.segments, steps=self.steps)
        simulator = load(self.checkpoint)
        beside: dict[str, WorldModel] = {}
        if names:
            motion = motion_to_fit(simulator.robot.name, simulator.card, self.data, FIT_SEED)
            beside = fitted(
                names,
                motion,
                budget=budget,
                seed=FIT_SEED,
                report=lambda name: print(f"fitting {name}, {self.budget} …", flush=True),
            )
        predictors = {self.checkpoint: simulator, "fast": load(self.checkpoint, precision="fast")}
        with Progress(self.checkpoint) as progress:
            report = checkpoint_report(
                simulator.robot.name,
                predictors,
                box=simulator.card.get("box"),
                policies=self.policies,
                segments=self.segments,
                steps=self.steps,
                long_segments=self.segments,
                seed=self.seed,
                beside=beside,
                show=progress.show,
            )
            progress.end()
        for part in (prediction_table(report), endurance_table(report), speed_table(report)):
            print(part, end="\n\n" if part else "")
        for path in write_pictures(self.out, simulator.card["name"].replace(":", "-"), report, simulator):
            print(f"wrote {path}")
        self.write_result(report)


@dataclass(frozen=True)
class Evaluate:
    """Measure parity, kinematics or prediction against MuJoCo and dm_control."""

    what: (
        Annotated[Parity, subcommand("parity")]
        | Annotated[Kinematics, subcommand("kinematics")]
        | Annotated[Prediction, subcommand("prediction")]
    )  # fmt: skip

    def run(self) -> None:
        self.what.run()
