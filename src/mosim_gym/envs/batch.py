"""`TorchEnv`: B environments of one task as torch tensors, stepped together, on any device, with gradients if asked for.

Everything batched is built on it: the Gymnasium vector environment, the adapter for Stable-Baselines3, planners and gradient trainers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from numbers import Integral
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
import torch
from torch import Generator, Tensor

from mosim_gym.envs.backend import Checkpoint, DynamicsOptions, open_dynamics
from mosim_gym.envs.bounds import DIVERGED, OUTSIDE, Bounds
from mosim_gym.envs.core import Core, State
from mosim_gym.envs.recorded import RecordedStep
from mosim_gym.envs.starts import TASK, ResetFrom, Starts
from mosim_gym.envs.state_rows import detached, joined, replaced, rows_of
from mosim_gym.mechanics.devices import usable_device
from mosim_gym.mechanics.names import UnknownName
from mosim_gym.mechanics.numbers import positive_number
from mosim_gym.mechanics.threads import OwnArithmetic, is_few
from mosim_gym.robots import Features, find_task, load_task
from mosim_gym.robots.spaces import flatten, sensor_count
from mosim_gym.truth.options import ENDLESS, checked_options, step_limit

Autoreset = Literal["next_step", "same_step", "disabled"]
AUTORESETS: tuple[str, ...] = get_args(Autoreset)
NO_END, END_DIVERGED, END_OUTSIDE, END_TIME, END_DISAGREEMENT = range(5)
END_REASONS = (None, DIVERGED, OUTSIDE, "time limit", "the ensemble's members disagree")
"""What the numbers in `TorchStep.end` say."""


Watch = Callable[[State, Tensor], tuple[Tensor, Tensor]]
"""From states and clipped actions to penalties `(B,)`, taken off the reward, and to where episodes are to be cut short `(B,)`."""


class TorchStep(NamedTuple):
    """One step of B environments.

    `observation (B, n)` is what to act on next; where an episode ended and was reset in the same step, `final` holds the observations
    before that, for all rows, and is else None. `end (B,)` says why episodes were truncated, as an index of `END_REASONS`.
    """

    observation: Tensor
    reward: Tensor
    terminated: Tensor
    truncated: Tensor
    end: Tensor
    final: Tensor | None


class TorchEnv:
    """`num_envs` environments of `task`; `state` is theirs, `elapsed` how many steps their episodes have lasted."""

    def __init__(
        self,
        task: str,
        num_envs: int,
        *,
        checkpoint: Checkpoint | None = None,
        device: torch.device | str = "cpu",
        solver: str | None = None,
        precision: str = "float32",
        ensemble: int | Sequence[int] | None = None,
        reset_from: ResetFrom = TASK,
        max_episode_steps: int | None = None,
        autoreset: Autoreset = "same_step",
        stagger: bool = False,
        gradients: bool = False,
    ) -> None:
        """`max_episode_steps` is None for 1,000 and -1 for no limit; `stagger` lets the first episodes begin at random times, so that they
        do not all end together.

        With `gradients` rewards and states are functions of the actions, back to the last `detach`. For the others see the documentation.
        """
        count = positive_number(num_envs, "num_envs")
        self._limit = step_limit(max_episode_steps)
        if autoreset not in AUTORESETS:
            raise UnknownName("autoreset mode", autoreset, list(AUTORESETS))
        definition, _ = find_task(task)
        self.task, self.num_envs, self.device = load_task(task), count, usable_device(device)
        with OwnArithmetic(self.device):
            options = DynamicsOptions(self.device, solver, precision, ensemble)
            self.dynamics = open_dynamics(definition, checkpoint, options)
            if gradients and not self.dynamics.differentiable:
                who = "The truth" if self.dynamics.is_truth else type(self.dynamics).__name__
                raise ValueError(
                    f"{who} has no gradients; take a learned checkpoint: a name, a path, or None for the "
                    "robot's own."
                )
            self.core = Core(
                self.task,
                dtype=self.dynamics.dtype,
                device=self.device,
                quantities=self.dynamics.quantities,
                sensor_count=sensor_count(task),
            )
            self.bounds = Bounds(self.dynamics.card, self.core.dtype, self.device)
        self._advance = RecordedStep(self.core, self.dynamics, self.bounds, count, record=not gradients)
        self._own = OwnArithmetic(self.device, alone=self._advance.shards is not None or is_few(count))
        self._starts = Starts(self.task, reset_from)
        self._autoreset, self._stagger, self._gradients = autoreset, stagger, gradients
        self._generator = Generator()
        self._row_generators: list[Generator] | None = None
        self._seeded = False
        self._over = torch.ones(count, dtype=torch.bool)
        self._state: State | None = None
        self.ended: State | None = None  # the states in which episodes ended, where they were reset in the same step
        self.elapsed = torch.zeros(count, dtype=torch.long)
        self.watches: list[Watch] = []  # each of them counts in every step
        self.penalty = torch.zeros(count, device=self.device)  # what they together took off the last rewards,
        self.raw_reward = torch.zeros(count, device=self.device)  # which were these before

    def set_starts(self, reset_from: ResetFrom) -> None:
        """Let later episodes begin elsewhere."""
        self._starts = Starts(self.task, reset_from)

    @property
    def state(self) -> State:
        """The states of all environments."""
        if self._state is None:
            raise RuntimeError("No episode has begun: call reset() first.")
        return self._state

    def reset(
        self,
        *,
        seed: int | Sequence[int] | None = None,
        options: Mapping[str, Any] | None = None,
        mask: Tensor | None = None,
    ) -> Tensor:
        """Begin episodes in all rows, or where `mask (B,)` is true; the observations of all rows.

        The same seed and batch size give the same episodes; one seed for each row gives each the episodes of a single environment with it.
        `options` are as for a single environment, one row for all or one for each; on the truth `warm_start` is for resets of all rows.
        """
        with self._own:
            return self._reset(seed, options, mask)

    def _reset(
        self, seed: int | Sequence[int] | None, options: Mapping[str, Any] | None, mask: Tensor | None
    ) -> Tensor:
        rows = torch.arange(self.num_envs) if mask is None else self._masked(mask)
        if mask is not None and self._state is None and len(rows) < self.num_envs:
            raise RuntimeError("No episode has begun: the first reset() must be of all environments.")
        remembers = self.dynamics.keeps_warm_starts and len(rows) == self.num_envs
        given = checked_options(options, self.task, rows=self.num_envs, warm_start=remembers)
        warm_start = given.pop("warm_start", None)
        self._seed(seed)
        with torch.no_grad():
            self._begin(rows, {name: torch.from_numpy(value)[rows] for name, value in given.items()})
            if warm_start is not None:
                self.dynamics.remember(self.state.qpos, self.state.qvel, warm_start)
            if self._stagger and mask is None and self._limit < ENDLESS:
                self.elapsed = torch.randint(self._limit, (self.num_envs,), generator=self._generator)
            return self.observation()

    def _masked(self, mask: Tensor) -> Tensor:
        """The rows where `mask (B,)` is true, or one sentence saying what is wrong with it."""
        mask = torch.as_tensor(mask)
        if mask.dtype != torch.bool or mask.shape != (self.num_envs,):
            raise ValueError(
                f"mask is {mask.dtype} of shape {tuple(mask.shape)}; these environments need torch.bool of shape ({self.num_envs},)."
            )
        return mask.cpu().nonzero()[:, 0]

    def _seed(self, seed: int | Sequence[int] | None) -> None:
        if isinstance(seed, str):
            raise TypeError(f"seed is {seed!r}; it must be a whole number, or one for each environment.")
        if isinstance(seed, Sequence | np.ndarray):
            if len(seed) != self.num_envs:
                raise ValueError(
                    f"{len(seed)} seeds for {self.num_envs} environments: give one for each, or one number."
                )
            self._row_generators = [Generator().manual_seed(generator_seed(s)) for s in seed]
            self._generator.manual_seed(generator_seed(seed[0]))
        elif seed is not None:
            self._row_generators = None
            self._generator.manual_seed(generator_seed(seed))
        elif not self._seeded:
            self._generator.seed()
        self._seeded = True

    def _begin(self, rows: Tensor, given: Mapping[str, Tensor]) -> None:
        """Put fresh starts into these rows."""
        if not len(rows):
            return
        if self._row_generators is None:
            fresh = self._fresh(self._generator, len(rows), given)
        else:
            one = [
                self._fresh(self._row_generators[int(row)], 1, {k: v[i : i + 1] for k, v in given.items()})
                for i, row in enumerate(rows)
            ]
            fresh = joined(one)
        self.elapsed[rows] = 0
        self._over[rows] = False
        if self._state is None or len(rows) == self.num_envs:
            self._state = fresh
        else:
            self._state = replaced(self._state, rows.to(self.device), fresh)

    def _begun(self, over: Tensor, observation: Tensor) -> Tensor:
        """Put fresh starts where `over (B,)` is true; `observation (B, n)` with theirs."""
        rows = over.nonzero()[:, 0].cpu()
        self._begin(rows, {})
        here = rows.to(self.device)
        observation = observation.clone()
        observation[here] = self.observation()[here]
        return observation

    def _fresh(self, generator: Generator, n: int, given: Mapping[str, Tensor]) -> State:
        return self.core.reset(generator, n, {**self._starts.draw(generator, n), **given})

    def observation(self) -> Tensor:
        """The flat observations `(B, n)` of the present states."""
        return flatten(self.core.observe(self.state))

    def step(self, action: Tensor) -> TorchStep:
        """One control step of every row under `action (B, nu)`; episodes that end are reset as the autoreset mode says."""
        with self._own:
            return self._step(action)

    def _step(self, action: Tensor) -> TorchStep:
        state, action = self.state, torch.as_tensor(action)
        if action.shape != (self.num_envs, self.task.robot.nu):
            raise ValueError(
                f"The actions have shape {tuple(action.shape)}; these environments need {(self.num_envs, self.task.robot.nu)}."
            )
        waiting = self._over.clone() if self._autoreset == "next_step" and bool(self._over.any()) else None
        if waiting is None and bool(self._over.any()):
            raise RuntimeError("Some episodes are over: reset them with a mask before the next step.")
        with torch.set_grad_enabled(self._gradients):
            after, observation, reward, terminated, finite, inside = self._advance(state, action)
        end = torch.zeros(self.num_envs, dtype=torch.long, device=self.device)
        self.penalty = torch.zeros_like(reward)
        for watch in self.watches:
            penalty, cut = watch(state, self.core.clipped(action))
            self.penalty = self.penalty + penalty
            end = torch.where(cut, END_DISAGREEMENT, end)
        end = torch.where(finite, end, END_DIVERGED)
        if not bool(finite.all()):  # states that are not numbers are not entered
            broken = (~finite).nonzero()[:, 0]
            if self._gradients:  # and none of their gradients, which are not numbers either
                elsewhere = self.core.reset(Generator().manual_seed(0), len(broken))
                safe = replaced(state, broken.to(self.device), elsewhere)
                action = torch.where(finite[:, None], action, 0.0)
                after, observation, reward, terminated, _, inside = self._advance(safe, action)
            after = replaced(after, broken, rows_of(state, broken))
            observation = flatten(self.core.observe(after))
            reward, self.penalty = torch.where(finite, reward, 0.0), torch.where(finite, self.penalty, 0.0)
            terminated = terminated & finite
        if self._gradients and after.qvel.requires_grad and not reward.requires_grad:
            reward = reward + 0.0 * after.qvel.sum(-1)  # a reward in steps has a gradient, too: it is zero
        self.raw_reward = reward.detach()
        if self.watches:
            reward = reward - self.penalty
        if inside is not None:
            end = torch.where(inside | (end != NO_END), end, END_OUTSIDE)
        self.elapsed += 1
        late = (self.elapsed >= self._limit).to(self.device)
        end = torch.where(late & (end == NO_END), END_TIME, end)
        truncated = end != NO_END
        self._state = after
        self.ended = None
        final: Tensor | None = None
        if waiting is not None:
            observation = self._begun(waiting, observation)
            keep = ~waiting.to(self.device)
            reward, end = reward * keep, end * keep
            self.raw_reward, self.penalty = self.raw_reward * keep, self.penalty * keep
            terminated, truncated = terminated & keep, truncated & keep
        done = terminated | truncated
        if bool(done.any()):
            if self._autoreset == "same_step":
                final, self.ended = observation, after
                observation = self._begun(done, observation)
            else:
                self._over = done.cpu()
        return TorchStep(observation, reward, terminated, truncated, end, final)

    @contextmanager
    def watched_by(self, watch: Watch) -> Iterator[None]:
        """Let `watch` count, too, in the steps that are made within."""
        self.watches.append(watch)
        try:
            yield
        finally:
            self.watches.remove(watch)

    def restore(self, qpos: Tensor, qvel: Tensor, goal: Tensor, elapsed: Tensor) -> None:
        """Go on from states `(B, …)` and ages of episodes `(B,)` that were noted before."""
        with torch.no_grad():
            self._state = self.core.at(qpos, qvel, goal)
        self.elapsed = elapsed.clone()
        self._over = torch.zeros(self.num_envs, dtype=torch.bool)
        self._seeded = True

    def snapshot(self) -> dict[str, np.ndarray]:
        """All that the next steps depend on: states with their kinematics, to the last bit, ages of episodes, and the generator."""
        s = self.state
        parts = {"qpos": s.qpos, "qvel": s.qvel, "goal": s.goal, "sensors": s.sensors, "elapsed": self.elapsed}
        parts |= {f"features/{name}": value for name, value in s.features.values.items()}
        parts["generator"] = self.generator_state()
        return {name: part.detach().cpu().numpy().copy() for name, part in parts.items()}

    def resume(self, snapshot: Mapping[str, np.ndarray]) -> None:
        """Go on from what `snapshot` gave."""
        found = {name: torch.from_numpy(np.array(part)) for name, part in snapshot.items()}
        self.restore(found["qpos"], found["qvel"], found["goal"], found["elapsed"])
        state = self.state
        values = {name: found[f"features/{name}"].to(self.device) for name in state.features.values}
        features = Features(self.task.robot, state.qpos, state.qvel, values)
        self._state = state._replace(sensors=found["sensors"].to(self.device), features=features)
        self.set_generator_state(found["generator"])

    def generator_state(self) -> Tensor:
        """The state of the generator that starts are drawn with."""
        return self._generator.get_state()

    def set_generator_state(self, state: Tensor) -> None:
        """Inverse of `generator_state`."""
        self._generator.set_state(state)
        self._row_generators, self._seeded = None, True

    def __getstate__(self) -> dict[str, Any]:
        """All that a copy needs to go on in the same way; its gradients reach back to where it was copied."""
        cut = {
            name: None if state is None else detached(state)
            for name, state in (("_state", self._state), ("ended", self.ended))
        }
        return {**vars(self), **cut}

    def detach(self) -> None:
        """Forget how the present states came about: gradients reach back to here and no further."""
        self._state = detached(self.state)


def generator_seed(seed: int) -> int:
    """What an environment's own generator is seeded with, for a `seed` as users give it."""
    if not isinstance(seed, Integral) or seed < 0:
        raise ValueError(f"seed is {seed!r}; it must be a whole number, at least 0.")
    return int(np.random.default_rng(np.random.SeedSequence(seed)).integers(2**62))
