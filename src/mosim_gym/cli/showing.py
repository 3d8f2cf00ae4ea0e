"""What there is, and what it looks like: `info`, `render`, `demo`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import Positional, arg

from mosim_gym.cli.common import Out, Seed, write_result


@dataclass(frozen=True)
class Info:
    """Describe a task, a robot, or (without a name) list everything there is."""

    name: Annotated[Positional[str | None], arg(help="A task such as CheetahRun or a robot such as cheetah.")] = None

    def run(self) -> None:
        from mosim_gym.evaluation.describe import describe_everything, describe_robot, describe_task
        from mosim_gym.robots import robot_definitions, tasks

        if self.name is None:
            print(describe_everything())
        elif self.name in robot_definitions() and self.name not in tasks():
            print(describe_robot(self.name))
        else:
            print(describe_task(self.name))


@dataclass(frozen=True)
class Render:
    """Film a scripted policy in the real task."""

    task: Annotated[Positional[str], arg(help="A task such as CheetahRun.")]
    policy: Annotated[Literal["scripted", "random"], arg(help="Which policy acts.")] = "scripted"
    out: Out = Path("runs/render")
    steps: Annotated[int, arg(help="Control steps to film.")] = 300
    seed: Seed = 0

    def run(self) -> None:
        from mosim_gym.evaluation.demonstration import demonstrate

        write_result(
            self.out,
            self,
            demonstrate(self.task, self.policy, episodes=1, steps=self.steps, seed=self.seed, out=self.out),
        )


@dataclass(frozen=True)
class Demo:
    """Run a scripted policy in the true task: returns, a plot and a video."""

    out: Out = Path("runs/demo")
    task: Annotated[str, arg(help="The task.")] = "CheetahRun"
    episodes: Annotated[int, arg(help="Episodes to average over.")] = 5
    seed: Seed = 0

    def run(self) -> None:
        from mosim_gym.evaluation.demonstration import demonstrate

        result = demonstrate(self.task, "scripted", episodes=self.episodes, steps=1000, seed=self.seed, out=self.out)
        write_result(self.out, self, result)
