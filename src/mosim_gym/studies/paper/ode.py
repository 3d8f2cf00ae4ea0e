"""Neural ODE or discrete model? One network, the same motion, the same number of samples; only the way to move by a control step differs.

The paper moves by dopri5, with gradients by the adjoint equation. Here each way trains the network of the robot's own preset through
itself: the loss is the squared error of the next state, and a rollout moves as the training did. The discrete model has no differential
equation. Its network tells the change of velocity and of position over the whole control step.
"""

from __future__ import annotations

import copy
import math
import time
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

import torch

from mosim_gym.data.dataset import Dataset
from mosim_gym.dynamics.config import MoSimConfig
from mosim_gym.dynamics.mosim import MoSim
from mosim_gym.dynamics.simulator import Simulator
from mosim_gym.dynamics.solvers import SolverDiverged
from mosim_gym.evaluation.heldout import random_test
from mosim_gym.evaluation.tables import table
from mosim_gym.mechanics import ForwardKinematics
from mosim_gym.mechanics.box import Box
from mosim_gym.mechanics.robot_file import MEASURED
from mosim_gym.mechanics.schema import Rule, one_of, record, text, whole
from mosim_gym.mechanics.seeding import initialised_by
from mosim_gym.mechanics.settings import setting
from mosim_gym.robots import load_robot
from mosim_gym.studies.equal_motion import equal_motion
from mosim_gym.studies.measured import measured
from mosim_gym.studies.paper.base import Cell, PaperStudy, Results
from mosim_gym.studies.paper.cell_files import Result, figure
from mosim_gym.studies.paper.errors import errors_of, holds_errors, shown_at
from mosim_gym.studies.paper.prediction import TEST_SEED
from mosim_gym.training.box import training_box
from mosim_gym.training.config import TrainConfig, training_for
from mosim_gym.training.losses import known_motion, one_step_loss, solver_loss
from mosim_gym.training.model_choice import model_for
from mosim_gym.training.optimisers import descend, model_optimisers, move_average
from mosim_gym.training.pool import Pool
from mosim_gym.training.sources import Sources

ROBOTS = ("reacher", "acrobot", "cheetah")
HORIZONS = (16, 100)
TESTS = ("uniform", "poisson")
WARM_UP = 0.02
"""The share of training in which learning rates rise."""


class Way(NamedTuple):
    """A way to move by a control step."""

    title: str
    solver: str
    samples_a_second: float
    """About how many it trains on, on one core: for the minutes of its cells."""
    whole: bool = False
    """Whether the network tells the change of position, too. Otherwise it follows from that of the velocity."""
    own_loss: bool = False
    """Whether the loss is this package's, of whitened accelerations; otherwise it is of the next state."""
    first: bool = True


WAYS = {
    "discrete": Way("discrete: velocity and position told", "semi_implicit", 5000, whole=True),
    "semi-implicit": Way("semi-implicit Euler: acceleration told", "semi_implicit", 5000),
    "rk4": Way("RK4", "rk4", 2000),
    "dopri5": Way("dopri5, adjoint", "dopri5", 120),
    "euler": Way("explicit Euler", "euler", 5000, first=False),
    "direct": Way("discrete, this package's loss", "semi_implicit", 5000, whole=True, own_loss=True, first=False),
}


class Trained(NamedTuple):
    """A model after its last sample."""

    simulator: Simulator
    seconds: float
    """Time of the processor that the training took, without the statistics of the motion."""
    steps: int
    ended_by: str
    """`samples`, `time`, or `divergence` where the solver could not go on."""


@dataclass(frozen=True)
class Ode(PaperStudy):
    """`samples` control steps in batches of `batch`, drawn from `transitions` of motion; `segments` in each test.

    A training that takes longer than `longest` seconds of the processor ends there, and the table says after which share of the samples.
    """

    name = "ode"
    title = "Open question: a discrete model and neural ODEs, with one network, equal motion and equally many samples"

    transitions: int = setting(1_000_000, least=1000, most=1_000_000_000)
    samples: int = setting(256_000, least=1, most=1_000_000_000)
    batch: int = setting(128, least=1, most=1_000_000)
    longest: float = setting(3600.0, above=0)
    segments: int = setting(500, least=2, most=1_000_000)
    seed: int = setting(0, seed=True)

    def __post_init__(self) -> None:
        """Raise for settings that break a rule, alone or together."""
        super().__post_init__()
        if self.samples % self.batch:
            raise ValueError(f"batch is {self.batch}; it must divide samples, which is {self.samples}.")

    def cells(self) -> list[Cell]:
        """Way by way, so that the robots of a way stand together; explicit Euler and the package's own loss below the cut line."""
        return [
            Cell(
                f"{robot}-{name}",
                min(self.samples / way.samples_a_second, self.longest) / 60 + 1,
                partial(self._measure, robot, name),
                self._holds(robot, name),
                way.first,
            )
            for name, way in WAYS.items()
            for robot in ROBOTS
        ]

    def _holds(self, robot: str, name: str) -> Rule:
        """What a cell's file must hold."""
        return record(
            {
                "robot": one_of(robot),
                "way": one_of(name),
                "seed": one_of(self.seed),
                "parameters": whole(1),
                "training_seconds": figure,
                "samples": whole(),
                "ended_by": text(),
                "test_seconds": figure,
                "tests": record(dict.fromkeys(TESTS, holds_errors(max(HORIZONS)))),
            }
        )

    def _measure(self, robot: str, name: str, shared: Path) -> Result:
        data = equal_motion(robot, self.transitions, shared)
        way = WAYS[name]
        model = network(robot, way, self.seed)
        found = self._trained(model, way, data)
        tests: Result = {}
        begun = time.process_time()
        for kind in TESTS:
            tests[kind] = errors_of(
                found.simulator, random_test(robot, kind, segments=self.segments, steps=max(HORIZONS), seed=TEST_SEED)
            )
        return {
            "robot": robot,
            "way": name,
            "seed": self.seed,
            "parameters": sum(p.numel() for p in model.parameters()),
            "training_seconds": found.seconds,
            "samples": found.steps * self.batch,
            "ended_by": found.ended_by,
            "test_seconds": time.process_time() - begun,
            "tests": tests,
        }

    def _trained(self, model: MoSim, way: Way, data: Dataset) -> Trained:
        """Train on all samples. The averaged weights count, as always in this package."""
        robot, steps = model.robot, self.samples // self.batch
        config = replace(training_for(model.config, seed=self.seed), batch=self.batch, autocast=False)
        kinematics = ForwardKinematics(robot, model.features.quantities)
        box = whitened(model, config, data, kinematics)
        optimisers, rest = model_optimisers(model, config, model.input_mean.device)
        rates = {name: optimiser.defaults["lr"] for name, optimiser in optimisers.items()}
        average = copy.deepcopy(model)
        pool = Pool(data.robot, config, step=0, device=model.input_mean.device, box=box, dataset=data)
        generator, begun, step, ended_by = torch.Generator(), time.process_time(), 0, "samples"
        while step < steps:
            if time.process_time() - begun > self.longest:
                ended_by = "time"
                break
            for name, optimiser in optimisers.items():
                for group in optimiser.param_groups:
                    group["lr"] = rates[name] * _share_of_rate(step / steps)
            batch = pool.draw(step, generator, 1)
            try:
                if way.own_loss:
                    loss = one_step_loss(model, batch, kinematics, huber=config.huber)
                else:
                    loss = solver_loss(model, batch, kinematics)
                descend(optimisers, loss, rest, config.clip)
            except (SolverDiverged, AssertionError):  # the latter is torchdiffeq's, of the adjoint equation
                ended_by = "divergence"
                break
            move_average(average, model, step, config.ema)
            step += 1
        seconds = time.process_time() - begun
        pool.close()
        return Trained(Simulator(average, {"box": pool.box}), seconds, step, ended_by)

    def table(self, results: Results) -> str:
        """A part for each robot, with a row for each way."""
        parts: list[str] = []
        for robot in ROBOTS:
            cells = [result for result in results.values() if result["robot"] == robot]
            if cells:
                parts += [f"**{robot}**", robot_table(cells, self.samples)]
        note = (
            f"{self.samples:,} samples in batches of {self.batch}, from {self.transitions:,} control steps under uniform actions; errors "
            f"up to each horizon, in {self.segments} segments. Training is in time of the processor. {measured(list(results.values()))}"
        )
        return "\n\n".join([*parts, note])


def network(robot: str, way: Way, seed: int) -> MoSim:
    """The untrained network of `robot`'s own preset, which moves in this `way`."""
    description, config = load_robot(robot), model_for(robot)
    if way.whole:  # nothing is known of the integrator
        description = replace(description, integrator=MEASURED)
    chosen: MoSimConfig = replace(config, solver=way.solver, drift=way.whole, sensors=0)
    with initialised_by(seed):
        return MoSim(description, chosen)


def whitened(model: MoSim, config: TrainConfig, data: Dataset, kinematics: ForwardKinematics) -> Box:
    """Take the statistics of the motion into `model`; the box of its states."""
    sources = Sources(data.robot, config, model, data)
    s = sources.sample
    model.fit_statistics(s.qpos, s.qvel, s.action, kinematics(s.qpos, s.qvel), known_motion(s))
    return training_box(model.robot, s)


def robot_table(cells: list[Result], wanted: int) -> str:
    """The ways of one robot: errors, and the time to `wanted` samples beside the discrete model's."""
    base = next((cell["samples"] / cell["training_seconds"] for cell in cells if cell["way"] == "discrete"), None)
    rows: list[list[str]] = []
    for name, way in WAYS.items():
        for cell in (cell for cell in cells if cell["way"] == name):
            pace = cell["samples"] / cell["training_seconds"]
            rows.append(
                [
                    way.title,
                    *(shown_at([cell], test, HORIZONS) for test in TESTS),
                    f"{cell['training_seconds'] / 60:.1f} min{_early(cell, wanted)}",
                    f"{base / pace:.1f}" if base and pace else "",
                    f"{cell['parameters']:,}",
                ]
            )
    at = " / ".join(map(str, HORIZONS))
    header = [
        "Way to move by a control step", f"Uniform: {at}", f"Poisson: {at}", "Training",
        "Time of a sample beside discrete, times", "Parameters",
    ]  # fmt: skip
    return table(header, rows)


def _early(cell: Result, wanted: int) -> str:
    """What is said of a training that ended before all samples."""
    share = cell["samples"] / wanted
    return {
        "samples": "",
        "time": f", stopped after {share:.0%} of the samples",
        "divergence": f", diverged after {share:.0%} of the samples",
    }[cell["ended_by"]]


def _share_of_rate(progress: float) -> float:
    """By what learning rates are multiplied: they rise, and fall along a cosine to zero."""
    return min(1.0, progress / WARM_UP + 0.01) * 0.5 * (1 + math.cos(math.pi * progress))
