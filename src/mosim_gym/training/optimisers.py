"""Optimisers' moments as named arrays, `<optimiser>/<parameter>/<slot>`, and back."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch

Optimisers = Mapping[str, torch.optim.Optimizer]


def optimiser_arrays(optimisers: Optimisers) -> dict[str, np.ndarray]:
    """What the optimisers remember of earlier steps."""
    return {
        f"{name}/{index}/{slot}": torch.as_tensor(value).detach().cpu().numpy().copy()
        for name, optimiser in optimisers.items()
        for index, slots in optimiser.state_dict()["state"].items()
        for slot, value in slots.items()
    }


def restore_optimisers(optimisers: Optimisers, arrays: Mapping[str, np.ndarray]) -> None:
    """Inverse of `optimiser_arrays`; `arrays` may hold others beside."""
    for name, optimiser in optimisers.items():
        slots: dict[int, dict[str, torch.Tensor]] = {}
        for key, value in arrays.items():
            if key.startswith(f"{name}/"):
                _, index, slot = key.split("/")
                slots.setdefault(int(index), {})[slot] = torch.from_numpy(np.array(value))
        optimiser.load_state_dict({"state": slots, "param_groups": optimiser.state_dict()["param_groups"]})
