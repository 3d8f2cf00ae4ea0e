"""Real episodes played by a planner, several at once, so that their searches share the model's batches."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
from tqdm import tqdm

from mosim_gym.envs.reality import reality
from mosim_gym.envs.registration import EPISODE_STEPS
from mosim_gym.evaluation.tables import table
from mosim_gym.mechanics.numbers import check_at_least, check_seed
from mosim_gym.policies.playing import PolicyReturn
from mosim_gym.rl.strategies.base import Use
from mosim_gym.rl.strategies.planner import Planner
from mosim_gym.robots import load_task

Array = np.ndarray
USE = Use(
    "a model, and time for a search at every step",
    "planning",
    "planning.md",
    "none",
    "a search at every step, or every few",
)
UNTIMED = 3  # first decisions, in which the model's steps are recorded


class PlannedEpisodes(NamedTuple):
    """The returns of planned episodes, and the first episode's actions `(T, nu)`.

    `decision_seconds` is the median time of a search for the actions of all episodes. `real_time` is the time for which an action is held,
    over the time of a search. At 1 a search is just in time.
    """

    result: PolicyReturn
    actions: Array
    decision_seconds: float
    real_time: float


def play_planned(
    task: str, planner: Planner, *, steps: int = EPISODE_STEPS, seed: int = 1000, progress: bool = True
) -> PlannedEpisodes:
    """Play one real episode for each of the planner's rows, episode k from `reset(seed=seed + k)`, of at most `steps` control steps."""
    check_at_least(1, steps=steps)
    check_seed(seed)
    if load_task(task).id() != planner.task:
        raise ValueError(f"The planner is for {planner.task}, not for {task}.")
    envs = [reality(task, max_episode_steps=steps) for _ in range(planner.rows)]
    now = [env.reset(seed=seed + k) for k, env in enumerate(envs)]
    planner.reset()
    rewards: list[list[float]] = [[] for _ in envs]
    ended, over = [False] * len(envs), [False] * len(envs)
    actions: list[Array] = []
    times: list[float] = []
    with tqdm(total=steps, desc=f"plan {task}", disable=None if progress else True) as bar:
        for _ in range(steps):
            states = {name: np.stack([info[name] for _, info in now]) for name in ("qpos", "qvel", "goal")}
            searched, begun = planner.searches, time.perf_counter()
            chosen, _ = planner.predict(np.stack([observation for observation, _ in now]), state=states)
            if searched:
                times.append(time.perf_counter() - begun)
            actions.append(chosen[0])
            for k, env in enumerate(envs):
                if over[k]:
                    continue
                observation, reward, terminated, truncated, info = env.step(chosen[k])
                now[k] = (observation, info)
                rewards[k].append(float(reward))
                ended[k], over[k] = bool(terminated), bool(terminated or truncated)
            bar.update()
            bar.set_postfix_str(f"mean return {np.mean([sum(r) for r in rewards]):.1f}")
            if all(over):
                break
    for env in envs:
        env.close()
    seconds = float(np.median(times[UNTIMED:] or times))
    result = PolicyReturn(tuple(np.array(r) for r in rewards), tuple(ended), seed)
    held = planner.config.hold * load_task(task).robot.control_step
    return PlannedEpisodes(result, np.array(actions), seconds, held / seconds)


class Replayed:
    """A policy that repeats given actions `(T, nu)` in order, and then holds the last one."""

    def __init__(self, actions: Array) -> None:
        """Begin with the first action."""
        self._actions, self._next = actions, 0

    def reset(self) -> None:
        """Begin again with the first action."""
        self._next = 0

    def predict(self, observation: Array, *, deterministic: bool = True) -> tuple[Array, None]:
        """The next action. The observation has no effect."""
        action = self._actions[min(self._next, len(self._actions) - 1)]
        self._next += 1
        return action, None


def planning_table(plans: Iterable[Mapping[str, Any]]) -> str:
    """The plans that benchmarks/planning.py measured, as a Markdown table."""
    rows = [
        [
            p["task"],
            f"`{p['model']}`",
            p["config"]["method"],
            _search(p["config"]),
            f"**{p['real_return']['mean']:.0f}** ± {p['real_return']['std']:.0f}",
            f"{1000 * p['decision_seconds']:.0f} ms",
            f"{p['real_time']:.2f}",
        ]
        for p in plans
    ]
    return table(["Task", "Model", "Method", "Search", "Real return", "A search", "Times real time"], rows)


def _search(config: Mapping[str, Any]) -> str:
    held = f", each action for {config['hold']}" if config["hold"] > 1 else ""
    return f"{config['horizon']} steps{held}, {config['samples']} samples, {config['iterations']} iterations"
