"""A run's whole state as one safetensors file, so that training goes on after any interruption with the same result."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from mosim_gym.mechanics.storage import FileFault, load_arrays, save_arrays
from mosim_gym.training.optimisers import optimiser_arrays, restore_optimisers

KIND = "training state"


def save_state(
    path: Path,
    model: nn.Module,
    average: nn.Module,
    optimisers: dict[str, torch.optim.Optimizer],
    header: dict[str, Any],
) -> None:
    """Write weights, their average, the optimisers' moments and `header` atomically."""
    arrays: dict[str, np.ndarray] = {}
    for prefix, module in (("model", model), ("average", average)):
        arrays.update({f"{prefix}/{k}": v.detach().cpu().numpy() for k, v in module.state_dict().items()})
    arrays |= optimiser_arrays(optimisers)
    save_arrays(path, KIND, arrays, header)


def read_header(path: Path) -> dict[str, Any]:
    """What `save_state` noted beside the weights."""
    return load_arrays(path, KIND)[1]


def load_state(
    path: Path,
    model: nn.Module,
    average: nn.Module,
    optimisers: dict[str, torch.optim.Optimizer],
    identity: dict[str, Any],
) -> dict[str, Any]:
    """Put back what `save_state` wrote and return its header; a run whose header differs from `identity` is refused."""
    arrays, header = load_arrays(path, KIND)
    for name, here in json.loads(json.dumps(identity)).items():
        if header.get(name) != here:
            known = f" ({header.get(name)}, here {here})" if not isinstance(here, dict) else ""
            raise FileFault(
                f"{path.parent} holds a run with another {name}{known}; choose another folder, or delete {path.name} to begin anew."
            )
    tensors = {key: torch.from_numpy(value.copy()) for key, value in arrays.items()}
    for prefix, module in (("model", model), ("average", average)):
        module.load_state_dict({k.split("/", 1)[1]: v for k, v in tensors.items() if k.startswith(f"{prefix}/")})
    restore_optimisers(optimisers, arrays)
    return header
