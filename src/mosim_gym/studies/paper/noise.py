"""Table 5 of the MoSim paper: models that learned from states with noise N(0, 0.01²), beside those that learned from true ones."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from mosim_gym.data.dataset import Dataset
from mosim_gym.evaluation.growing import error_growth
from mosim_gym.evaluation.heldout import random_test
from mosim_gym.evaluation.tables import table
from mosim_gym.mechanics import Robot
from mosim_gym.mechanics.durations import in_words
from mosim_gym.mechanics.motion import Segments
from mosim_gym.mechanics.schema import Rule, nullable, one_of, record, whole
from mosim_gym.mechanics.settings import setting
from mosim_gym.robots import load_robot
from mosim_gym.studies.equal_motion import equal_motion
from mosim_gym.studies.measured import measured
from mosim_gym.studies.paper.base import Cell, PaperStudy, Results
from mosim_gym.studies.paper.cell_files import Result, figure
from mosim_gym.studies.paper.models import fit, sized_model
from mosim_gym.studies.paper.prediction import TEST_SEED, TITLES
from mosim_gym.studies.paper.published import NOISE

ROBOTS = ("reacher", "panda@0.002", "go2@0.002")
HORIZON = 100
WAYS = (("mosim", "true"), ("mosim", "noisy"), ("rssm", "true"))
"""The columns of the paper's table: a model, and the states that it learns from."""


def noisy(motion: Segments, robot: Robot, size: float, seed: int) -> Segments:
    """`motion` with normal noise of standard deviation `size` on all positions and velocities; quaternions are made unit again."""
    rng = np.random.default_rng([seed, 3])
    qpos, qvel = (part + size * rng.normal(size=part.shape) for part in (motion.qpos, motion.qvel))
    for turned in robot.quaternion_slices:
        qpos[..., turned] /= np.linalg.norm(qpos[..., turned], axis=-1, keepdims=True)
    return Segments(qpos, qvel, motion.actions, motion.sensors)


def _holds(robot: str, model: str, states: str) -> Rule:
    """What a cell's file must hold."""
    of_each = record({"uniform": figure, "poisson": figure})
    return record(
        {
            "robot": one_of(robot),
            "model": one_of(model),
            "states": one_of(states),
            "parameters": nullable(whole()),
            "errors": of_each,
            "diverged": of_each,
        }
    )


def with_noise(data: Dataset, size: float, seed: int) -> Dataset:
    """The whole of `data` in memory, `noisy`."""
    return Dataset(data.folder, data.manifest, noisy(data[0 : len(data)], load_robot(data.robot), size, seed))


@dataclass(frozen=True)
class Noise(PaperStudy):
    """`size` is the standard deviation of the noise, in rad, m, rad/s and m/s alike, as in the paper; the rest is as for `prediction`."""

    name = "noise"
    title = "Table 5: errors after 100 steps of models that learned from noisy states"

    size: float = setting(0.01, least=0)
    transitions: int = setting(1_000_000, least=1000, most=1_000_000_000)
    budget: float = setting(600.0, above=0)
    segments: int = setting(500, least=2, most=1_000_000)
    seed: int = setting(0, seed=True)

    def cells(self) -> list[Cell]:
        """The reacher above the cut line; the others below it."""
        minutes = self.budget / 60 + 2
        return [
            Cell(
                f"{robot}-{model}-{states}",
                minutes,
                partial(self._measure, robot, model, states),
                _holds(robot, model, states),
                first=robot == ROBOTS[0],
            )
            for robot in ROBOTS
            for model, states in WAYS
        ]

    def _measure(self, robot: str, model: str, states: str, shared: Path) -> Result:
        data = equal_motion(robot, self.transitions, shared)
        if states == "noisy":
            data = with_noise(data, self.size, self.seed)
        fitted = fit(sized_model(model, robot), data, self.budget, self.seed)
        found = {
            kind: error_growth(
                fitted.model, random_test(robot, kind, segments=self.segments, steps=HORIZON, seed=TEST_SEED)
            )
            for kind in ("uniform", "poisson")
        }
        return {
            "robot": robot,
            "model": model,
            "states": states,
            "parameters": fitted.parameters,
            "errors": {kind: float(f"{growth.errors[-1]:.5g}") for kind, growth in found.items()},
            "diverged": {kind: growth.diverged for kind, growth in found.items()},
        }

    def table(self, results: Results) -> str:
        """A row for each robot, model and kind of states."""
        rows = [
            [
                result["robot"],
                TITLES[result["model"]],
                "noisy" if result["states"] == "noisy" else "true",
                *(f"{result['errors'][kind]:.3g}" for kind in ("uniform", "poisson")),
                str(NOISE[result["robot"]][f"{result['model']}-{result['states']}"]),
            ]
            for result in results.values()
        ]
        note = (
            f"Errors after {HORIZON} steps from true states, of models that learned from {self.transitions:,} control steps for "
            f"{in_words(self.budget)}; noise of {self.size:g} on positions and velocities. {measured(list(results.values()))}"
        )
        return f"{table(['Robot', 'Model', 'States it learned from', 'Uniform', 'Poisson', 'Paper'], rows)}\n\n{note}"
