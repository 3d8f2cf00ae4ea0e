"""Zero-shot training watched from reality: each policy on the way is also played in dm_control, once the training is over.

Nothing of it reaches the training. What it shows is whether a gain in the model is one in reality: how far a model can be trusted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from mosim_gym.adapters.policy_files import load_policy
from mosim_gym.mechanics.provenance import provenance
from mosim_gym.rl.report import real_return
from mosim_gym.rl.strategies.zero_shot import EVALUATED, config_for, zero_shot


@dataclass(frozen=True)
class WatchedRun:
    """`settings` are what differs from the task's defaults; `budget` is in seconds, `checkpoint` as zero-shot training takes it.

    With `max_steps` the training ends after so many control steps, if the budget does not end it sooner.
    """

    study: str
    label: str
    task: str
    budget: float
    checkpoint: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    max_steps: int | None = None

    @property
    def name(self) -> str:
        """What its file is called."""
        return f"{self.study}-{self.label}".replace(",", "").replace(" ", "-")


def watch(
    run: WatchedRun,
    folder: Path,
    report: Callable[[dict[str, float]], None] = lambda _: None,
    *,
    episodes: int = 10,
    final_episodes: int = 50,
) -> dict[str, object]:
    """Train, then play in reality what was evaluated in the model: `episodes` of each policy on the way, `final_episodes` of the chosen and
    of the last one. `folder` keeps what an interrupted run goes on from.
    """
    config = config_for(run.task, **run.settings)
    trained = zero_shot(
        run.task,
        config,
        budget=run.budget,
        folder=folder,
        checkpoint=run.checkpoint,
        max_steps=run.max_steps,
        keep_all=True,
        report=report,
    )
    curve = []
    for point in trained.curve:
        policy = load_policy(folder / EVALUATED / f"{point['steps']}.safetensors")
        real = real_return(run.task, policy, episodes=episodes)
        curve.append({**point, "real": real.mean, "real_std": real.std})
    last = load_policy(folder / EVALUATED / f"{trained.curve[-1]['steps']}.safetensors")
    return {
        "study": run.study,
        "label": run.label,
        "task": run.task,
        "checkpoint": run.checkpoint,
        "settings": dict(run.settings),
        "config": asdict(config),
        "model": trained.policy.card["model"],
        "curve": curve,
        "chosen": real_return(run.task, trained.policy, episodes=final_episodes).summary(),
        "last": real_return(run.task, last, episodes=final_episodes).summary(),
        "provenance": provenance(seeds=[config.seed]),
    }
