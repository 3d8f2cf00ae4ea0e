"""`MoSimTorchRL`: a batch of environments as an `EnvBase` of TorchRL, whose tensors never leave torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from mosim_gym.envs.batch import TorchEnv
from mosim_gym.envs.spaces import observation_space
from mosim_gym.mechanics.packages import import_extra
from mosim_gym.robots import Task

USE = "an environment of TorchRL"
_envs: Any = import_extra("torchrl.envs", "torchrl", USE)
_specs: Any = import_extra("torchrl.data", "torchrl", USE)
_tensordict: Any = import_extra("tensordict", "torchrl", USE)


class MoSimTorchRL(_envs.EnvBase):
    """`num_envs` environments of `task` for TorchRL, with further options as for `TorchEnv`. `task` may be a `TorchEnv`, too.

    Observations are `observation (num_envs, n)`, and rewards, `terminated` and `truncated` are `(num_envs, 1)`. Rows whose episode is over
    wait until TorchRL resets them. With `gradients=True` rewards and observations are differentiable functions of the actions, back to
    the last reset of all rows or `env.torch.detach()`.
    """

    def __init__(self, task: str | Task | TorchEnv, num_envs: int = 64, **options: Any) -> None:
        """An autoreset mode is no option, because TorchRL itself resets."""
        if "autoreset" in options:
            raise TypeError("autoreset: TorchRL itself begins new episodes; leave it out.")
        if isinstance(task, TorchEnv) and options:
            raise TypeError(f"{', '.join(options)}: the batch has its options already; give them where it is made.")
        batch = task if isinstance(task, TorchEnv) else TorchEnv(task, num_envs, autoreset="disabled", **options)
        if batch.autoreset != "disabled":
            raise ValueError(
                f"The batch begins new episodes by {batch.autoreset!r}; TorchRL needs one that was made with "
                "autoreset='disabled', or by make_env with autoreset_mode='Disabled'."
            )
        super().__init__(device=batch.device, batch_size=[batch.num_envs])
        self.torch = batch
        rows, dtype, device = batch.num_envs, batch.core.dtype, batch.device
        low, high = (torch.as_tensor(side).to(device, dtype) for side in batch.task.robot.control_range)
        size = observation_space(batch.task).shape[0]  # pyright: ignore[reportOptionalSubscript]  # a box has a shape
        flags = {
            name: _specs.Binary(1, shape=(rows, 1), dtype=torch.bool, device=device)
            for name in ("done", "terminated", "truncated")
        }
        shape = (rows, len(low))
        self.action_spec = _specs.Bounded(low.expand(shape), high.expand(shape), shape, device=device, dtype=dtype)
        self.observation_spec = _composite(rows, observation=_specs.Unbounded((rows, size), device=device, dtype=dtype))
        self.reward_spec = _specs.Unbounded((rows, 1), device=device, dtype=dtype)
        self.done_spec = _composite(rows, **flags)
        self._next_seed: int | None = None

    def _reset(self, tensordict: Any = None, options: Mapping[str, Any] | None = None, **_: Any) -> Any:
        """Begin episodes in all rows, or where `tensordict["_reset"]` is true. `options` are those of `TorchEnv.reset`."""
        mask = None if tensordict is None else tensordict.get("_reset", None)
        if mask is not None:
            mask = mask.reshape(self.torch.num_envs)
            mask = None if bool(mask.all()) else mask.cpu()
        seed, self._next_seed = self._next_seed, None
        observation = self.torch.reset(seed=seed, options=options, mask=mask)
        over = torch.zeros(self.torch.num_envs, 1, dtype=torch.bool, device=self.torch.device)
        return self._packed(observation=observation, done=over, terminated=over.clone(), truncated=over.clone())

    def _step(self, tensordict: Any) -> Any:
        """One control step of every row under `tensordict["action"]`."""
        step = self.torch.step(tensordict.get("action"))
        done = step.terminated | step.truncated
        return self._packed(
            observation=step.observation,
            reward=step.reward[:, None],
            done=done[:, None],
            terminated=step.terminated[:, None],
            truncated=step.truncated[:, None],
        )

    def _set_seed(self, seed: int | None) -> None:
        """Let the next reset draw from `seed`."""
        self._next_seed = seed

    def _packed(self, **parts: torch.Tensor) -> Any:
        return _tensordict.TensorDict(parts, batch_size=self.batch_size, device=self.device)


def _composite(rows: int, **parts: Any) -> Any:
    return _specs.Composite(parts, shape=(rows,))
