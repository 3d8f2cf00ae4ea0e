"""`ZeroShot`: zero-shot training as a strategy of the command line."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mosim_gym.mechanics.durations import clock, seconds
from mosim_gym.pictures.learning_plots import chosen_point
from mosim_gym.rl.strategies.accounting import said_of_training
from mosim_gym.rl.strategies.base import Learned, Report, Standing, Strategy, Use, option
from mosim_gym.rl.strategies.model_penalty import penalty_option
from mosim_gym.rl.strategies.zero_shot import ZeroShotConfig, typed_config, zero_shot


@dataclass(frozen=True)
class ZeroShotOptions:
    """The options of zero-shot training on the command line."""

    budget: str = option("30m", "Time for training, for example 30m.")
    stop_at: float | None = option(None, "End the training early, when the return in the model is this high.")
    checkpoint: str | None = option(None, "The model; by default the robot's packaged one.")
    judge: str | None = option(
        None, "The model for the evaluations that choose the policy; by default the one of --checkpoint."
    )
    start: str | None = option(None, "A policy's file to begin with, and to improve; shac and ppo can.")
    penalty: str | None = penalty_option()


class ZeroShot(Strategy):
    """`zero_shot` as a strategy."""

    summary = (
        "Train a policy inside the robot's model, then play it in the real task once. An interrupted run continues."
    )
    options = ZeroShotOptions
    uses = (
        Use(
            "a model that has seen all the robot can do", "zero-shot", "zero-shot.md", "none",
            "minutes of training in the model",
        ),
        Use(
            "such a model, and a reward that changes in every state", "gradients", "gradients.md", "none",
            "minutes of training in the model, often fewer",
        ),
        Use(
            "a model that has seen only some motion, and no real robot", "zero-shot with a penalty", "penalties.md", "none",
            "a density, or an ensemble",
        ),
    )  # fmt: skip

    def config(self, task: str, algo: str | None, seed: int, settings: Sequence[str], options: Any) -> ZeroShotConfig:
        """The task's defaults, with the typed settings."""
        return typed_config(task, algo, seed=seed, settings=settings, penalty=options.penalty, start=options.start)

    def learn(
        self, task: str, config: ZeroShotConfig, options: ZeroShotOptions, folder: Path, report: Report
    ) -> Learned:
        """Run `zero_shot`."""
        result = zero_shot(
            task,
            config,
            budget=seconds(options.budget),
            folder=folder,
            checkpoint=options.checkpoint,
            stop_at=options.stop_at,
            judge=options.judge,
            report=report,
        )
        card = result.policy.card
        said = f"return in {card['trained_in']} {chosen_point(result.curve)['return_in_model']:.1f}"
        if card["real_steps"]:
            said = f"{said_of_training(card)}\n{said}"
        return Learned(result.policy, result.curve, result.dynamics, said)

    def standing(self, state: dict[str, float]) -> Standing:
        """The share of the time that has passed; the text has the return, too, at which the run stops earlier."""
        latest, limit = state["return_in_model"], state.get("stop_at")
        share, known = state["seconds"] / state["budget"], not math.isnan(latest)
        seen = f"return in the model {latest:.0f}" if known else "return in the model –"
        until = "" if limit is None else f" of {limit:g}"
        time = f"{clock(state['seconds'])} of {clock(state['budget'])}"
        return Standing(share, f"{seen}{until}, time {time}, {state['steps']:,.0f} steps")
