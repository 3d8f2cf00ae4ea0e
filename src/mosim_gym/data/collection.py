"""Segments of true motion: resets and actions by recipe, simulated on all cores. Unstable segments are dropped and counted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from mosim_gym.data.actions import action_sampler
from mosim_gym.data.resets import reset_sampler
from mosim_gym.mechanics.motion import Segments, Step, Trajectory
from mosim_gym.mechanics.names import UnknownName
from mosim_gym.robots import find_robot, load_robot
from mosim_gym.truth.dynamics import TrueDynamics

Array = np.ndarray


@dataclass(frozen=True)
class Recipe:
    """The start states and the actions of segments, each with its share, and the number of control steps in a segment.

    Steps are the robot's own control steps. `recipe_for` adapts a named recipe to a robot with another step.

    With `flight`, segments are of motion in which nothing touches: contacts and limits are switched off. They start from states on the
    way of true motion that lasts `flight` control steps.
    """

    resets: tuple[tuple[str, float], ...]
    actions: tuple[tuple[str, float], ...]
    steps: int
    flight: int = 0


_COVERAGE = Recipe(resets=(("wide", 0.8), ("task", 0.2)), actions=(("coverage", 1.0),), steps=40)
RECIPES: dict[str, Recipe] = {
    "coverage": _COVERAGE,
    "narrow": Recipe(resets=(("task", 1.0),), actions=(("uniform", 0.5), ("poisson", 0.5)), steps=100),
    "uniform": Recipe(resets=(("task", 1.0),), actions=(("uniform", 1.0),), steps=100),
    "mixed": replace(_COVERAGE, resets=(("wide", 0.5), ("task", 0.1), ("steady", 0.4))),
    "flight": replace(_COVERAGE, steps=1, flight=_COVERAGE.steps),
}
"""`coverage`: everything the robot can do. `narrow`: what random actions reach from the task's own starts, as in the MoSim paper.
`uniform`: the same starts under uniform actions alone, on which the benchmark of world models has every model learn.
`mixed`: as `coverage`, but four of ten segments start where random actions lead in the long run, as a robot lies on the ground.
`flight`: single control steps without contacts and limits, from the states of `coverage`."""


def find_recipe(name: str) -> Recipe:
    """The recipe called `name`. An unknown name raises with the valid ones."""
    if name not in RECIPES:
        raise UnknownName("recipe", name, list(RECIPES))
    return RECIPES[name]


def recipe_for(robot: str, recipe: str | Recipe) -> Recipe:
    """The recipe for `robot`. A `Recipe` is returned unchanged.

    A named recipe counts control steps of the robot's own length. For `robot@dt` its segments last equally long, in steps of dt.
    """
    if isinstance(recipe, Recipe):
        return recipe
    named, own, step = find_recipe(recipe), find_robot(robot).control_step, load_robot(robot).control_step
    lasts = (named.flight or named.steps) * own
    steps = round(lasts / step)
    if not steps:
        raise ValueError(
            f"{robot}: a segment of recipe {recipe} lasts {lasts:g} s, less than a control step of {step:g} s; choose a shorter step."
        )
    return replace(named, flight=steps) if named.flight else replace(named, steps=steps)


Policy = Callable[[Step], Array]
"""Controls `(B, nu)` for states with sensors, in the actuators' own units."""


class SegmentSource(Protocol):
    """What a dataset is collected from."""

    @property
    def recipe(self) -> Recipe:
        """What its segments are, as the manifest holds it."""
        ...

    @property
    def dropped(self) -> int:
        """The number of segments so far in which the simulation became unstable."""
        ...

    def collect(self, rng: np.random.Generator, segments: int) -> Segments:
        """Segments that depend on `rng` alone. Those that become unstable are left out."""
        ...


class Collector:
    """Draws segments of `robot` by `recipe`. `dropped` counts the segments in which the simulation became unstable."""

    def __init__(self, robot: str, recipe: str | Recipe = "coverage", *, threads: int | None = None) -> None:
        """An unknown robot or recipe raises `KeyError` with the valid names."""
        self.recipe = recipe_for(robot, recipe)
        definition = find_robot(robot)
        self.dynamics = TrueDynamics(robot, threads=threads)
        self._closed = TrueDynamics(robot, threads=threads, warm_start=False)  # fast for batches; for policies
        if self.recipe.flight:
            self._free = TrueDynamics(robot, threads=threads, constrained=False)
        self.robot = self.dynamics.robot
        self._resets = [(reset_sampler(name, definition), share) for name, share in self.recipe.resets]
        self._actions = [(action_sampler(name), share) for name, share in self.recipe.actions]
        self.dropped = 0

    def collect(self, rng: np.random.Generator, segments: int) -> Segments:
        """Simulate `segments` segments. Those that become unstable are left out."""
        recipe = self.recipe
        if not recipe.flight:
            return self._moved(rng, segments, recipe.steps)
        before = self._moved(rng, -(-segments // recipe.flight), recipe.flight)
        starts = before.qpos[:, :-1], before.qvel[:, :-1], before.actions
        qpos, qvel, actions = (column.reshape(-1, column.shape[-1])[:segments] for column in starts)
        actions = np.repeat(actions[:, None], recipe.steps, axis=1)
        return self._stable(qpos, qvel, actions, self._free.rollout(qpos, qvel, actions))

    def _moved(self, rng: np.random.Generator, segments: int, steps: int) -> Segments:
        robot = self.robot
        qpos, qvel = self._starts(rng, segments)
        actions = np.empty((segments, steps, robot.nu))
        for draw, rows in _split(rng, self._actions, segments):
            actions[rows] = draw(rng, len(rows), steps, robot.nu, robot.control_step)
        actions = robot.controls(actions)
        return self._stable(qpos, qvel, actions, self.dynamics.rollout(qpos, qvel, actions))

    def follow(
        self, policy: Policy, rng: np.random.Generator, segments: int, *, noise: float = 0.0, hold: int = 1
    ) -> Segments:
        """Segments from the recipe's starts under any `policy`. Its controls get normal noise of `noise` times half the actuators' range.

        Each control, with its noise, is held for `hold` control steps. Sensors are zero before the first step.
        """
        if hold < 1:
            raise ValueError(f"hold is {hold}; a control is held for at least 1 control step.")
        qpos, qvel = self._starts(rng, segments)
        low, high = self.robot.control_range
        states, actions = [Step(qpos, qvel, np.zeros((segments, self.dynamics.sensor_count)))], []
        control = np.zeros((segments, self.robot.nu))
        for step in range(self.recipe.steps):
            here = states[-1]
            if step % hold == 0:
                disturbance = noise * (high - low) / 2 * rng.normal(size=(segments, self.robot.nu))
                control = np.clip(policy(here) + disturbance, low, high)
            actions.append(control)
            states.append(self._closed.step(here.qpos, here.qvel, actions[-1]))
        path = Trajectory(*(np.stack(column, axis=1) for column in zip(*states[1:], strict=True)))
        return self._stable(qpos, qvel, np.stack(actions, axis=1), path)

    def _starts(self, rng: np.random.Generator, segments: int) -> tuple[Array, Array]:
        qpos, qvel = np.empty((segments, self.robot.nq)), np.empty((segments, self.robot.nv))
        for sample, rows in _split(rng, self._resets, segments):
            qpos[rows], qvel[rows] = sample(rng, len(rows))
        return qpos, qvel

    def _stable(self, qpos: Array, qvel: Array, actions: Array, path: Trajectory) -> Segments:
        stable = np.isfinite(path.qpos).all((1, 2)) & np.isfinite(path.qvel).all((1, 2))
        self.dropped += int((~stable).sum())
        return Segments(
            np.concatenate((qpos[:, None], path.qpos), axis=1)[stable],
            np.concatenate((qvel[:, None], path.qvel), axis=1)[stable],
            actions[stable],
            path.sensors[stable],
        )


def _split(rng: np.random.Generator, choices: list, n: int) -> list:  # type: ignore[type-arg]
    """Pairs of a choice and its rows: `n` rows are dealt to the choices by their shares."""
    shares = np.array([share for _, share in choices], float)
    drawn = rng.choice(len(choices), size=n, p=shares / shares.sum())
    return [(item, np.flatnonzero(drawn == number)) for number, (item, _) in enumerate(choices)]
