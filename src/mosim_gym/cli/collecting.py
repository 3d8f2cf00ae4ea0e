"""`collect`: true motion of a robot on disk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from mosim_gym.cli.common import Out, Seed, Workers, advance


@dataclass(frozen=True)
class Collect:
    """Simulate segments of true motion and keep them on disk. An interrupted collection continues."""

    robot: Annotated[Positional[str], arg(help="A robot such as cheetah.")]
    out: Out = Path("runs/data")
    segments: Annotated[
        int,
        arg(
            help="Number of segments, of 40 of the robot's own control steps in recipes coverage and mixed, 100 in narrow and uniform, "
            "1 in flight."
        ),
    ] = 5000
    recipe: Annotated[str, arg(help="Starts and actions: coverage, mixed, narrow, uniform or flight.")] = "coverage"
    workers: Workers = None
    seed: Seed = 0

    def run(self) -> None:
        from tqdm import tqdm

        from mosim_gym.adapters.ray import executor
        from mosim_gym.data.dataset import collect_dataset

        workers = executor(self.workers)
        with tqdm(total=self.segments, desc=self.robot, unit="segment", disable=None) as bar:
            dataset = collect_dataset(
                self.robot,
                self.out,
                segments=self.segments,
                recipe=self.recipe,
                seed=self.seed,
                report=lambda done: advance(bar, done),
                workers=workers,
            )
        dropped = dataset.manifest["dropped"]
        print(
            f"{dataset.transitions} control steps of {self.robot} in {self.out}; {dropped} unstable segments left out"
        )
