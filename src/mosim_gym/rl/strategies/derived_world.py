"""`DerivedWorld`: the real task with the derivatives of a model, for a learner that climbs the gradient of its real return.

The trajectories are real, so the model's errors do not add up along them: they only turn the gradient. This is decoupled model-based
policy optimisation (DMO, arXiv 2509.00215).
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from mosim_gym.data.stream import Transitions
from mosim_gym.dynamics.derived import Derived
from mosim_gym.envs.batch import TorchEnv
from mosim_gym.envs.core import State
from mosim_gym.envs.ends import TorchStep
from mosim_gym.mechanics.dynamics import Dynamics
from mosim_gym.rl.learners.base import Learner
from mosim_gym.rl.strategies.real_world import RealWorld
from mosim_gym.truth.dynamics import TrueDynamics


class WatchedEnv(TorchEnv):
    """Environments that show each step to `watch(state before, action, step)`, if it is set."""

    watch: Callable[[State, Tensor, TorchStep], None] | None = None

    def step(self, action: Tensor) -> TorchStep:
        """One step of every row."""
        before = self.state
        step = super().step(action)
        if self.watch is not None:
            self.watch(before, action, step)
        return step


class DerivedWorld(RealWorld):
    """A simulated task, in whose environments a learner makes steps of its own."""

    def _simulated(self, task: str, truth: TrueDynamics, num_envs: int, episode: int) -> TorchEnv:
        self._dynamics = Derived(truth)
        self._watched = WatchedEnv(task, num_envs, checkpoint=self._dynamics, max_episode_steps=episode, gradients=True)
        return self._watched

    def derive_by(self, model: Dynamics) -> TorchEnv:
        """The environments, with the derivatives of `model`, for a learner that begins new episodes in them."""
        self._dynamics.model = model
        self._observation = None
        self._return[:] = 0.0
        self._previous.fill_(torch.nan)
        return self._watched

    def learned(self, learner: Learner, steps: int) -> Transitions:
        """Let `learner`, whose environments these are, learn for `steps` control steps of each; the transitions that it made."""
        kept: list[tuple[Tensor, ...]] = []
        self._watched.watch = lambda before, action, step: kept.append(self._noted(before, action, step))
        try:
            learner.learn(steps)
        finally:
            self._watched.watch = None
        return self._transitions(kept)
