"""`TorchEnv`: B environments of one task as torch tensors, stepped together, on any device, with or without gradients.

The Gymnasium vector environment, the adapter for Stable-Baselines3, planners and learners are built on it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Generator, Tensor

from mosim_gym.envs.backend import Checkpoint, DynamicsOptions
from mosim_gym.envs.core import State
from mosim_gym.envs.ends import Autoreset, TorchStep, check_modes, judged, reason_of
from mosim_gym.envs.generators import StartGenerators
from mosim_gym.envs.held import held
from mosim_gym.envs.opened import opened
from mosim_gym.envs.options import ENDLESS, checked_options, step_limit
from mosim_gym.envs.penalties.base import Penalties, Penalty
from mosim_gym.envs.recorded import Outcome, RecordedStep
from mosim_gym.envs.starts import TASK, ResetFrom, Starts
from mosim_gym.envs.state_rows import as_parts, checked_controls, detached, from_parts, replaced, rows_of, rows_where
from mosim_gym.envs.task_faults import check_actions, check_task
from mosim_gym.mechanics.devices import usable_device
from mosim_gym.mechanics.numbers import check_flags, positive_number
from mosim_gym.mechanics.renamed import ChecksArguments
from mosim_gym.mechanics.threads import OwnArithmetic, is_few
from mosim_gym.mechanics.typed_torch import from_numpy
from mosim_gym.robots import Task
from mosim_gym.robots.spaces import flatten


class TorchEnv(ChecksArguments):
    """`num_envs` environments of `task`, an id or a task itself. `state` holds their states, `elapsed` the steps of their episodes."""

    def __init__(
        self,
        task: str | Task,
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
        outside_model: str = "truncate",
        penalties: Sequence[Penalty] = (),
        repeat: int = 1,
        stagger: bool = False,
        gradients: bool = False,
    ) -> None:
        """`max_episode_steps` is None for 1,000 and -1 for no limit. With `stagger` the first episodes begin at random times, so that they
        do not all end together.

        `outside_model` says what happens where a state leaves the training box. `truncate` cuts the episode short, and a learner's
        estimate stands for the rest. `terminate` ends the episode for good, with no reward beyond. `continue` goes on.

        Each action is held for `repeat` control steps. The reward of such a longer step is their mean.

        With `gradients` rewards and states are functions of the actions, back to the last `detach`. The documentation has the others.
        """
        count = positive_number(num_envs, "num_envs")
        self.limit = step_limit(max_episode_steps)
        """The number of control steps after which an episode is cut."""
        check_modes(autoreset, outside_model)
        check_flags(stagger=stagger, gradients=gradients)
        self.repeat = positive_number(repeat, "repeat")
        if self.repeat > 1 and autoreset != "same_step":
            raise ValueError(f"repeat is {repeat} with autoreset {autoreset!r}; held actions need same_step.")
        self.num_envs, self.device = count, usable_device(device)
        with OwnArithmetic(self.device):
            parts = opened(task, checkpoint, DynamicsOptions(self.device, solver, precision, ensemble))
        self.task, self.dynamics, self.core, self.bounds = parts
        if gradients and not self.dynamics.differentiable:
            who = "The truth" if self.dynamics.is_truth else type(self.dynamics).__name__
            raise ValueError(
                f"{who} has no gradients; take a learned checkpoint: a name, a path, or None for the robot's own."
            )
        if outside_model == "continue":
            self.bounds.open()
        self.penalties = Penalties(self.core, self.dynamics)
        for penalty in penalties:
            self.penalties.add(penalty)
        self.advance = RecordedStep(self.core, self.dynamics, self.bounds, count, record=not gradients)
        """One control step of all environments, replayed where it can be recorded, and in shards where the batch is large."""
        self._own = OwnArithmetic(self.device, alone=self.advance.shards is not None or is_few(count))
        self.starts = Starts(self.task, reset_from, memory=self.core.memory)
        """Where episodes begin."""
        self.autoreset, self._stagger, self._gradients = autoreset, stagger, gradients
        self._terminates = outside_model == "terminate"
        self._generators = StartGenerators(count)
        self._over = torch.ones(count, dtype=torch.bool)
        self._state: State | None = None
        self.ended: State | None = None
        """The states before the last step's resets, if an episode was reset in the same step, else None."""
        self.elapsed = torch.zeros(count, dtype=torch.long)
        self.steps_taken = 0
        """Control steps of all environments together, since they were made."""
        self.penalty = torch.zeros(count, device=self.device)
        """The sum of all penalties on the last rewards, `(B,)`."""
        self.raw_reward = torch.zeros(count, device=self.device)
        """The last rewards without penalties, `(B,)`."""
        self.readings: dict[str, Tensor] = {}
        """The last readings of the penalties, by name."""

    def set_starts(self, reset_from: ResetFrom) -> None:
        """Let later episodes begin in `reset_from`."""
        self.starts = Starts(self.task, reset_from, memory=self.core.memory)

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
        """Begin episodes in all rows, or where `mask (B,)` is true. Returns the observations of all rows.

        The same seed and batch size give the same episodes. With one seed for each row, each has the episodes of a single environment with
        its seed. `options` are those of a single environment, as one row for all or one row for each. On the truth `warm_start` needs a
        reset of all rows.
        """
        with self._own:
            return self._reset(seed, options, mask)

    def _reset(
        self, seed: int | Sequence[int] | None, options: Mapping[str, Any] | None, mask: Tensor | None
    ) -> Tensor:
        rows = torch.arange(self.num_envs) if mask is None else rows_where(mask, self.num_envs)
        if mask is not None and self._state is None and len(rows) < self.num_envs:
            raise RuntimeError("No episode has begun: the first reset() must be of all environments.")
        remembers = self.dynamics.keeps_warm_starts and len(rows) == self.num_envs
        given = checked_options(options, self.task, rows=self.num_envs, warm_start=remembers, memory=self.core.memory)
        warm_start = given.pop("warm_start", None)
        self._generators.seed(seed)
        with torch.no_grad():
            self._begin(rows, {name: from_numpy(value)[rows] for name, value in given.items()})
            if warm_start is not None:
                self.dynamics.remember(self.state.qpos, self.state.qvel, warm_start)
            if self._stagger and mask is None and self.limit < ENDLESS:
                self.elapsed = torch.randint(self.limit, (self.num_envs,), generator=self._generators.common)
            return self.observation()

    def _begin(self, rows: Tensor, given: Mapping[str, Tensor]) -> None:
        """Put new starts into `rows`."""
        if not len(rows):
            return
        fresh = self.starts.fresh(self.core, self._generators, rows, given)
        self.elapsed[rows] = 0
        self._over[rows] = False
        if self._state is None or len(rows) == self.num_envs:
            self._state = fresh
        else:
            self._state = replaced(self._state, rows.to(self.device), fresh)

    def _begun(self, over: Tensor, observation: Tensor) -> Tensor:
        """Put new starts where `over (B,)` is true. Returns `observation (B, n)` with their observations."""
        rows = over.nonzero()[:, 0].cpu()
        self._begin(rows, {})
        here = rows.to(self.device)
        observation = observation.clone()
        observation[here] = self.observation()[here]
        return observation

    def observation(self) -> Tensor:
        """The flat observations `(B, n)` of the present states."""
        return flatten(self.core.observe(self.state))

    def step(self, action: Tensor) -> TorchStep:
        """One step of every row under `action (B, nu)`. Episodes that end are reset by the autoreset mode."""
        with self._own:
            return self._step(action) if self.repeat == 1 else held(self._step, action, self.repeat)

    def _step(self, action: Tensor) -> TorchStep:
        before, waiting = self.state, self._waiting()
        action = checked_controls(action, self.num_envs, self.task.robot.nu, before.qvel)
        moved = self._move(before, action, waiting)
        reward, cut = self._charge(before, action, moved)
        self.elapsed += 1
        end = reason_of(self.elapsed >= self.limit, moved.inside, cut, moved.finite)
        terminated, truncated = judged(end, moved.terminated, terminates_outside=self._terminates)
        self._state, self.ended = moved.state, None
        return self._restart(waiting, TorchStep(moved.observation, reward, terminated, truncated, end, None))

    def _waiting(self) -> Tensor | None:
        """The rows that this step only resets, as a mask `(B,)`; None if there are none."""
        if not bool(self._over.any()):
            return None
        if self.autoreset != "next_step":
            raise RuntimeError("Some episodes are over: reset them with a mask before the next step.")
        return self._over.clone()

    def _move(self, before: State, action: Tensor, waiting: Tensor | None) -> Outcome:
        """The outcome of the dynamics. A row whose new state is not finite keeps its old state, without reward and without gradient."""
        with torch.set_grad_enabled(self._gradients):
            moved = self.advance(before, action)
        self.steps_taken += self.num_envs
        finite = moved.finite
        if not bool(finite.all()):
            check_actions(action, waiting)
            check_task(moved, action, waiting)
            broken = (~finite).nonzero()[:, 0]
            if self._gradients:  # their gradients are not numbers either, so these rows move from elsewhere
                elsewhere = self.core.reset(Generator().manual_seed(0), len(broken))
                safe = replaced(before, broken.to(self.device), elsewhere)
                moved = self.advance(safe, torch.where(finite[:, None], action, 0.0))
            state = replaced(moved.state, broken, rows_of(before, broken))
            moved = moved._replace(
                state=state,
                observation=flatten(self.core.observe(state)),
                reward=torch.where(finite, moved.reward, 0.0),
                terminated=moved.terminated & finite,
                finite=finite,
            )
        if self._gradients and moved.state.qvel.requires_grad and not moved.reward.requires_grad:
            flat = 0.0 * moved.state.qvel.sum(-1)  # a reward in steps has a gradient, too: it is zero
            moved = moved._replace(reward=moved.reward + flat)
        return moved

    def _charge(self, before: State, action: Tensor, moved: Outcome) -> tuple[Tensor, Tensor | None]:
        """The rewards minus all penalties, and whether a penalty cuts the episode, each `(B,)`."""
        self.raw_reward = moved.reward.detach()
        if not self.penalties:
            self.penalty, self.readings = torch.zeros_like(self.raw_reward), {}
            return moved.reward, None
        charge = self.penalties.charge(before, self.core.clipped(action))
        self.penalty, self.readings = torch.where(moved.finite, charge.penalty, 0.0), charge.info
        return moved.reward - self.penalty, charge.cut

    def _restart(self, waiting: Tensor | None, step: TorchStep) -> TorchStep:
        """Begin new episodes where episodes are over, by the autoreset mode."""
        if waiting is not None:
            keep = ~waiting.to(self.device)
            self.raw_reward, self.penalty = self.raw_reward * keep, self.penalty * keep
            step = TorchStep(
                self._begun(waiting, step.observation),
                step.reward * keep,
                step.terminated & keep,
                step.truncated & keep,
                step.end * keep,
                None,
            )
        done = step.terminated | step.truncated
        if bool(done.any()):
            if self.autoreset == "same_step":
                self.ended = self.state
                return step._replace(observation=self._begun(done, step.observation), final=step.observation)
            self._over = done.cpu()
        return step

    def place(self, qpos: Tensor, qvel: Tensor, goal: Tensor, elapsed: Tensor, previous: Tensor | None = None) -> None:
        """Put all environments into states `(B, …)`, in episodes of ages `(B,)`, after the commands `previous (B, memory, nu)`, if any."""
        with torch.no_grad():
            self._state = self.core.at(qpos, qvel, goal, previous)
        self.elapsed = elapsed.clone()
        self._over = torch.zeros(self.num_envs, dtype=torch.bool)
        self._generators.keep()

    def snapshot(self) -> dict[str, np.ndarray]:
        """All that the next steps depend on, to the last bit: states with their kinematics, ages of episodes, and the generator."""
        own = {
            "elapsed": self.elapsed,
            "generator": self._generators.state(),
            "steps_taken": torch.tensor(self.steps_taken),
        }
        return {name: part.detach().cpu().numpy().copy() for name, part in {**as_parts(self.state), **own}.items()}

    def resume(self, snapshot: Mapping[str, np.ndarray]) -> None:
        """Continue from a result of `snapshot`."""
        found = {name: from_numpy(np.array(part)) for name, part in snapshot.items()}
        self.place(found["qpos"], found["qvel"], found["goal"], found["elapsed"])
        self._state = from_parts(self.state, found)
        self._generators.restore(found["generator"])
        self.steps_taken = int(found["steps_taken"])

    def __getstate__(self) -> dict[str, object]:
        """All that a copy needs to continue in the same way. Its gradients reach back to the copy."""
        cut = {
            name: None if state is None else detached(state)
            for name, state in (("_state", self._state), ("ended", self.ended))
        }
        return {**vars(self), **cut}

    def detach(self) -> None:
        """Cut the gradients: from now on they reach back to the present states and no further."""
        self._state = detached(self.state)
