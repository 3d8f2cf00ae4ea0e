"""Which motion to learn from: does a model of random motion generalise better, as the MoSim paper says (its -r beside its -e)?

Every model of a robot is the same network, and learns from equally many control steps for equally long. Only the motion differs. Tests
are of motion in a steady state: under uniform actions, under Poisson actions, and under a policy that none of the models has seen.

Cells named `…-return` train SAC in such a model, and play the policy in reality.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from mosim_gym.data.dataset import Dataset
from mosim_gym.dynamics.simulator import Simulator
from mosim_gym.evaluation.heldout import TESTED_TASKS, HeldOut, policy_controller, policy_test, random_test
from mosim_gym.evaluation.policy_motion import steps_of_task
from mosim_gym.evaluation.tables import table
from mosim_gym.mechanics.durations import in_words
from mosim_gym.mechanics.schema import Rule, nullable, one_of, record, text, whole
from mosim_gym.mechanics.settings import setting
from mosim_gym.rl.report import real_return
from mosim_gym.rl.strategies.zero_shot import config_for, zero_shot
from mosim_gym.studies.equal_motion import equal_motion
from mosim_gym.studies.measured import measured
from mosim_gym.studies.paper.base import Cell, PaperStudy, Results
from mosim_gym.studies.paper.cell_files import Result, figure
from mosim_gym.studies.paper.errors import errors_of, holds_errors, mean_error, shown_at
from mosim_gym.studies.paper.models import kept_mosim
from mosim_gym.studies.paper.prediction import TEST_SEED
from mosim_gym.studies.paper.published import POLICY, RANDOM
from mosim_gym.studies.paper.replay import replay_motion

REPLAY = "replay"
RECIPES = {
    "uniform": "the task's starts, uniform actions",
    REPLAY: "what SAC sees as it learns the task in MuJoCo",
    "narrow": "the task's starts, half uniform and half Poisson actions",
    "coverage": "starts and actions spread over all that the robot can do",
}
"""Kinds of motion, and what each is."""
PUBLISHED = {"uniform": "mosim-r", REPLAY: "mosim-e"}
"""What the paper calls a MoSim that learned from it."""
FIRST, LATER = ("reacher", "acrobot", "cheetah"), ("hopper@0.005", "cartpole")
TESTS = ("uniform", "poisson", "policy")
HORIZONS = (16, 100)
ERRORS, RETURN = "errors", "return"
"""Kinds of cells."""


class Place(NamedTuple):
    """Which model it is."""

    robot: str
    recipe: str
    seed: int

    @property
    def name(self) -> str:
        """What the file of its errors is called."""
        return f"{self.robot}-{self.recipe}-seed{self.seed}"


def _places(robots: tuple[str, ...], seed: int) -> Iterator[Place]:
    yield from (Place(robot, recipe, seed) for robot in robots for recipe in RECIPES)


def _holds(place: Place, kind: str) -> Rule:
    """What a cell's file must hold."""
    test = holds_errors(max(HORIZONS))
    real = record({"episodes": whole(1), "mean": figure, "std": figure})
    measured = {
        ERRORS: {
            "transitions": whole(),
            "policy": nullable(text()),
            "tests": record({"uniform": test, "poisson": test}, {"policy": test}),
        },
        RETURN: {"task": text(), "return_in_model": nullable(figure), "real": real},
    }[kind]
    where = {name: one_of(value) for name, value in place._asdict().items()}
    return record({**where, "kind": one_of(kind), **measured})


@dataclass(frozen=True)
class Data(PaperStudy):
    """`transitions` control steps of each kind of motion, `budget` seconds to learn from them, `segments` in each test.

    `replay` is of SAC that trains for `learner_budget` seconds; returns are of SAC that trains for `policy_budget` seconds in the model.
    """

    name = "data"
    title = "Tables 1 and 2, -r beside -e: errors of one model by the motion that it learned from"

    transitions: int = setting(1_000_000, least=1000, most=1_000_000_000)
    budget: float = setting(600.0, above=0)
    segments: int = setting(500, least=2, most=1_000_000)
    learner_budget: float = setting(1200.0, above=0)
    policy_budget: float = setting(600.0, above=0)
    episodes: int = setting(50, least=2, most=100_000)  # real ones, for a return
    policies: str = setting("")  # folder of trained test policies; by default scripted ones act, where there are any

    def cells(self) -> list[Cell]:
        """Robot by robot; below the cut line other robots, real returns, and second seeds."""
        fit, learner, policy = (b / 60 + 2 for b in (self.budget, self.learner_budget, self.policy_budget))

        def errors(places: Iterator[Place], first: bool) -> Iterator[Cell]:
            for place in places:
                trains = place.recipe == REPLAY and place.seed == 0
                minutes = fit + (learner if trains else 0)
                yield Cell(place.name, minutes, partial(self._errors, place), _holds(place, ERRORS), first)

        return [
            *errors(_places(FIRST, 0), True),
            *errors(_places(LATER, 0), False),
            *(
                Cell(f"{place.name}-{RETURN}", policy, partial(self._return, place), _holds(place, RETURN), first=False)
                for place in _places(FIRST, 0)
            ),
            *errors(_places(FIRST, 1), False),
        ]

    def _errors(self, place: Place, shared: Path) -> Result:
        described, tests = self._tests(place.robot)  # a missing folder of policies is found before anything is fitted
        simulator = self._model(place, shared)
        return {
            **place._asdict(),
            "kind": ERRORS,
            "transitions": simulator.card["transitions"],
            "policy": described,
            "tests": {kind: errors_of(simulator, test) for kind, test in tests},
        }

    def _return(self, place: Place, shared: Path) -> Result:
        """SAC with the task's settings in the model that the cell of errors fitted; fitted here where that has not run."""
        task = TESTED_TASKS[place.robot]
        simulator = self._model(place, shared)
        folder = shared / "policies" / f"{self.checkpoint(place, shared).stem}-{self.policy_budget:g}s"
        config = config_for(task, algo="sac", seed=place.seed)
        trained = zero_shot(task, config, budget=self.policy_budget, folder=folder, checkpoint=simulator)
        return {
            **place._asdict(),
            "kind": RETURN,
            "task": task,
            "return_in_model": trained.record.best,
            "real": real_return(task, trained.policy, episodes=self.episodes).summary(),
        }

    def checkpoint(self, place: Place, shared: Path) -> Path:
        """Where the cells of one model keep it."""
        learner = f"-of-{self.learner_budget:g}s" if place.recipe == REPLAY else ""
        return shared / "models" / f"{place.name}{learner}-{self.transitions}-{self.budget:g}s.safetensors"

    def _model(self, place: Place, shared: Path) -> Simulator:
        motion = partial(self._motion, place, shared)
        path = self.checkpoint(place, shared)
        return kept_mosim(path, place.robot, motion, budget=self.budget, seed=place.seed)

    def _motion(self, place: Place, shared: Path) -> Dataset:
        if place.recipe == REPLAY:
            return replay_motion(place.robot, self.transitions, shared, budget=self.learner_budget)
        return equal_motion(place.robot, self.transitions, shared, place.recipe)

    def _tests(self, robot: str) -> tuple[str | None, Iterator[tuple[str, HeldOut]]]:
        """Whose policy acts in the test of a policy, and all tests."""
        found = policy_controller(robot.partition("@")[0], Path(self.policies) if self.policies else None)
        how: dict[str, Any] = {"segments": self.segments, "steps": max(HORIZONS), "seed": TEST_SEED}

        def tests() -> Iterator[tuple[str, HeldOut]]:
            for kind in ("uniform", "poisson"):
                yield kind, random_test(robot, kind, **how)
            if found is not None:
                task, _, controller = found
                yield "policy", policy_test(task, controller, robot=robot, hold=steps_of_task(task, robot), **how)

        return None if found is None else f"{found[0]}, {found[1]}", tests()

    def table(self, results: Results) -> str:
        """A part for each robot, with a row for each kind of motion."""
        parts: list[str] = []
        for robot in (*FIRST, *LATER):
            cells = [result for result in results.values() if result["robot"] == robot]
            if cells:
                parts += [f"**{robot}**", robot_table(robot, cells)]
        policies = dict.fromkeys(result["policy"] for result in results.values() if result.get("policy"))
        acts = f"In the policy's test acts: {'; '.join(policies)}. " if policies else ""
        note = (
            f"Each model learned from {self.transitions:,} control steps for {in_words(self.budget)}, the simulation apart. Errors are "
            f"means over seeds, up to each horizon, in {self.segments} segments. {acts}*Beside uniform* is the geometric mean over tests "
            f"and horizons of the error over that of the model of uniform motion: below 1 it generalises better. Returns are means of "
            f"{self.episodes} real episodes of SAC after {in_words(self.policy_budget)} in the model. {measured(list(results.values()))}"
        )
        return "\n\n".join([*parts, note])


def robot_table(robot: str, cells: list[Result]) -> str:
    """The kinds of motion of one robot, measured and published."""
    groups = {recipe: [c for c in cells if (c["recipe"], c["kind"]) == (recipe, ERRORS)] for recipe in RECIPES}
    rows: list[list[str]] = []
    for recipe, what in RECIPES.items():
        returns = [c["real"] for c in cells if (c["recipe"], c["kind"]) == (recipe, RETURN)]
        if not groups[recipe] and not returns:
            continue
        beside = times(groups[recipe], groups["uniform"])
        theirs = PUBLISHED.get(recipe, "")
        rows.append(
            [
                f"`{recipe}`: {what}",
                str(len(groups[recipe])),
                *(shown_at(groups[recipe], test, HORIZONS) for test in TESTS),
                "" if beside is None else f"{beside:.2f}",
                ", ".join(f"{found['mean']:.0f} ± {found['std']:.0f}" for found in returns),
                *(" / ".join(f"{e:g}" for e in part.get(robot, {}).get(theirs, {}).values()) for part in (RANDOM, POLICY)),
            ]
        )  # fmt: skip
    at = " / ".join(map(str, HORIZONS))
    header = [
        "Learned from", "Seeds", f"Uniform: {at}", f"Poisson: {at}", f"Policy: {at}", "Beside uniform", "Real return",
        "Paper, random", "Paper, policy",
    ]  # fmt: skip
    return table(header, rows)


def times(cells: list[Result], base: list[Result]) -> float | None:
    """The geometric mean over tests and horizons of the errors over those of `base`; None where either has none, or diverged."""
    logs: list[float] = []
    for test in TESTS:
        for horizon in HORIZONS:
            mine, theirs = mean_error(cells, test, horizon), mean_error(base, test, horizon)
            if mine is not None and theirs is not None:
                logs.append(float(np.log(mine / theirs)))
    return float(np.exp(np.mean(logs))) if logs and np.isfinite(logs).all() else None
