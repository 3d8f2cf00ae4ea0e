"""What two choices of this package's SAC are worth: layer norms in its critics, and the steps of reward in their targets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from mosim_gym.mechanics.settings import Setting
from mosim_gym.studies.paper.watched_study import Trained, WatchedStudy

WAYS: dict[tuple[str, str], dict[str, Setting]] = {
    ("WalkerRun", "normed"): {"critic": "normed"},
    ("WalkerRun", "plain"): {"critic": "plain"},
    ("FingerSpin", "one-step"): {"n_step": 1},
    ("FingerSpin", "five-steps"): {"n_step": 5},
}
"""The settings of each task and label."""


@dataclass(frozen=True)
class Choices(WatchedStudy):
    """SAC in packaged models, by one setting."""

    name = "choices"
    title = "Not in the paper: SAC with and without layer norms in its critics, with targets of one step and of five"
    titles: ClassVar = {
        "normed": "layer norms in the critics",
        "plain": "SB3's critics",
        "one-step": "targets of one step",
        "five-steps": "targets of five steps",
    }
    baselines: ClassVar = ("plain", "one-step")

    def trainings(self) -> Sequence[Trained]:
        """One seed above the cut line."""
        return [
            Trained(task, label, settings=settings, seed=seed, first=seed == 0)
            for seed in (0, 1)
            for (task, label), settings in WAYS.items()
        ]
