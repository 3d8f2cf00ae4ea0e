"""Tables 1, 2 and IV of the MoSim paper: how well world models predict, all fitted on the same motion for the same time.

A cell is a robot, a world model, the kind of data it learned from, and a seed. Kinds of data are the paper's: `r` is uniform actions from
the task's starts, `rm` the same with the parts of MoSim trained in stages, `e` motion of a learner's policies. Tests are of motion in a
steady state: under uniform actions, under Poisson actions, and under the policy of the robot's test.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from mosim_gym.data.dataset import Dataset
from mosim_gym.evaluation.growing import steps_below
from mosim_gym.evaluation.heldout import Controller, HeldOut, policy_controller, policy_test, random_test
from mosim_gym.evaluation.tables import table
from mosim_gym.mechanics.durations import in_words
from mosim_gym.mechanics.schema import Rule, each, nullable, one_of, record, whole
from mosim_gym.mechanics.settings import setting
from mosim_gym.mechanics.world_model import WorldModel
from mosim_gym.studies.equal_motion import equal_motion
from mosim_gym.studies.measured import measured
from mosim_gym.studies.paper.base import Cell, PaperStudy, Results
from mosim_gym.studies.paper.cell_files import Result, figure
from mosim_gym.studies.paper.errors import errors_of, mean_error, shown_at
from mosim_gym.studies.paper.models import fit, sized_model
from mosim_gym.studies.paper.published import AFTER_ONE, POLICY, RANDOM, STEPS_UNTIL
from mosim_gym.studies.paper.replay import replay_motion

TEST_SEED = 20_011
"""Of all tests; no model learns from it."""
KINDS = {"r": "uniform", "rm": "uniform, in stages", "e": "policies"}
TITLES = {"mosim": "MoSim", "residual": "residual network", "gru": "GRU", "transformer": "Transformer", "pets": "PETS ensemble",
          "rssm": "RSSM", "latent": "TD-MPC2 latent", "nerd": "NeRD"}  # fmt: skip


class Robot(NamedTuple):
    """What is measured of a robot."""

    name: str
    horizons: tuple[int, int]
    """The two horizons of its columns, control steps."""
    far: int
    """The length of its tests, control steps, unless `longest` is less: how far the crossing of Table IV is looked for."""
    whole: bool
    """Whether all models have a cell; otherwise MoSim, RSSM and the residual network, with one seed."""


ROBOTS = (
    Robot("cheetah", (16, 100), 300, whole=True),
    Robot("reacher", (16, 100), 1000, whole=True),
    Robot("acrobot", (16, 100), 500, whole=True),
    Robot("hopper@0.005", (16, 100), 300, whole=True),
    Robot("humanoid@0.005", (5, 16), 150, whole=False),
    Robot("panda@0.002", (16, 100), 1000, whole=False),
    Robot("go2@0.002", (16, 100), 600, whole=False),
)
ALSO_AT = {"humanoid@0.005": (10,)}
FEW, MANY = ("mosim", "rssm", "residual"), ("gru", "transformer", "pets")
MORE = ("nerd", "latent")


class Place(NamedTuple):
    """Which cell it is."""

    robot: Robot
    model: str
    kind: str
    seed: int

    @property
    def name(self) -> str:
        """What its file is called."""
        return f"{self.robot.name}-{self.model}-{self.kind}-seed{self.seed}"


def _above() -> Iterator[Place]:
    """Cells above the cut line: those of Tables 1 and 2 with one seed."""
    for model, kind in (("mosim", "r"), ("rssm", "r"), ("mosim", "rm"), ("residual", "r")):
        yield from (Place(robot, model, kind, 0) for robot in ROBOTS)
    for model in MANY:
        yield from (Place(robot, model, "r", 0) for robot in ROBOTS if robot.whole)


def _below() -> Iterator[Place]:
    """The others: second seeds, motion of policies, further models."""
    whole = [robot for robot in ROBOTS if robot.whole]
    for model, kind in (("mosim", "r"), ("rssm", "r"), ("mosim", "rm"), ("residual", "r"), *((m, "r") for m in MANY)):
        yield from (Place(robot, model, kind, 1) for robot in whole)
    for seed in (0, 1):
        yield from (Place(robot, model, "r", seed) for model in MORE for robot in whole)
    yield from (Place(robot, model, "e", 0) for model in ("mosim", "rssm") for robot in whole if "@" not in robot.name)


@dataclass(frozen=True)
class Prediction(PaperStudy):
    """`transitions` control steps of motion to learn from, `budget` seconds to learn in, and `segments` in each test."""

    name = "prediction"
    title = "Tables 1, 2 and IV: errors of predictions by world models on equal motion and budget"

    transitions: int = setting(1_000_000, least=1000, most=1_000_000_000)
    budget: float = setting(600.0, above=0)
    segments: int = setting(500, least=2, most=1_000_000)
    longest: int = setting(1000, least=100, most=100_000)  # most control steps of a test
    learner_budget: float = setting(1200.0, above=0)  # seconds of SAC in MuJoCo, for motion of policies
    policies: str = setting("")  # folder of trained test policies; by default scripted ones act, where there are any

    def cells(self) -> list[Cell]:
        """A round of MoSim and RSSM over all robots, then the other models, then second seeds."""
        minutes, learner = self.budget / 60 + 2, self.learner_budget / 60 + 2
        return [
            Cell(
                place.name,
                minutes + (learner if (place.model, place.kind) == ("mosim", "e") else 0),
                partial(self._measure, place),
                self._holds(place),
                first=first,
            )
            for first, places in ((True, _above()), (False, _below()))
            for place in places
        ]

    def _holds(self, place: Place) -> Rule:
        steps = min(place.robot.far, self.longest)
        test = record(
            {"errors": each(nullable(figure), steps, steps), "diverged": figure},
            {"after_one": each(nullable(figure), min(steps, 100), 100)},
        )
        return record(
            {
                "robot": one_of(place.robot.name),
                "model": one_of(place.model),
                "data": one_of(place.kind),
                "seed": one_of(place.seed),
                "parameters": nullable(whole()),
                "training_steps": nullable(whole()),
                "transitions": whole(),
                "tests": record({"uniform": test, "poisson": test}, {"policy": test}),
            }
        )

    def _measure(self, place: Place, shared: Path) -> Result:
        by_policy = policy_controller(place.robot.name, Path(self.policies) if self.policies else None)
        data = self._motion(place, shared)
        model = sized_model(place.model, place.robot.name, staged=place.kind == "rm")
        fitted = fit(model, data, self.budget, place.seed)
        return {
            "robot": place.robot.name,
            "model": place.model,
            "data": place.kind,
            "seed": place.seed,
            "parameters": fitted.parameters,
            "training_steps": fitted.steps,
            "transitions": data.transitions,
            "tests": {kind: self._errors(fitted.model, test) for kind, test in self._tests(place.robot, by_policy)},
        }

    def _motion(self, place: Place, shared: Path) -> Dataset:
        """The motion that every model of this robot and kind of data learns from; simulated once."""
        robot = place.robot.name
        if place.kind == "e":
            return replay_motion(robot, self.transitions, shared, budget=self.learner_budget)
        return equal_motion(robot, self.transitions, shared)

    def _tests(self, robot: Robot, by_policy: tuple[str, str, Controller] | None) -> Iterator[tuple[str, HeldOut]]:
        how: dict[str, Any] = {"segments": self.segments, "steps": min(robot.far, self.longest), "seed": TEST_SEED}
        for kind in ("uniform", "poisson"):
            yield kind, random_test(robot.name, kind, **how)
        if by_policy is not None:
            task, _, controller = by_policy
            yield "policy", policy_test(task, controller, **how)

    def _errors(self, model: WorldModel, test: HeldOut) -> Result:
        """Errors up to each horizon; of a model that reads several true states first, also after one alone."""
        result = errors_of(model, test)
        if model.context > 1:
            read, model.context = model.context, 1
            result["after_one"] = errors_of(model, test)["errors"][:100]
            model.context = read
        return result

    def table(self, results: Results) -> str:
        """A part for each robot: models in rows, tests in columns, the paper's figures beside."""
        parts: list[str] = []
        for robot in ROBOTS:
            cells = [result for result in results.values() if result["robot"] == robot.name]
            if cells:
                parts += [f"**{robot.name}**", robot_table(robot, cells), *_who_is_first(robot, cells)]
        policies = "the trained policies given" if self.policies else "scripted policies, where the robot has one"
        note = (
            f"Each model learned from {self.transitions:,} control steps for {in_words(self.budget)}, the simulation apart, with about as "
            f"many parameters as the robot's MoSim and its default settings; the study `rates` found their learning rates on "
            f"cheetah. Errors are means over seeds, up to each horizon, in {self.segments} segments; policy tests are by {policies}. The "
            f"paper's models learned longer and from more data. {measured(list(results.values()))}"
        )
        return "\n\n".join([*parts, note])


def _groups(cells: list[Result]) -> dict[tuple[str, str], list[Result]]:
    """The seeds of each model and kind of data."""
    found: dict[tuple[str, str], list[Result]] = {}
    for cell in cells:
        found.setdefault((cell["model"], cell["data"]), []).append(cell)
    return found


def robot_table(robot: Robot, cells: list[Result]) -> str:
    """The models of one robot, measured and published. RSSM has a second row, after one true state."""
    near, far = robot.horizons
    horizons = (near, *ALSO_AT.get(robot.name, ()), far)
    at_rssm = mean_error([c for c in cells if (c["model"], c["data"]) == ("rssm", "r")], "uniform", 16)
    rows: list[list[str]] = []

    def row(title: str, group: list[Result], part: str, published: Mapping[str, Mapping[str, float]], key: str) -> None:
        errors = [shown_at(group, test, horizons, part) for test in ("uniform", "poisson", "policy")]
        theirs = " / ".join(f"{published.get(key, {})[str(h)]:g}" for h in horizons if str(h) in published.get(key, {}))
        policy = POLICY.get(robot.name, {}).get(key, {}) if part == "errors" else {}
        their_policy = " / ".join(f"{policy[str(h)]:g}" for h in horizons if str(h) in policy)
        until = theirs_until = ""
        if part == "errors" and key.startswith("mosim") and at_rssm is not None:
            curves = [c["tests"]["uniform"]["errors"] for c in group]
            found = [steps_below(np.array([np.inf if e is None else e for e in curve]), at_rssm) for curve in curves]
            until = ", ".join(
                f"> {steps}" if steps == len(curve) else str(steps) for steps, curve in zip(found, curves, strict=True)
            )
            theirs_until = STEPS_UNTIL.get(robot.name, "")
        seeds = str(len(group))
        rows.append([title, KINDS[group[0]["data"]], seeds, *errors, theirs, their_policy, until, theirs_until])

    for (model, kind), group in _groups(cells).items():
        key, title = f"{model}-{kind}", TITLES.get(model, model)
        row(title, group, "errors", RANDOM.get(robot.name, {}), key)
        if model == "rssm":
            row(f"{title}, one true state first", group, "after_one", AFTER_ONE.get(robot.name, {}), key)
    at = " / ".join(map(str, horizons))
    header = [
        "Model", "Learned from", "Seeds", f"Uniform: {at}", f"Poisson: {at}", f"Policy: {at}", "Paper, random", "Paper, policy",
        "Steps until RSSM's at 16", "Paper",
    ]  # fmt: skip
    return table(header, rows)


def _who_is_first(robot: Robot, cells: list[Result]) -> list[str]:
    """Which model has the lowest error at the near horizon in each test, where there are several."""
    groups = _groups(cells)
    if len(groups) < 2:
        return []
    said: list[str] = []
    for test in ("uniform", "poisson", "policy"):
        found = {
            f"{TITLES.get(m, m)} ({KINDS[k]})": mean_error(group, test, robot.horizons[0])
            for (m, k), group in groups.items()
        }
        known = {who: error for who, error in found.items() if error is not None}
        if known:
            said.append(f"{test}: {min(known, key=lambda who: known[who])}")
    return [f"First at {robot.horizons[0]} steps: {'; '.join(said)}."]
