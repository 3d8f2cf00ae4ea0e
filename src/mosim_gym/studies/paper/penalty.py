"""Figure 3e of the MoSim paper: what keeps a learner where its model knows, and whether that helps its real return."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from mosim_gym.mechanics.settings import Setting
from mosim_gym.studies.paper.watched_study import Trained, WatchedStudy

SEEDS = (0, 1)
HOLDS: dict[str, dict[str, Setting]] = {
    "nothing": {"outside_model": "continue"},
    "density": {"outside_model": "continue", "penalty": "density"},
    "states": {"outside_model": "continue", "penalty": "density:of=states"},
    "far": {"outside_model": "continue", "penalty": "density", "threshold_scale": 2.5},
    "disagreement": {"outside_model": "continue", "penalty": "disagreement"},
    "box": {},
    "edge": {"outside_model": "terminate"},
}
"""The settings of each way."""
MODELS = {"CheetahRun": "cheetah:narrow", "HopperHop": "hopper", "AcrobotSwingup": "acrobot", "ReacherHard": "reacher"}
ALONE = ("acrobot", "reacher")
"""Models of one member, which has nobody to disagree with."""
FIRST = {"cheetah:narrow": ("nothing", "density", "states", "far", "disagreement", "box")}
USUALLY_FIRST = ("nothing", "density", "states")


@dataclass(frozen=True)
class PenaltyStudy(WatchedStudy):
    """SAC in a model of random motion, `cheetah:narrow`, and in models of motion that covers what the robot can do."""

    name = "penalty"
    title = "Figure 3e: real returns of SAC in frozen models, by what keeps it where they know"
    titles: ClassVar = {
        "nothing": "nothing",
        "density": "p(s, a)",
        "states": "p(s)",
        "far": "p(s, a), `threshold_scale=2.5`",
        "disagreement": "disagreement",
        "box": "`truncate`",
        "edge": "`terminate`",
    }
    baselines: ClassVar = ("nothing",)

    def trainings(self) -> Sequence[Trained]:
        """Both seeds of a way together, the model of random motion before the others."""
        return [
            Trained(task, hold, model, settings, seed, first=hold in FIRST.get(model, USUALLY_FIRST))
            for task, model in MODELS.items()
            for hold, settings in HOLDS.items()
            for seed in SEEDS
            if not (hold == "disagreement" and model in ALONE)
        ]
