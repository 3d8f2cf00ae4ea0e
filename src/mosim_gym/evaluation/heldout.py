"""Held-out segments of true motion to test predictions: motion under random actions, and motion of policies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from mosim_gym.data.actions import action_sampler
from mosim_gym.data.collection import Collector, Recipe
from mosim_gym.data.resets import task_resets
from mosim_gym.mechanics import Robot
from mosim_gym.mechanics.motion import History, Step
from mosim_gym.mechanics.storage import FileFault
from mosim_gym.policies.scripted import SCRIPTED
from mosim_gym.robots import Task, find_robot, load_robot, load_task
from mosim_gym.robots.spaces import flatten
from mosim_gym.truth.dynamics import TrueDynamics

if TYPE_CHECKING:
    from mosim_gym.policies.playing import Policy

Array = np.ndarray
STEADY_AFTER = 8.0
"""Seconds of motion before a test begins. By then the motion is in a steady state, which the actions determine and not the reset."""
HISTORY = 64
"""The number of true states up to and with the present one that a test keeps, for models that need a history."""
POLICY_NOISE = 0.15  # standard deviation added to a policy's controls, as a share of half their range
Controller = Callable[[Array], Array]
"""Controls `(B, nu)` for flat observations `(B, n)` of a task."""


class HeldOut(NamedTuple):
    """True segments: the `history` before them, `actions (N, T, nu)` and the states that follow, `(N, T, nq)`, `(N, T, nv)`.

    `quaternions` are the columns of `qpos` that hold quaternions. `sensors (N, T, ns)` are the readings after each step of the sensors that
    do not follow from the state.
    """

    history: History
    actions: Array
    next_qpos: Array
    next_qvel: Array
    quaternions: tuple[slice, ...] = ()
    sensors: Array | None = None

    @property
    def qpos(self) -> Array:
        """The present positions, `(N, nq)`."""
        return self.history.qpos[:, -1]

    @property
    def qvel(self) -> Array:
        """The present velocities, `(N, nv)`."""
        return self.history.qvel[:, -1]


def burn_in_steps(robot: Robot) -> int:
    """Control steps of `robot` in `STEADY_AFTER`."""
    return round(STEADY_AFTER / robot.control_step)


def random_test(robot: str, actions: str, *, segments: int, steps: int, seed: int) -> HeldOut:
    """Segments of `steps` control steps under random `actions`, after 8 s of motion under such actions from the task's starts."""
    rng = np.random.default_rng([seed, 1])
    description = load_robot(robot)
    qpos, qvel = task_resets(find_robot(robot))(rng, segments)
    burn_in = burn_in_steps(description)
    drawn = action_sampler(actions)(rng, segments, burn_in + steps, description.nu, description.control_step)
    control = description.controls(drawn)
    path = TrueDynamics(robot).rollout(qpos, qvel, control)
    return _after_burn_in(description, path.qpos, path.qvel, control, path.sensors, burn_in)


def policy_test(
    task: str, controller: Controller, *, segments: int, steps: int, seed: int, robot: str | None = None, hold: int = 1
) -> HeldOut:
    """Segments of a policy's motion in `task`, with noise of 0.15 on its controls, after 8 s of such motion from the task's starts.

    `robot` may be the task's robot with other control steps, such as `hopper@0.005`. Controls are held for `hold` of them.
    """
    instance = load_task(task)
    robot = robot or instance.robot.name
    description = load_robot(robot)
    burn_in = burn_in_steps(description)
    goal = instance.sample_goal(torch.Generator().manual_seed(seed), segments).numpy()
    observe = observer(instance)
    recipe = Recipe(resets=(("task", 1.0),), actions=(), steps=burn_in + steps)
    collector = Collector(robot, recipe)
    data = collector.follow(
        lambda state: controller(observe(state, goal)),
        np.random.default_rng([seed, 2]),
        segments,
        noise=POLICY_NOISE,
        hold=hold,
    )
    states = data.qpos[:, 1:], data.qvel[:, 1:]
    return _after_burn_in(description, *states, data.actions, data.sensors, burn_in)


def _after_burn_in(robot: Robot, qpos: Array, qvel: Array, actions: Array, sensors: Array, burn_in: int) -> HeldOut:
    first, later = max(0, burn_in - HISTORY), slice(burn_in, None)
    history = History(qpos[:, first:burn_in], qvel[:, first:burn_in], actions[:, first + 1 : burn_in])
    return HeldOut(
        history=history,
        actions=actions[:, later],
        next_qpos=qpos[:, later],
        next_qvel=qvel[:, later],
        quaternions=robot.quaternion_slices,
        sensors=sensors[:, later] if sensors.shape[-1] else None,
    )


def observer(task: Task) -> Callable[[Step, Array], Array]:
    """A function from states with sensors and `goal` to flat observations `(B, n)` of `task`."""

    def observe(state: Step, goal: Array) -> Array:
        q, v, sensors, g = (torch.from_numpy(x) for x in (*state, goal))
        return flatten(task.observation(task.features(q, v), g, sensors)).numpy()

    return observe


def row_by_row(make: Callable[[], Policy]) -> Controller:
    """A controller that has a policy of its own for each row of observations."""
    policies: list[Policy] = []

    def control(observations: Array) -> Array:
        policies.extend(make() for _ in range(len(observations) - len(policies)))
        pairs = zip(policies, observations, strict=True)
        return np.stack([policy.predict(row, deterministic=True)[0] for policy, row in pairs]).astype(np.float64)

    return control


def multilayer_perceptron(weights: Mapping[str, Array]) -> Controller:
    """`tanh(w₂ relu(w₁ relu(w₀ x + b₀) + b₁) + b₂)` for weights `w0 b0 w1 b1 w2 b2`."""
    w = {name: np.asarray(value, np.float64) for name, value in weights.items()}

    def control(observations: Array) -> Array:
        hidden = np.maximum(observations @ w["w0"].T + w["b0"], 0)
        hidden = np.maximum(hidden @ w["w1"].T + w["b1"], 0)
        return np.tanh(hidden @ w["w2"].T + w["b2"])

    return control


TESTED_TASKS = {
    "acrobot": "AcrobotSwingup",
    "cartpole": "CartpoleSwingup",
    "cheetah": "CheetahRun",
    "hopper": "HopperHop",
    "pendulum": "PendulumSwingup",
    "reacher": "ReacherEasy",
    "walker": "WalkerWalk",
}
"""For each robot, the task of its policy test."""


def policy_controller(robot: str, policies: Path | None = None) -> tuple[str, str, Controller] | None:
    """Task, description and controller of `robot`'s policy test: that of `policies/<task>.npz` if it exists, else the scripted one."""
    task = TESTED_TASKS.get(robot)
    if task is None:
        return None
    if policies is not None and not policies.is_dir():
        raise FileFault(f"There is no folder of test policies at {policies}.")
    file = None if policies is None else policies / f"{task}.npz"
    if file is not None and file.exists():
        with np.load(file, allow_pickle=False) as weights:
            return task, "trained policy", multilayer_perceptron(dict(weights))
    return (task, "scripted policy", row_by_row(SCRIPTED[task])) if task in SCRIPTED else None
