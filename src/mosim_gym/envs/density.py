"""`DensityPenalty`: keeps learners near the data that their model was trained on, where it can be believed.

    R = r + σ((log p(s, a) - τ) / α) - 1

Among the data the reward stays; far away, 1 is taken off it. By default τ is the log-density below which a thousandth of held-out data of
the same recipe lie, and α a quarter of its distance from where a hundredth of them do: the reward falls by σ(0) = 0.5 at the first, by
σ(-4) = 0.02 at the second. A policy that is worth learning moves at the edge of the data, and a slope that reached further in would hold it
back. Where the model can be believed beyond its data, `reach` moves τ that many times as far from the data's median, and makes α as many
times as wide.
"""

from __future__ import annotations

from os import PathLike
from typing import Any

import gymnasium
import torch
from torch import Tensor

from mosim_gym.density.motion_density import MotionDensity
from mosim_gym.envs.backend import TRUTH
from mosim_gym.envs.batch import TorchEnv
from mosim_gym.envs.core import State
from mosim_gym.envs.vector import MoSimVectorEnv
from mosim_gym.mechanics.numbers import is_finite
from mosim_gym.zoo.densities import find_density


class DensityWatch:
    """The penalty `1 - σ((log p - τ) / α)`, one of a `TorchEnv`'s `watches`; `log_density (B,)` is that of the last step."""

    def __init__(
        self,
        env: TorchEnv,
        density: MotionDensity | str | PathLike[str] | None = None,
        *,
        threshold: float | None = None,
        scale: float | None = None,
        reach: float = 1.0,
    ) -> None:
        """`density` is by default the packaged one of the environments' checkpoint; `threshold` is τ and `scale` α, in nats, in place of
        those that the data give.
        """
        if density is None:
            density = str(env.dynamics.card.get("name", TRUTH))
        self.density = density if isinstance(density, MotionDensity) else find_density(density)
        if self.density.robot.fingerprint != env.task.robot.fingerprint:
            raise ValueError(
                f"The density is of the robot {self.density.robot.name!r}; these environments have {env.task.robot.name!r}."
            )
        self.density.to(env.device)
        if not (is_finite(reach) and reach > 0):
            raise ValueError(f"reach is {reach!r}; it must be positive and finite.")
        known = self.density.card["quantiles"]
        edge = known["0.5"] - reach * (known["0.5"] - known["0.001"])
        self.threshold = edge if threshold is None else threshold
        self.scale = reach * (known["0.01"] - known["0.001"]) / 4 if scale is None else scale
        if not (is_finite(self.threshold) and is_finite(self.scale) and self.scale > 0):
            raise ValueError(
                f"threshold is {self.threshold!r} and scale {self.scale!r}; they must be finite numbers, and scale positive."
            )
        self.log_density = torch.zeros(env.num_envs)

    def __call__(self, state: State, action: Tensor) -> tuple[Tensor, Tensor]:
        """Penalties `(B,)`; episodes are never cut."""
        self.log_density = self.density(state.qpos, state.qvel, action)
        penalty = 1 - torch.sigmoid((self.log_density - self.threshold) / self.scale)
        return penalty, torch.zeros_like(penalty, dtype=torch.bool)


class DensityPenalty(gymnasium.vector.VectorWrapper):  # type: ignore[type-arg]
    """`DensityWatch` around a `MoSimVectorEnv`; `info` holds `log_density`, `penalty` and the task's own reward, `raw_reward`.

    Where several penalties are around one another all of them are taken off, and `penalty` is their sum. They are taken off where the
    reward is made: wrappers between change what is left, and count it.
    """

    def __init__(
        self,
        env: gymnasium.vector.VectorEnv[Any, Any, Any],
        density: MotionDensity | str | PathLike[str] | None = None,
        *,
        threshold: float | None = None,
        scale: float | None = None,
        reach: float = 1.0,
    ) -> None:
        """`env` may itself be wrapped; at its bottom must be a `MoSimVectorEnv`."""
        super().__init__(env)
        base = env.unwrapped
        if not isinstance(base, MoSimVectorEnv):
            raise TypeError(f"DensityPenalty needs gym.make_vec of a MoSim id, not {type(base).__name__}.")
        self._torch = base.torch
        self._watch = DensityWatch(base.torch, density, threshold=threshold, scale=scale, reach=reach)

    def step(self, actions: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        """As the environment's, with the penalty and what it came from in `info`."""
        with self._torch.watched_by(self._watch):
            observation, reward, terminated, truncated, info = self.env.step(actions)
        info |= {
            "log_density": self._watch.log_density.cpu().numpy(),
            "penalty": self._torch.penalty.cpu().numpy(),
            "raw_reward": self._torch.raw_reward.cpu().numpy(),
        }
        return observation, reward, terminated, truncated, info
