"""Modules of version 0.1.0 that have moved: importing one says in one sentence where it is now."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

MOVED = {
    "mosim_gym.envs.disagreement": "mosim_gym.envs.penalties.disagreement",
    "mosim_gym.envs.density": "mosim_gym.envs.penalties.density",
    "mosim_gym.evaluation.controllers": "mosim_gym.policies.controllers",
    "mosim_gym.evaluation.demonstration": "mosim_gym.studies.demonstration",
    "mosim_gym.evaluation.gait_search": "mosim_gym.studies.gait_search",
    "mosim_gym.evaluation.learning_plots": "mosim_gym.pictures.learning_plots",
    "mosim_gym.evaluation.plots": "mosim_gym.pictures.plots",
    "mosim_gym.evaluation.scripted": "mosim_gym.policies.scripted",
    "mosim_gym.evaluation.video": "mosim_gym.pictures.video",
    "mosim_gym.rl.alternation": "mosim_gym.rl.strategies.alternation",
    "mosim_gym.rl.arithmetic": "mosim_gym.rl.learners.arithmetic",
    "mosim_gym.rl.benchmark": "mosim_gym.studies.benchmark",
    "mosim_gym.rl.critics": "mosim_gym.rl.learners.critics",
    "mosim_gym.rl.efficiency_summary": "mosim_gym.studies.efficiency_summary",
    "mosim_gym.rl.few_shot": "mosim_gym.rl.strategies.few_shot",
    "mosim_gym.rl.learner": "mosim_gym.rl.learners.base",
    "mosim_gym.rl.model_learner": "mosim_gym.rl.strategies.model_learner",
    "mosim_gym.rl.observations": "mosim_gym.rl.learners.observations",
    "mosim_gym.rl.on_policy": "mosim_gym.rl.strategies.on_policy",
    "mosim_gym.rl.planner": "mosim_gym.rl.strategies.planner",
    "mosim_gym.rl.planning": "mosim_gym.rl.strategies.planning",
    "mosim_gym.rl.policies": "mosim_gym.policies.actor",
    "mosim_gym.rl.real_world": "mosim_gym.rl.strategies.real_world",
    "mosim_gym.rl.sample_efficiency": "mosim_gym.studies.sample_efficiency",
    "mosim_gym.rl.settings": "mosim_gym.mechanics.settings",
    "mosim_gym.rl.shac": "mosim_gym.rl.learners.shac",
    "mosim_gym.rl.training_starts": "mosim_gym.rl.strategies.training_starts",
    "mosim_gym.rl.vec_env": "mosim_gym.adapters.vec_env",
    "mosim_gym.rl.watched": "mosim_gym.studies.watched",
    "mosim_gym.rl.zero_shot": "mosim_gym.rl.strategies.zero_shot",
    "mosim_gym.training.comparison": "mosim_gym.studies.comparison",
    "mosim_gym.truth.drawing": "mosim_gym.pictures.drawing",
    "mosim_gym.truth.opengl": "mosim_gym.pictures.opengl",
    "mosim_gym.truth.options": "mosim_gym.envs.options",
    "mosim_gym.truth.real": "mosim_gym.envs.real",
    "mosim_gym.truth.rendering": "mosim_gym.pictures.rendering",
    "mosim_gym.truth.silhouettes": "mosim_gym.pictures.silhouettes",
    "mosim_gym.truth.spaces": "mosim_gym.envs.spaces",
    "mosim_gym.truth.viewpoint": "mosim_gym.pictures.viewpoint",
}


class MovedModules(MetaPathFinder):
    """Asked last, for modules that nobody else has found."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """No module; but one that has moved raises with its new name."""
        if fullname in MOVED:
            raise ModuleNotFoundError(f"{fullname} has moved: it is now {MOVED[fullname]}.", name=fullname)
        return None


def announce_moves() -> None:
    """Let imports of old names say the new ones."""
    if not any(isinstance(finder, MovedModules) for finder in sys.meta_path):
        sys.meta_path.append(MovedModules())
