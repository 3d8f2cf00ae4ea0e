"""`demo`: trains a policy inside a model in a few minutes, plays it in dm_control, and prints a table of the returns."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from tyro.conf import arg

from mosim_gym.cli.common import Out, Reported, Seed
from mosim_gym.cli.policies import SHOWN, TRAINED, train_and_show

CHEETAH_SETTINGS = "decay=2500", "evaluate_every=200000"
"""Learning rates fall with the updates, so that a fast machine is done early, or with the time, so that a slow machine is done in time."""
CHEETAH_MODELS = "cheetah:small", "cheetah"
"""A small model for fast training, and an ensemble for the evaluations, so that a policy must work in more than the small model."""
NEXT = "rl zero-shot FishUpright --algo shac --budget 10m --stop-at 900"
"""A task whose policies have been measured: so many minutes are enough there."""


@dataclass(frozen=True)
class Demo(Reported):
    """Train a policy inside a model in a few minutes, then play it in dm_control. The same command continues an interrupted run."""

    files, traces = SHOWN, TRAINED

    task: Annotated[str, arg(help="The task; CheetahRun by SHAC in the small model, others by SAC.")] = "CheetahRun"
    budget: Annotated[str, arg(help="Time for training, at most.")] = "10m"
    stop_at: Annotated[float, arg(help="End the training early, when the return in the model is this high.")] = 850.0
    out: Out = Path("runs/demo")
    seed: Seed = 0

    def run(self) -> None:
        import torch

        from mosim_gym.mechanics.packages import has_dm_control
        from mosim_gym.rl.strategies.zero_shot_strategy import ZeroShot, ZeroShotOptions
        from mosim_gym.robots import find_task

        shimmy = 3 if has_dm_control() and find_task(self.task)[1].in_dm_control else 0
        cheetah = self.task == "CheetahRun"
        checkpoint, judge = CHEETAH_MODELS if cheetah else (None, None)
        algo = "shac" if cheetah else "sac"
        torch.set_num_threads(1)  # a second one would wait for whatever else the machine does
        print(
            f"{self.task}: {algo.upper()} trains inside the model until the return there passes {self.stop_at:g}, "
            f"for {self.budget} at most; the policy is played in reality at the end …",
            flush=True,
        )
        content = train_and_show(
            ZeroShot(),
            self.task,
            ZeroShotOptions(self.budget, self.stop_at, checkpoint, judge),
            algo=algo,
            episodes=10,
            shimmy=shimmy,
            out=self.out,
            seed=self.seed,
            settings=CHEETAH_SETTINGS if cheetah else (),
        )
        self.write_result(content)
        print(f"\n{demo_table(self.task, content)}\n\nnext: {_program()} {NEXT}")


def demo_table(task: str, content: Mapping[str, Any]) -> str:
    """A table of the returns in `content`, a result of `train_and_show`, beside published returns of `task`."""
    from mosim_gym.evaluation.published import AFTER_A_MILLION
    from mosim_gym.evaluation.tables import table
    from mosim_gym.mechanics.packages import has_dm_control
    from mosim_gym.pictures.learning_plots import chosen_point

    card, chosen = content["policy"], chosen_point(content["curve"])
    rows = [
        ["in the model", f"{chosen['episodes']:.0f}", f"{chosen['return_in_model']:.0f} ± {chosen['std']:.0f}"],
        *(
            [where, str(content[key]["episodes"]), f"{content[key]['mean']:.0f} ± {content[key]['std']:.0f}"]
            for where, key in (
                ("in dm_control" if has_dm_control() else "in MuJoCo", "real"),
                ("in dm_control, through Shimmy", "shimmy"),
            )
            if key in content
        ),
        *(
            [f"published: {name}, 1,000,000 real steps", "", f"{value:.0f}"]
            for name, value in AFTER_A_MILLION.get(task, {}).items()
            if name in ("SAC", "TD-MPC2")
        ),
    ]
    trained = f"{task}, {card['training_seconds'] / 60:.1f} min, no real step"
    return table([trained, "Episodes", "Return ± deviation"], rows)


def _program() -> str:
    """The path by which this program was called, if that is known."""
    return sys.argv[0] if Path(sys.argv[0]).name == "mosim-gym" else "mosim-gym"
