"""`collect`: true motion of a robot on disk, by a recipe or of a policy."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from tyro.conf import Positional, arg

from mosim_gym.cli.common import Out, Seed, Trusted, Workers, advance

if TYPE_CHECKING:
    from mosim_gym.evaluation.policy_motion import PolicyCollector

COVERAGE = "coverage"


@dataclass(frozen=True)
class Collect:
    """Simulate segments of true motion and keep them on disk. An interrupted collection continues."""

    robot: Annotated[Positional[str], arg(help="A robot such as cheetah.")]
    out: Out = Path("runs/data")
    segments: Annotated[
        int,
        arg(
            help="Number of segments, of 40 of the robot's own control steps in recipes coverage and mixed, 100 in narrow and uniform, "
            "1 in flight, 100 under a policy."
        ),
    ] = 5000
    recipe: Annotated[
        str | None,
        arg(help="Starts and actions: coverage (the default), mixed, narrow, uniform or flight."),
    ] = None
    policy: Annotated[
        str | None,
        arg(
            help="Motion of a policy from its task's starts: scripted, or a policy's file (of this package, or an SB3 zip)."
        ),
    ] = None
    task: Annotated[str | None, arg(help="The policy's task; by default the one that its file names.")] = None
    noise: Annotated[
        float | None,
        arg(
            help="Standard deviation of the noise on the policy's controls, as a share of half their range; by default 0."
        ),
    ] = None
    trusted: Trusted = False
    workers: Workers = None
    seed: Seed = 0

    def run(self) -> None:
        from tqdm import tqdm

        from mosim_gym.adapters.ray import executor
        from mosim_gym.data.dataset import collect_dataset

        collector = self._collector()
        workers = executor(self.workers)
        with tqdm(total=self.segments, desc=self.robot, unit="segment", disable=None) as bar:
            dataset = collect_dataset(
                self.robot,
                self.out,
                segments=self.segments,
                recipe=(self.recipe or COVERAGE) if collector is None else "policy",
                seed=self.seed,
                collector=collector,
                report=lambda done: advance(bar, done),
                workers=workers,
            )
        dropped = dataset.manifest["dropped"]
        print(
            f"{dataset.transitions} control steps of {self.robot} in {self.out}; {dropped} unstable segments left out"
        )

    def _collector(self) -> PolicyCollector | None:
        """The collector of the policy, if there is one."""
        if self.policy is None:
            given = next((name for name in ("task", "noise") if getattr(self, name) is not None), None)
            if given is not None:
                raise ValueError(f"--{given} is of a policy's motion; give --policy, or leave it out.")
            return None
        if self.recipe is not None:
            raise ValueError("--recipe has actions of its own; leave it out where a policy acts.")
        from mosim_gym.adapters.policy_collecting import policy_collector

        return policy_collector(self.robot, self.policy, task=self.task, noise=self.noise or 0.0, trusted=self.trusted)
