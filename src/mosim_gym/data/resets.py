"""Samplers of start states: by name `task` (the true task's own), `wide` (coverage) and `steady` (where random actions lead in the long
run), and `state_resets` (given states).

Each is a function `(rng, n) -> qpos (n, nq), qvel (n, nv)` in float64.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from mosim_gym.data.actions import action_sampler
from mosim_gym.mechanics import ForwardKinematics, contact_clearance, contact_quantities
from mosim_gym.mechanics.names import UnknownName
from mosim_gym.mechanics.parts import JointType
from mosim_gym.robots import RobotDefinition, load_robot
from mosim_gym.truth.dynamics import TrueDynamics

Array = np.ndarray
Sampler = Callable[[np.random.Generator, int], tuple[Array, Array]]

CALM = (0.1, 0.4, 1.0)
"""A state's speeds are scaled by one of these and by a uniform factor, so that a model learns slow motion as well as fast motion."""
NEAR_GROUND = (0.6, 0.03)
"""The share of states whose lowest contact point is near the ground, where motion is hardest to learn, and how near, in m."""
TILTED, LEAN = 0.5, 0.5
"""Floating bases: the share with any rotation, and the standard deviation, in rad about each axis, by which the others lean."""


def task_resets(definition: RobotDefinition) -> Sampler:
    """States in which the robot's tasks start their episodes, each task equally often."""
    banks = list(load_robot(definition.name).reset_banks.values())

    def sample(rng: np.random.Generator, n: int) -> tuple[Array, Array]:
        qpos = np.concatenate([bank.qpos for bank in banks]).astype(np.float64)
        qvel = np.concatenate([bank.qvel for bank in banks]).astype(np.float64)
        rows = rng.integers(len(qpos), size=n)
        return qpos[rows], qvel[rows]

    return sample


def wide_resets(definition: RobotDefinition) -> Sampler:
    """States spread over all that the robot can do, as its `Coverage` says."""
    coverage = definition.coverage
    if coverage is None:
        raise ValueError(f"The robot {definition.name!r} declares no coverage, which wide resets need.")
    robot = load_robot(definition.name)
    missing = [name for name in robot.dofs.names if name not in coverage.speeds]
    if missing:
        raise ValueError(f"The coverage of {definition.name!r} gives no speeds for {', '.join(missing)}.")
    joints = robot.joints
    if set(joints.type.tolist()) - {JointType.HINGE, JointType.SLIDE, JointType.FREE}:
        raise ValueError(f"Wide resets of {definition.name!r} need hinges, slides and free joints only.")
    height = None if coverage.height is None else robot.qpos_indices(coverage.height).start
    if height is not None and joints.type[joints.index(coverage.height or "")] == JointType.FREE:
        height += 2
    kinematics = ForwardKinematics(robot, contact_quantities(robot))
    low, high = np.array([coverage.speeds[name] for name in robot.dofs.names], float).T
    root = robot.bodies.parent[robot.dofs.body] == 0

    def lowest(qpos: Array, qvel: Array) -> Array:
        """The height above the ground of each state's lowest contact point, m."""
        values = kinematics(torch.from_numpy(qpos), torch.from_numpy(qvel))
        return contact_clearance(robot, values)[0].amin(-1).numpy()

    def draw(rng: np.random.Generator, n: int) -> tuple[Array, Array]:
        qpos = np.tile(robot.qpos0, (n, 1))
        for row, name in enumerate(joints.names):
            column, (lower, upper) = joints.qpos_start[row], joints.range[row]
            if joints.type[row] == JointType.FREE:
                qpos[:, column + 3 : column + 7] = _turns(rng, n)
            elif joints.limited[row]:
                margin = coverage.overshoot * (upper - lower)
                qpos[:, column] = rng.uniform(lower - margin, upper + margin, n)
            elif name in coverage.positions or joints.type[row] == JointType.HINGE:
                qpos[:, column] += rng.uniform(*coverage.positions.get(name, (-np.pi, np.pi)), n)
        calm = rng.choice(CALM, (n, 2)) * rng.uniform(0, 1, (n, 2))
        qvel = rng.uniform(low, high, (n, robot.nv)) * np.where(root, calm[:, :1], calm[:, 1:])
        return qpos, qvel

    def sample(rng: np.random.Generator, n: int) -> tuple[Array, Array]:
        qpos, qvel = draw(rng, n)
        if height is not None:
            share, near = NEAR_GROUND
            top = np.where(rng.random(n) < share, near, coverage.clearance[1])
            wanted = rng.uniform(coverage.clearance[0], top)
            qpos[:, height] += wanted - lowest(qpos, qvel)
        deep = np.arange(n if coverage.clear else 0)
        while len(deep):
            deep = deep[lowest(qpos[deep], qvel[deep]) < coverage.clearance[0]]
            qpos[deep], qvel[deep] = draw(rng, len(deep))
        return qpos, qvel

    return sample


STEADY_SEED, STEADY_PATHS = 10_013, 256
STEADY_TIMES = (4.0, 8.0, 0.25)
"""Motion under random actions counts as steady from 4 s on; states are taken until 8 s, every quarter of a second."""


def steady_resets(definition: RobotDefinition) -> Sampler:
    """States to which random actions lead in the long run, from the task's own starts; half under uniform, half under Poisson actions."""
    robot, rng = load_robot(definition.name), np.random.default_rng(STEADY_SEED)
    first, last, every = (max(1, round(time / robot.control_step)) for time in STEADY_TIMES)
    qpos, qvel = task_resets(definition)(rng, STEADY_PATHS)
    parts = [
        action_sampler(name)(rng, STEADY_PATHS // 2, last, robot.nu, robot.control_step)
        for name in ("uniform", "poisson")
    ]
    path = TrueDynamics(definition.name).rollout(qpos, qvel, robot.controls(np.concatenate(parts)))
    states = [column[:, first::every].reshape(-1, column.shape[-1]) for column in (path.qpos, path.qvel)]
    finite = np.isfinite(states[0]).all(1) & np.isfinite(states[1]).all(1)
    return state_resets(states[0][finite], states[1][finite])


def _turns(rng: np.random.Generator, n: int) -> Array:
    """Quaternions `(n, 4)`: a share of `TILTED` is any rotation, the others lean from upright, with any heading."""
    anyhow = rng.normal(size=(n, 4))
    lean = rng.normal(size=(n, 2)) * LEAN
    angle = np.linalg.norm(lean, axis=1, keepdims=True)
    tilt = np.concatenate((np.cos(angle / 2), np.sin(angle / 2) * lean / angle, np.zeros((n, 1))), axis=1)
    yaw = rng.uniform(-np.pi, np.pi, (n, 1))
    c, s = np.cos(yaw / 2), np.sin(yaw / 2)
    w, x, y, z = (tilt[:, i : i + 1] for i in range(4))
    upright = np.concatenate((c * w - s * z, c * x - s * y, c * y + s * x, c * z + s * w), axis=1)  # yaw ⊗ tilt
    turns = np.where(rng.random((n, 1)) < TILTED, anyhow, upright)
    return turns / np.linalg.norm(turns, axis=1, keepdims=True)


def state_resets(qpos: Array, qvel: Array) -> Sampler:
    """Rows of the given states `qpos (N, nq)`, `qvel (N, nv)`, drawn at random."""
    if len(qpos) != len(qvel) or not len(qpos):
        raise ValueError(
            f"{len(qpos)} positions and {len(qvel)} velocities: state resets need equal numbers of both, at least 1."
        )
    qpos, qvel = np.asarray(qpos, np.float64), np.asarray(qvel, np.float64)

    def sample(rng: np.random.Generator, n: int) -> tuple[Array, Array]:
        rows = rng.integers(len(qpos), size=n)
        return qpos[rows], qvel[rows]

    return sample


RESETS: dict[str, Callable[[RobotDefinition], Sampler]] = {
    "task": task_resets,
    "wide": wide_resets,
    "steady": steady_resets,
}


def reset_sampler(name: str, definition: RobotDefinition) -> Sampler:
    """The sampler called `name` for a robot. An unknown name raises with the valid ones."""
    if name not in RESETS:
        raise UnknownName("reset sampler", name, list(RESETS))
    return RESETS[name](definition)
