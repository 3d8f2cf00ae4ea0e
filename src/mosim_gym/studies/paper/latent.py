"""Tables 3 and 4 of the MoSim paper: predictions of MoSim in the latent space of TD-MPC2, beside TD-MPC2's own.

TD-MPC2 acts with an action repeat of 2. After three of its steps the latent that it predicts, and the latent that its encoder gives for the
state that MoSim predicts, are compared with the latent of the true state: the mean of the squared differences.

Its encoder learned from motion of a learner's policies (the paper's -e), or from random motion (-r). MoSim learned from either.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mosim_gym.data.collection import Collector, Recipe
from mosim_gym.data.dataset import Dataset, collect_dataset
from mosim_gym.dynamics.mosim import MoSim
from mosim_gym.dynamics.simulator import Simulator
from mosim_gym.evaluation.heldout import TESTED_TASKS, HeldOut, policy_test, random_test
from mosim_gym.evaluation.tables import table
from mosim_gym.mechanics.durations import in_words
from mosim_gym.mechanics.dynamics import Dynamics
from mosim_gym.mechanics.schema import Rule, each, one_of, record, whole
from mosim_gym.mechanics.settings import setting
from mosim_gym.robots import load_robot
from mosim_gym.studies.measured import measured
from mosim_gym.studies.paper.base import Cell, PaperStudy, Results
from mosim_gym.studies.paper.cell_files import Result, figure
from mosim_gym.studies.paper.models import kept_mosim
from mosim_gym.studies.paper.prediction import TEST_SEED
from mosim_gym.studies.paper.published import LATENT
from mosim_gym.studies.paper.replay import learners_policy, replay_motion
from mosim_gym.training.model_choice import model_for
from mosim_gym.world_models.latent import LatentConfig, LatentModel, LatentNetwork
from mosim_gym.world_models.sizes import parameters_in, sized

ROBOTS = ("reacher", "cheetah", "acrobot")
REPEAT, STEPS = 2, 3
"""Control steps in a step of TD-MPC2, and its steps that a prediction lasts."""
KINDS = {"e": "policies", "r": "random"}
PREDICTORS = {
    "latent": "TD-MPC2's latent",
    "mosim-e": "MoSim of policies' motion",
    "mosim-rm": "MoSim of random motion, in stages",
    "none": "No motion",
}
"""What predicts. `none` is the latent of the present state."""
TESTS = {"policy": "of the learner's policy", "random": "random"}
PAIRED = Recipe(resets=(("task", 1.0),), actions=(("paired", 1.0),), steps=100)
"""Random motion with an action repeat of 2."""


@dataclass(frozen=True)
class Latent(PaperStudy):
    """`transitions` control steps to learn from and `budget` seconds for each model; SAC trains for `learner_budget` seconds first."""

    name = "latent"
    title = "Tables 3 and 4: MoSim's predictions in the latent space of TD-MPC2, beside its own"

    transitions: int = setting(1_000_000, least=1000, most=1_000_000_000)
    budget: float = setting(600.0, above=0)
    segments: int = setting(2000, least=2, most=1_000_000)
    learner_budget: float = setting(1200.0, above=0)
    seed: int = setting(0, seed=True)

    def cells(self) -> list[Cell]:
        """The encoder of the paper, which learned from policies, for each robot; below the cut line that of random motion."""
        fits, learner = 3 * self.budget / 60 + 3, self.learner_budget / 60 + 2
        return [
            Cell(
                f"{robot}-{kind}",
                fits + learner if kind == "e" else self.budget / 60 + 2,
                partial(self._measure, robot, kind),
                self._holds(robot, kind),
                kind == "e",
            )
            for kind in KINDS
            for robot in ROBOTS
        ]

    def _holds(self, robot: str, kind: str) -> Rule:
        """What a cell's file must hold."""
        errors = record(dict.fromkeys(PREDICTORS, each(figure, STEPS, STEPS)))
        return record(
            {
                "robot": one_of(robot),
                "encoder": one_of(kind),
                "seed": one_of(self.seed),
                "parameters": record({"latent": whole(1), "mosim": whole(1)}),
                "training_steps": whole(),
                "tests": record(dict.fromkeys(TESTS, errors)),
            }
        )

    def _measure(self, robot: str, kind: str, shared: Path) -> Result:
        world = LatentModel(self._config(robot))
        world.fit(self._motion(robot, kind, shared), self.budget, self.seed)
        assert isinstance(world.network, LatentNetwork)
        network = world.network
        moving = {
            "mosim-e": self._mosim(robot, "e", shared),
            "mosim-rm": self._mosim(robot, "r", shared),
        }
        how: dict[str, Any] = {"segments": self.segments, "steps": REPEAT * STEPS, "seed": TEST_SEED}
        policy = learners_policy(robot, shared, budget=self.learner_budget)
        tests = {
            "policy": policy_test(TESTED_TASKS[robot], policy, hold=REPEAT, **how),
            "random": random_test(robot, "paired", **how),
        }
        return {
            "robot": robot,
            "encoder": kind,
            "seed": self.seed,
            "parameters": {"latent": parameters_in(network), "mosim": parameters_in(moving["mosim-e"].model)},
            "training_steps": world.record.steps,
            "tests": {name: latent_errors(network, moving, test) for name, test in tests.items()},
        }

    def _config(self, robot: str) -> LatentConfig:
        """TD-MPC2's action repeat and horizon, in a network about as large as the robot's MoSim."""
        description = load_robot(robot)
        wanted = parameters_in(MoSim(description, model_for(robot)))
        return sized(LatentModel, LatentConfig(action_repeat=REPEAT, horizon=STEPS), description, wanted)

    def _motion(self, robot: str, kind: str, shared: Path) -> Dataset:
        """Motion of policies, or random motion, in which each action lasts two control steps."""
        if kind == "e":
            return replay_motion(robot, self.transitions, shared, budget=self.learner_budget, hold=REPEAT)
        segments = -(-self.transitions // PAIRED.steps)
        folder = shared / f"{robot}-paired-{segments}"
        return collect_dataset(robot, folder, segments=segments, recipe="paired", collector=Collector(robot, PAIRED))

    def checkpoint(self, robot: str, kind: str, shared: Path) -> Path:
        """Where the cells of a robot keep the MoSim of this kind of motion."""
        learner = f"-of-{self.learner_budget:g}s" if kind == "e" else ""
        name = f"{robot}-held-{kind}{learner}-seed{self.seed}-{self.transitions}-{self.budget:g}s.safetensors"
        return shared / "models" / name

    def _mosim(self, robot: str, kind: str, shared: Path) -> Simulator:
        motion = partial(self._motion, robot, kind, shared)
        path = self.checkpoint(robot, kind, shared)
        return kept_mosim(path, robot, motion, budget=self.budget, seed=self.seed, staged=kind == "r")

    def table(self, results: Results) -> str:
        """A part for each test, with a row for each robot and encoder."""
        parts: list[str] = []
        for test, what in TESTS.items():
            number = 3 + list(TESTS).index(test)
            parts += [f"**Motion {what} (Table {number})**", latent_table(test, list(results.values()))]
        note = (
            f"Each model learned from {self.transitions:,} control steps for {in_words(self.budget)}. Errors are means of the squared "
            f"differences of latents after {STEPS} steps of {REPEAT} control steps, in {self.segments:,} segments. The paper has TD-MPC2 "
            f"with its rewards and values; here nothing learns from rewards. {measured(list(results.values()))}"
        )
        return "\n\n".join([*parts, note])


def latent_errors(network: LatentNetwork, moving: Mapping[str, Dynamics], test: HeldOut) -> dict[str, list[float]]:
    """The mean squared error of the latents after each step of TD-MPC2, by predictor."""

    def tensor(part: np.ndarray) -> Tensor:
        return torch.from_numpy(np.asarray(part, np.float32))

    after = slice(REPEAT - 1, None, REPEAT)
    q, v = tensor(test.qpos), tensor(test.qvel)
    with torch.no_grad():
        truth = network.encoded(tensor(test.next_qpos[:, after]), tensor(test.next_qvel[:, after]))
        latents = {"latent": network.foreseen(q, v, tensor(test.actions))}
        for name, dynamics in moving.items():
            path = dynamics.rollout(test.qpos, test.qvel, test.actions)
            latents[name] = network.encoded(tensor(path.qpos[:, after]), tensor(path.qvel[:, after]))
        latents["none"] = network.encoded(q, v)[:, None].expand_as(truth)
        squared = {name: (found - truth).square().mean((0, 2)) for name, found in latents.items()}
    return {name: [float(f"{error:.4g}") for error in errors.tolist()] for name, errors in squared.items()}


def latent_table(test: str, cells: list[Result]) -> str:
    """The errors after the last step in one test, beside the paper's."""
    rows: list[list[str]] = []
    for kind in KINDS:
        for cell in (cell for robot in ROBOTS for cell in cells if (cell["robot"], cell["encoder"]) == (robot, kind)):
            published = LATENT[test].get(cell["robot"], {}) if kind == "e" else {}
            theirs = " / ".join(f"{published[name]:.3g}" for name in PREDICTORS if name in published)
            ours = [f"{cell['tests'][test][name][-1]:.3g}" for name in PREDICTORS]
            rows.append([cell["robot"], KINDS[kind], *ours, theirs])
    header = ["Robot", "TD-MPC2 learned from", *PREDICTORS.values(), "Paper: TD-MPC2 / MoSim"]
    return table(header, rows)
