"""`MoSimRslRl`: a batch of environments as the `VecEnv` of rsl_rl, with observations as TensorDicts."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from mosim_gym.envs.batch import TorchEnv
from mosim_gym.envs.ends import END_DIVERGED, END_OUTSIDE, TorchStep
from mosim_gym.mechanics.packages import import_extra
from mosim_gym.robots import Task

USE = "an environment of rsl_rl"
GROUP = "policy"
"""The group of observations, which actor and critic see."""
_env: Any = import_extra("rsl_rl.env", "rsl-rl", USE)
_tensordict: Any = import_extra("tensordict", "rsl-rl", USE)


class MoSimRslRl(_env.VecEnv):
    """`num_envs` environments of `task` for rsl_rl, with further options as for `TorchEnv`. `task` may be a `TorchEnv`, too.

    An action of -1 to 1 is mapped to an actuator's range, and larger ones are clipped. An actuator without a range gets the action itself.

    `extras["time_outs"]` marks episodes that were cut short, by time or because they left the model: the task did not end them, so rsl_rl
    adds its estimate of the rest. `extras["log"]` has the shares of environments that left the training box and that diverged.
    """

    def __init__(self, task: str | Task | TorchEnv, num_envs: int = 4096, **options: Any) -> None:
        """Begin an episode in every environment. `env.torch.reset(seed=…)` begins others."""
        if "autoreset" in options:
            raise TypeError("autoreset: rsl_rl needs same_step; leave it out.")
        if isinstance(task, TorchEnv) and options:
            raise TypeError(f"{', '.join(options)}: the batch has its options already; give them where it is made.")
        self.torch = task if isinstance(task, TorchEnv) else TorchEnv(task, num_envs, **options)
        if self.torch.autoreset != "same_step":
            raise ValueError(
                f"The batch begins new episodes by {self.torch.autoreset!r}; rsl_rl needs one that was made with "
                "autoreset='same_step', or by make_env with autoreset_mode='SameStep'."
            )
        robot = self.torch.task.robot
        self.num_envs, self.num_actions = self.torch.num_envs, robot.nu
        self.max_episode_length, self.device = self.torch.limit, self.torch.device
        self.cfg = {"task": self.torch.task.id(), "num_envs": self.num_envs, "control_step": robot.control_step}
        low, high = (torch.as_tensor(side).to(self.device, self.torch.core.dtype) for side in robot.control_range)
        bounded = torch.isfinite(high - low)
        self._middle = torch.where(bounded, (low + high) / 2, 0.0)
        self._half = torch.where(bounded, (high - low) / 2, 1.0)
        self._low, self._high = low, high
        self.torch.reset()

    @property
    def episode_length_buf(self) -> Tensor:
        """The control steps of every environment's episode so far, `(num_envs,)`."""
        return self.torch.elapsed

    @episode_length_buf.setter
    def episode_length_buf(self, steps: Tensor) -> None:
        self.torch.elapsed = steps.to("cpu", torch.long).clone()

    def get_observations(self) -> Any:
        """The observations `(num_envs, n)` of the present states, in the group `policy`."""
        return self._packed(self.torch.observation())

    def step(self, actions: Tensor) -> tuple[Any, Tensor, Tensor, dict[str, Any]]:
        """One control step under `actions (num_envs, num_actions)`: observations, rewards, dones, each `(num_envs,)`, and extras."""
        command = (self._middle + self._half * actions.to(self._middle)).clamp(self._low, self._high)
        step = self.torch.step(command)
        extras = {"time_outs": step.truncated & ~step.terminated, "log": _shares(step)}
        return self._packed(step.observation), step.reward.detach(), (step.terminated | step.truncated).long(), extras

    def _packed(self, observation: Tensor) -> Any:
        return _tensordict.TensorDict({GROUP: observation.detach()}, batch_size=[self.num_envs], device=self.device)


def _shares(step: TorchStep) -> dict[str, Tensor]:
    """The shares of the environments whose episodes were cut short by the model, under names for rsl_rl's log."""
    reasons = {"/ends/outside the training box": END_OUTSIDE, "/ends/diverged": END_DIVERGED}
    return {name: (step.end == reason).float().mean() for name, reason in reasons.items()}
