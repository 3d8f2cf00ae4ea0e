"""Planning: search for a sequence of actions inside the model, take its first action, and begin the next search with the rest.

Both methods keep a normal distribution over sequences of actions for each row. They draw `samples` sequences, roll them out in the model
for `horizon` control steps, and move the distribution towards those with more reward, `iterations` times:

- `mppi` (model-predictive path integral): the mean becomes the average of the samples with weights `exp((R - max R) / (T s))`. R are
  their discounted rewards, s is the deviation of R, and T the `temperature`. The deviation of the distribution stays.
- `cem` (cross-entropy method): mean and deviation become those of the best `elites`.

Each action is held for `hold` control steps. Then the next search is due. A longer hold needs fewer numbers for the same horizon, and
leaves more time for the search.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Generator, Tensor

from mosim_gym.envs.batch import TorchEnv
from mosim_gym.envs.commands import commands_after, commands_before, no_commands
from mosim_gym.mechanics.names import UnknownName
from mosim_gym.mechanics.narrowing import is_mapping
from mosim_gym.mechanics.numbers import check_seed, is_finite, positive_number
from mosim_gym.mechanics.renamed import ChecksArguments
from mosim_gym.robots import Task

METHODS = ("mppi", "cem")
_OF_ONE_METHOD: dict[str, tuple[str, float]] = {"mppi": ("temperature", 0.1), "cem": ("elites", 32)}
"""The setting that only this method has, and its default."""
Array = np.ndarray


@dataclass(frozen=True)
class PlannerConfig(ChecksArguments):
    """The settings of a search. Deviations are in units of half the controls' range."""

    method: str = "mppi"
    horizon: int = 50  # control steps
    hold: int = 1  # control steps for which an action is held
    samples: int = 512
    iterations: int = 2
    deviation: float = 0.6
    smoothness: float = 0.8  # correlation of neighbouring actions' noise
    temperature: float | None = None  # of mppi, 0.1 by default
    elites: int | None = None  # of cem, 32 by default
    discount: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        """Raise for settings with which no plan is possible."""
        if self.method not in METHODS:
            raise UnknownName("planning method", self.method, list(METHODS))
        for method, (name, default) in _OF_ONE_METHOD.items():
            if self.method == method and getattr(self, name) is None:
                object.__setattr__(self, name, default)
            elif self.method != method and getattr(self, name) is not None:
                raise ValueError(
                    f"{name} is {getattr(self, name)}; only {method} has this setting, and method is {self.method}."
                )
        for name in ("horizon", "hold", "samples", "iterations", *["elites"] * (self.method == "cem")):
            object.__setattr__(self, name, positive_number(getattr(self, name), name))
        check_seed(self.seed)
        for name in ("deviation", "smoothness", "discount", *["temperature"] * (self.method == "mppi")):
            value = getattr(self, name)
            if not is_finite(value) or (value <= 0 and name != "smoothness"):
                raise ValueError(f"{name} is {value!r}; it must be a positive, finite number.")
        if self.hold > self.horizon:
            raise ValueError(f"hold is {self.hold}; it must be at most the horizon, {self.horizon} steps.")
        if self.elites is not None and self.elites > self.samples:
            raise ValueError(f"elites is {self.elites}; it must be at most the number of samples, {self.samples}.")
        if not 0 <= self.smoothness < 1 or not 0 < self.discount <= 1:
            raise ValueError(
                f"smoothness is {self.smoothness} and discount {self.discount}; they must be in [0, 1) and in (0, 1]."
            )

    @property
    def actions(self) -> int:
        """The number of actions in a sequence. The horizon may cut the last one short."""
        return math.ceil(self.horizon / self.hold)


class Planner:
    """Plans for `rows` environments of `task` at once. `checkpoint` and the arguments after it are those of `TorchEnv`."""

    def __init__(
        self,
        task: str | Task,
        config: PlannerConfig | None = None,
        *,
        rows: int = 1,
        checkpoint: Any = None,
        device: torch.device | str = "cpu",
        solver: str | None = None,
        precision: str = "float32",
        ensemble: int | Sequence[int] | None = None,
    ) -> None:
        """The first search begins with the middle of the controls' range."""
        _check_config(config)
        self.config, self.rows = config or PlannerConfig(), positive_number(rows, "rows")
        self._env = TorchEnv(
            task,
            self.rows * self.config.samples,
            checkpoint=checkpoint,
            device=device,
            solver=solver,
            precision=precision,
            ensemble=ensemble,
            max_episode_steps=-1,
        )
        robot = self._env.task.robot
        self.task, self._nu, self._memory = self._env.task.id(), robot.nu, self._env.core.memory
        self._sizes = {"qpos": robot.nq, "qvel": robot.nv, "goal": self._env.task.goal_size}
        low, high = (torch.as_tensor(side, dtype=torch.float32) for side in robot.control_range)
        self._middle, self._half = (low + high) / 2, (high - low) / 2
        self._generator = Generator()
        self._env.reset(seed=self.config.seed)
        self.reset()

    def reset(self) -> None:
        """Forget the plans. Call it before a new episode."""
        self._generator.manual_seed(self.config.seed)
        self._mean = torch.zeros(self.rows, self.config.actions, self._nu)
        self._chosen, self._left = torch.zeros(self.rows, self._nu), 0  # what is being done, for so many steps more
        self._given = no_commands(self.rows, self._memory, self._nu, self._chosen)

    @property
    def searches(self) -> bool:
        """Whether the next `predict` makes a search. Otherwise it holds the last action."""
        return self._left == 0

    def predict(
        self, observation: Any, state: Any = None, episode_start: Any = None, deterministic: bool = True
    ) -> tuple[Array, Any]:
        """The action for the positions and velocities in `state`, an environment's `info`.

        Call it once for each control step. With `hold` most calls return the action of the last search. A model with memory reads the last
        commands from `previous` in `state`; without it they are the actions of the calls before.
        """
        _check_info(state)
        if self._sizes["goal"] and "goal" not in state:
            raise ValueError(f"{self.task} has goals: the state must hold `goal`.")
        single = np.ndim(state["qpos"]) == 1
        said = state.get("previous") if self._memory else None
        if said is not None:
            shape = (self.rows, self._memory, self._nu)
            self._given = torch.as_tensor(np.asarray(said)).float().reshape(shape)
        action = self.plan(*(self._part(state, name, single) for name in self._sizes)).numpy()
        return action[0] if single else action, state

    def _part(self, state: Mapping[str, Any], name: str, single: bool) -> Tensor:
        """`state[name]` as a tensor `(rows, size)`. Raises `ValueError` for other shapes and numbers."""
        size = self._sizes[name]
        found = np.asarray(state.get(name, ())) if size else np.zeros(0 if single else (self.rows, 0))
        if found.dtype.kind not in "fiu" or found.shape[-1:] != (size,) or found.ndim != (1 if single else 2):
            shape = (size,) if single else (self.rows, size)
            raise ValueError(
                f"{name} is {found.dtype} of shape {found.shape}; a plan for {self.task} needs numbers of shape {shape}."
            )
        if not np.isfinite(found).all():
            raise ValueError(f"{name} holds numbers that are not finite; a plan needs a finite state.")
        return torch.as_tensor(np.atleast_2d(found)).float()

    def plan(self, qpos: Tensor, qvel: Tensor, goal: Tensor) -> Tensor:
        """The actions `(rows, nu)` for states `qpos (rows, nq)`, `qvel (rows, nv)` with `goal (rows, goal size)`."""
        if len(qpos) != self.rows:
            raise ValueError(f"There are {len(qpos)} states; this planner needs {self.rows}.")
        if self.searches:
            self._chosen, self._left = self._search(qpos, qvel, goal), self.config.hold
        self._left -= 1
        if self._memory:
            self._given = commands_after(commands_before(self._given, self._chosen), self._chosen)
        return self._chosen.clone()

    def _search(self, qpos: Tensor, qvel: Tensor, goal: Tensor) -> Tensor:
        """The first actions `(rows, nu)` of the best sequences. The next search begins with the rest of these sequences."""
        c = self.config
        mean, deviation = self._mean, torch.full_like(self._mean, c.deviation)
        for _ in range(c.iterations):
            drawn = (mean[:, None] + deviation[:, None] * self._noise()).clamp(-1, 1)
            drawn[:, 0] = mean  # the best sequence so far is among the candidates
            rewards = self._rewards(qpos, qvel, goal, drawn)
            if c.method == "mppi":
                assert c.temperature is not None
                spread = rewards.std(1, keepdim=True, unbiased=False).clamp(min=1e-6)
                weights = torch.softmax((rewards - rewards.amax(1, keepdim=True)) / (c.temperature * spread), dim=1)
                mean = (weights[..., None, None] * drawn).sum(1)
            else:
                assert c.elites is not None
                best = rewards.topk(c.elites, dim=1).indices
                elite = drawn.gather(1, best[..., None, None].expand(-1, -1, c.actions, self._nu))
                mean, deviation = elite.mean(1), elite.std(1, unbiased=False).clamp(min=0.05)
        self._mean = torch.cat((mean[:, 1:], mean[:, -1:]), dim=1)
        return self._middle + self._half * mean[:, 0]

    def _noise(self) -> Tensor:
        """Unit normal noise `(rows, samples, actions, nu)`, correlated between neighbouring actions."""
        c = self.config
        white = torch.randn(self.rows, c.samples, c.actions, self._nu, generator=self._generator)
        noise, fresh = [white[:, :, 0]], (1 - c.smoothness**2) ** 0.5
        for action in range(1, c.actions):
            noise.append(c.smoothness * noise[-1] + fresh * white[:, :, action])
        return torch.stack(noise, dim=2)

    def _rewards(self, qpos: Tensor, qvel: Tensor, goal: Tensor, actions: Tensor) -> Tensor:
        """Discounted rewards `(rows, samples)` of sequences `(rows, samples, actions, nu)`. No reward counts after an episode's end."""
        env, samples = self._env, self.config.samples
        q, v, g = (part.repeat_interleave(samples, 0) for part in (qpos, qvel, goal))
        given = self._given.repeat_interleave(samples, 0)
        env.place(q, v, g, torch.zeros(self.rows * samples, dtype=torch.long), given)
        total, alive = torch.zeros(self.rows * samples), torch.ones(self.rows * samples)
        controls = (self._middle + self._half * actions).flatten(0, 1)
        for step in range(self.config.horizon):
            after = env.step(controls[:, step // self.config.hold])
            total += self.config.discount**step * alive * after.reward.float().cpu()
            alive *= (~(after.terminated | after.truncated)).float().cpu()
        return total.view(self.rows, samples)


def _check_config(config: object) -> None:
    if config is not None and not isinstance(config, PlannerConfig):
        raise TypeError(f"config is {config!r}; it must be a PlannerConfig.")


def _check_info(state: object) -> None:
    if not is_mapping(state) or not {"qpos", "qvel"} <= set(state):
        raise ValueError(
            "A planner needs the state itself: predict(observation, state=info), info as the environment returned it."
        )
