"""This package's own models as world models: MoSim, and a plain residual network of the same size."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

from mosim_gym.data.dataset import Dataset
from mosim_gym.data.recipe_motion import RecipeMotion
from mosim_gym.dynamics.simulator import Simulator
from mosim_gym.mechanics.interruption import not_continued
from mosim_gym.mechanics.motion import Array, History, Trajectory
from mosim_gym.mechanics.world_model import MotionData, WorldModel
from mosim_gym.robots.catalogue import sensor_columns
from mosim_gym.training.config import Stage, training_for
from mosim_gym.training.loop import train
from mosim_gym.training.model_choice import model_for


class MoSimModel(WorldModel):
    """The robot's own preset of `MoSim`; once it is fitted, `simulator` moves by it, and `training_steps` tells how many it took."""

    title = "MoSim"
    preset: ClassVar[str | None] = None
    """A preset's name; None is the robot's own."""
    stages: ClassVar[tuple[Stage, ...] | None] = None
    """The stages of the training; None are those of `mosim-gym train`."""

    def __init__(self, rate: float | None = None) -> None:
        """`rate` is the learning rate of Adam in place of the preset's; Muon's keeps its ratio to it."""
        self._rate = rate

    def fit(self, data: MotionData, budget: float, seed: int) -> None:
        """Train as `mosim-gym train` does, on a recipe's motion or on a dataset. A signal ends it at once: a fit is not continued."""
        if not isinstance(data, Dataset | RecipeMotion):
            raise TypeError(f"data is a {type(data).__name__}; {self.title} learns from a RecipeMotion or a Dataset.")
        model = replace(model_for(data.robot, self.preset), sensors=len(sensor_columns(data.robot)))
        recipe = data.recipe if isinstance(data, RecipeMotion) else None
        config = training_for(model, seed=seed, recipe=recipe, budget=budget)
        config = config if self.stages is None else replace(config, stages=self.stages)
        config = config if self._rate is None else config.at_rate(self._rate)
        dataset = data if isinstance(data, Dataset) else None
        with TemporaryDirectory() as folder, not_continued():
            trained, record = train(data.robot, model, config, budget=budget, folder=Path(folder), dataset=dataset)
        self.simulator = Simulator(trained, {"name": data.robot, "box": record["box"]})
        self.training_steps: int = record["step"]

    def rollout(self, history: History, actions: Array) -> Trajectory:
        """Open loop from the present."""
        return self.simulator.rollout(history.qpos[:, -1], history.qvel[:, -1], actions)


class ResidualModel(MoSimModel):
    """A residual network without rigid-body structure, of equal size."""

    title = "residual network"
    preset = "residual"
