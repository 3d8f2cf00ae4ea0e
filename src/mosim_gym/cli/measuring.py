"""`evaluate`: parity and kinematics against dm_control and MuJoCo, prediction of a checkpoint."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg, subcommand

from mosim_gym.cli.common import Out, Reported, Seed


@dataclass(frozen=True)
class Parity(Reported):
    """Compare every task with dm_control: observations, rewards, starts, steps, whole episodes."""

    out: Out = Path("runs/parity")
    states: Annotated[int, arg(help="States for each family.")] = 2000
    seed: Seed = 0

    def run(self) -> None:
        from mosim_gym.evaluation.parity import parity_report, parity_table

        report = parity_report(n=self.states, seed=self.seed)
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

        report = kinematics_report(states=self.states, seed=self.seed)
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

    def run(self) -> None:
        from mosim_gym.evaluation.checkpoint_report import (
            checkpoint_report,
            endurance_table,
            speed_table,
            write_pictures,
        )
        from mosim_gym.evaluation.prediction import prediction_table
        from mosim_gym.zoo import load

        simulator = load(self.checkpoint)
        predictors = {self.checkpoint: simulator, "fast": load(self.checkpoint, precision="fast")}
        report = checkpoint_report(
            simulator.robot.name,
            predictors,
            box=simulator.card.get("box"),
            policies=self.policies,
            segments=self.segments,
            steps=self.steps,
            long_segments=self.segments,
            seed=self.seed,
        )
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
