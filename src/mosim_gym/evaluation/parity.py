"""How closely a task equals dm_control's: observations, rewards, starts, single steps and whole episodes."""

from __future__ import annotations

from typing import NamedTuple, TypedDict

import numpy as np
import torch

from mosim_gym.mechanics.numbers import check_at_least
from mosim_gym.mechanics.progress import Parts, Show, silent
from mosim_gym.mechanics.provenance import Provenance, provenance
from mosim_gym.robots import Task, load_task, tasks
from mosim_gym.robots.spaces import sensor_count
from mosim_gym.truth.dynamics import TrueDynamics
from mosim_gym.truth.reference import ReferenceTask

Array = np.ndarray
AT_THE_EDGES = "at the edges"


class States(NamedTuple):
    """States, controls and goals in which tasks are compared: `(B, nq)`, `(B, nv)`, `(B, nu)`, `(B, g)`."""

    qpos: Array
    qvel: Array
    action: Array
    goal: Array


def _task_values(
    task: Task, states: States, dtype: torch.dtype, sensors: Array | None = None
) -> tuple[dict[str, Array], Array]:
    """Observation and reward. Sensor readings `(B, ns)` are zero unless given."""
    qpos, qvel, action, goal = (torch.from_numpy(part).to(dtype) for part in states)
    features = task.features(qpos, qvel)
    if sensors is None:
        sensors = np.zeros((len(qpos), sensor_count(task.id())))
    readings = torch.from_numpy(sensors).to(dtype)
    observation = task.observation(features, goal, readings)
    reward = task.reward(features, action, goal, readings)
    return {k: v.double().numpy() for k, v in observation.items()}, reward.double().numpy()


def _random_actions(task: Task, rng: np.random.Generator, n: int) -> Array:
    """A third inside the range, a third beyond it, a third at special values."""
    shape = (n, task.robot.nu)
    inside, beyond = rng.uniform(-1, 1, shape), rng.normal(size=shape) * 3
    special = rng.choice([-1.0, 1.0, 0.0, -1e3, 1e3, 1 - 1e-6, 1 + 1e-6], shape)
    return np.choose(rng.integers(3, size=(n, 1)), [inside, beyond, special]).astype(np.float32).astype(np.float64)


def _goals(task: Task, rng: np.random.Generator, n: int) -> Array:
    generator = torch.Generator().manual_seed(int(rng.integers(2**31)))
    goals = task.sample_goal(generator, n).numpy()
    goals[: n // 4] *= rng.uniform(0, 2, (n // 4, 1))  # also where dm_control would not put them
    return goals


def wide_states(task: Task, rng: np.random.Generator, n: int) -> States:
    """Random states far beyond what a policy visits: joints spread over several radians and metres, fast."""
    robot = task.robot
    qpos = robot.qpos0 + rng.normal(size=(n, robot.nq)) * rng.choice([0.05, 0.5, 3.0], (n, 1))
    for turned in robot.quaternion_slices:
        turn = rng.normal(size=(n, 4))
        qpos[:, turned] = turn / np.linalg.norm(turn, axis=1, keepdims=True)
    qvel = rng.normal(size=(n, robot.nv)) * rng.choice([0.1, 2.0, 12.0], (n, 1))
    return States(qpos, qvel, _random_actions(task, rng, n), _goals(task, rng, n))


def episode_states(reference: ReferenceTask, rng: np.random.Generator, n: int) -> States:
    """States on trajectories from the task's own starts under random held controls."""
    task, length = reference.task, 50
    qpos, qvel, goal = reference.starts(-(-n // length))
    nu = task.robot.nu
    actions = np.repeat(rng.uniform(-1, 1, (len(qpos), length // 5, nu)), 5, axis=1)
    path = TrueDynamics(task.robot.name).rollout(qpos, qvel, actions)
    goals = np.repeat(goal[:, None], length, axis=1)
    return States(*(np.concatenate(list(part))[:n] for part in (path.qpos, path.qvel, actions, goals)))


def edge_states(task: Task, rng: np.random.Generator, n: int, *, halvings: int) -> States:
    """States on both sides of the edges where the reward leaves 0, reaches 1 and crosses its median, by bisection between random states.

    After `halvings` of the segment between two states the edge is about `10 · 2^-halvings` away, in radians or metres.
    """
    pool = wide_states(task, rng, 40_000)
    _, reward = _task_values(task, pool, torch.float64)
    found = []
    for level in (1e-9, float(np.median(reward)), 1 - 1e-9):
        yes, no = np.flatnonzero(reward > level), np.flatnonzero(reward <= level)
        if not len(yes) or not len(no):
            continue
        high = States(*(part[rng.choice(yes, n // 4)] for part in pool))
        low = States(*(part[rng.choice(no, n // 4)] for part in pool))
        for _ in range(halvings):
            middle = States(*((a + b) / 2 for a, b in zip(high, low, strict=True)))
            inside = _task_values(task, middle, torch.float64)[1][:, None] > level
            high = States(*(np.where(inside, m, h) for m, h in zip(middle, high, strict=True)))
            low = States(*(np.where(inside, x, m) for m, x in zip(middle, low, strict=True)))
        found += [high, low]
    return States(*(np.concatenate(parts) for parts in zip(*found, strict=True)))


def state_families(task_id: str, *, n: int, seed: int) -> dict[str, States]:
    """The families of states in which a task is compared, about `n` each.

    `at the edges` is as near to the reward's edges as float64 resolves. In float32 such a state may fall on the other side of an edge,
    so float32 is compared `near the edges` only.
    """
    rng = np.random.default_rng(seed)
    task = load_task(task_id)
    return {
        "wide": wide_states(task, rng, n),
        "episodes": episode_states(ReferenceTask(task_id, seed), rng, n),
        "near the edges": edge_states(task, rng, n, halvings=10),
        AT_THE_EDGES: edge_states(task, rng, n, halvings=30),
    }


def resolvable(task: Task, states: States, *, digits: float = 4 * float(np.finfo(np.float32).eps)) -> Array:
    """Whether changes of the state by a few units in float32's last place change the reward by less than 1e-5, `(B,)`.

    Where a reward jumps (a target touched or not), float32 cannot resolve it nearer to the jump than it resolves the state.
    """
    rng = np.random.default_rng(0)
    reward = _task_values(task, states, torch.float64)[1]
    steady = np.ones(len(reward), bool)
    for _ in range(16):
        moved = States(
            *(part + digits * np.maximum(1, np.abs(part)) * rng.choice([-1, 1], part.shape) for part in states)
        )
        steady &= np.abs(_task_values(task, moved, torch.float64)[1] - reward) < 1e-5
    return steady


def reading_errors(task_id: str, states: States, dtype: torch.dtype) -> dict[str, float]:
    """The largest differences of observation and reward from dm_control's, in `dtype`.

    Observations are compared in units of the largest number of their part, if that is more than 1. In float32 the reward is compared where
    it is `resolvable`, and `left_out` counts the other states.
    """
    task = load_task(task_id)
    truth = ReferenceTask(task_id).read(*states)
    observation, reward = _task_values(task, states, dtype, truth.sensors)
    if list(observation) != list(truth.observation):
        raise AssertionError(f"{task_id} observes {list(observation)}, dm_control {list(truth.observation)}.")
    compared = resolvable(task, states) if dtype == torch.float32 else np.ones(len(reward), bool)
    gaps = []
    for key, wanted in truth.observation.items():
        scale = np.abs(wanted.reshape(len(wanted), -1)).max(1).clip(min=1)
        gap = np.abs(observation[key] - wanted).reshape(len(wanted), -1).max(1)
        gaps.append((gap / scale).max())
    return {
        "observation": float(max(gaps)),
        "reward": float(np.abs(reward - truth.reward)[compared].max()),
        "left_out": int((~compared).sum()),
    }


def step_error(task_id: str, states: States) -> float:
    """The largest absolute difference of the true dynamics' next state from dm_control's, both without warm start.

    Both must find the same states unstable, else it is infinite. Sensors are compared as `log(1 + x)`, which tasks read.
    """
    reference = ReferenceTask(task_id)
    truth = reference.step(states.qpos, states.qvel, states.action)
    ours = TrueDynamics(reference.task.robot.name).step(states.qpos, states.qvel, states.action)
    gaps = [np.abs(ours.qpos - truth.qpos), np.abs(ours.qvel - truth.qvel)]
    if truth.sensors.shape[1]:
        gaps.append(np.abs(np.log1p(ours.sensors) - np.log1p(truth.sensors)))
    unstable = np.isnan(truth.qpos).any(1)
    if (unstable != np.isnan(ours.qpos).any(1)).any():
        return float("inf")
    return float(max(gap[~unstable].max() for gap in gaps))


def episode_error(task_id: str, *, steps: int, seed: int) -> dict[str, float]:
    """The returns of one whole episode in dm_control and on the true dynamics, from the same start, under the same random controls."""
    reference = ReferenceTask(task_id, seed)
    task, env = reference.task, reference.env
    env.reset()
    data = env.physics.data
    qpos, qvel, goal = data.qpos.copy()[None], data.qvel.copy()[None], task.read_goal(env.physics.model.ptr)[None]
    dynamics = TrueDynamics(task.robot.name)
    dynamics.remember(qpos, qvel, data.qacc_warmstart.copy()[None])
    rng = np.random.default_rng(seed)
    returns = [0.0, 0.0]
    for _ in range(steps):
        action = rng.uniform(-1.2, 1.2, (1, task.robot.nu)).astype(np.float32).astype(np.float64)
        returns[0] += env.step(action[0]).reward
        qpos, qvel, sensors = dynamics.step(qpos, qvel, np.clip(action, -1, 1))
        returns[1] += _task_values(task, States(qpos, qvel, action, goal), torch.float64, sensors)[1][0]
    return {
        "dm_control_return": float(returns[0]),
        "our_return": float(returns[1]),
        "difference": float(abs(returns[0] - returns[1])),
        "final_state_difference": float(np.abs(qpos[0] - env.physics.data.qpos).max()),
    }


def kolmogorov_smirnov(a: Array, b: Array) -> tuple[float, float]:
    """The two-sample statistic sup |F_a - F_b| and its asymptotic p-value."""
    both = np.sort(np.concatenate((a, b)))
    cdf_a = np.searchsorted(np.sort(a), both, side="right") / len(a)
    cdf_b = np.searchsorted(np.sort(b), both, side="right") / len(b)
    statistic = float(np.abs(cdf_a - cdf_b).max())
    size = np.sqrt(len(a) * len(b) / (len(a) + len(b)))
    scaled = (size + 0.12 + 0.11 / size) * statistic
    terms = np.arange(1, 101)
    p = 2 * np.sum((-1.0) ** (terms - 1) * np.exp(-2 * terms**2 * scaled**2)) if scaled > 0.2 else 1.0
    return statistic, float(np.clip(p, 0, 1))


def start_errors(task_id: str, *, n: int, seed: int) -> dict[str, float]:
    """Our starts against dm_control's: the smallest Kolmogorov-Smirnov p-value over dimensions, and the largest shift of moments.

    The p-value is multiplied by the number of dimensions (Bonferroni).
    Moments are compared in units of the true standard deviation. Dimensions that do not vary must agree exactly.
    """
    reference = ReferenceTask(task_id, seed)
    truth = np.concatenate(reference.starts(n), axis=1)
    start = reference.task.sample_start(torch.Generator().manual_seed(seed), n)
    ours = torch.cat(tuple(start), dim=1).numpy()
    result = {"ks_statistic": 0.0, "ks_p": 1.0, "mean": 0.0, "std": 0.0, "constant": 0.0}
    dimensions = int((truth.std(0) >= 1e-12).sum())
    for a, b in zip(ours.T, truth.T, strict=True):
        if b.std() < 1e-12:
            result["constant"] = max(result["constant"], float(np.abs(a - b).max()))
            continue
        statistic, p = kolmogorov_smirnov(a, b)
        result["ks_statistic"], result["ks_p"] = (
            max(result["ks_statistic"], statistic),
            min(result["ks_p"], p * dimensions),
        )
        result["mean"] = max(result["mean"], float(abs(a.mean() - b.mean()) / b.std()))
        result["std"] = max(result["std"], float(abs(a.std() / b.std() - 1)))
    return result


class TaskParity(TypedDict):
    """How far a task is from dm_control's: readings by precision, family of states and kind; `episode` and `starts` as found."""

    states: int
    float32: dict[str, dict[str, float]]
    float64: dict[str, dict[str, float]]
    step: float
    episode: dict[str, float]
    starts: dict[str, float]


class ParityReport(TypedDict):
    """What `parity_report` finds."""

    provenance: Provenance
    states_per_family: int
    seed: int
    tasks: dict[str, TaskParity]


def parity_report(*, n: int = 2000, seed: int = 0, show: Show = silent) -> ParityReport:
    """All these comparisons for every task that dm_control has. `show` is told of the progress."""
    check_at_least(1, states=n)
    report: ParityReport = {"provenance": provenance(), "states_per_family": n, "seed": seed, "tasks": {}}
    compared = [task_id for task_id in tasks() if load_task(task_id).in_dm_control]
    parts = Parts(len(compared), show)
    for task_id in compared:
        parts.begin(task_id)
        families = state_families(task_id, n=n, seed=seed)
        everything = States(*(np.concatenate(parts) for parts in zip(*families.values(), strict=True)))
        report["tasks"][task_id] = {
            "states": len(everything.qpos),
            "float32": {
                name: reading_errors(task_id, states, torch.float32)
                for name, states in families.items()
                if name != AT_THE_EDGES
            },
            "float64": {name: reading_errors(task_id, states, torch.float64) for name, states in families.items()},
            "step": step_error(task_id, everything),
            "episode": episode_error(task_id, steps=1000, seed=seed),
            "starts": start_errors(task_id, n=n, seed=seed),
        }
    return report
