"""`ZipPolicy`: the deterministic policy of a Stable-Baselines3 zip, rebuilt from its weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from gymnasium.spaces import Box
from torch import nn


class ZipPolicy:
    """An actor with SB3's `predict`. `card` names the algorithm. `observation_space` and `action_space` are those it was trained on."""

    def __init__(
        self, algorithm: str, network: nn.Module, squashed: bool, observation_space: Box, action_space: Box
    ) -> None:
        """`network` maps observations to actions, in [-1, 1] if they are `squashed`, else in their own units."""
        self._network = network.eval().requires_grad_(False)
        self._squashed = squashed
        self._device = next((p.device for p in (*network.parameters(), *network.buffers())), torch.device("cpu"))
        self.observation_space, self.action_space = observation_space, action_space
        self.card = {"algorithm": algorithm}

    def predict(
        self, observation: Any, state: Any = None, episode_start: Any = None, deterministic: bool = True
    ) -> tuple[np.ndarray, None]:
        """The deterministic control `(nu,)` for one observation, or `(B, nu)` for B of them."""
        if not deterministic:
            raise ValueError(
                "A policy from a zip's weights is deterministic; load_policy(path, trusted=True) gives SB3's own, which samples."
            )
        x = np.asarray(observation, np.float32)
        size = self.observation_space.shape[0]
        if x.shape[-1:] != (size,) or x.ndim > 2:
            raise ValueError(f"The observation has shape {x.shape}; this policy was trained on ({size},).")
        with torch.no_grad():
            rows = torch.as_tensor(x, device=self._device).reshape(-1, size)
            action = self._network(rows).cpu().numpy().reshape(*x.shape[:-1], -1)
        low, high = self.action_space.low, self.action_space.high
        return (low + 0.5 * (action + 1.0) * (high - low) if self._squashed else np.clip(action, low, high)), None
