"""A run's whole state as one safetensors file, so that training goes on after any interruption with the same result."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypedDict

import numpy as np
import torch
from torch import nn

from mosim_gym.mechanics.json_values import JSON
from mosim_gym.mechanics.schema import check, checked, number, record, whole
from mosim_gym.mechanics.settings import said_difference
from mosim_gym.mechanics.storage import FileFault, load_arrays, save_arrays
from mosim_gym.training.optimisers import optimiser_arrays, restore_optimisers

KIND = "training state"
HEADER = record({"step": whole(), "total": whole(), "seconds": number(0), "budget": number(0, math.inf)})
"""The rule of that."""


class Noted(TypedDict):
    """What every run notes: steps so far and in all, and the seconds that it has taken and may take."""

    step: int
    total: int
    seconds: float
    budget: float


def save_state(
    path: Path,
    model: nn.Module,
    average: nn.Module,
    optimisers: dict[str, torch.optim.Optimizer],
    header: Mapping[str, object],
) -> None:
    """Write weights, their average, the optimisers' moments and `header` atomically."""
    arrays: dict[str, np.ndarray] = {}
    for prefix, module in (("model", model), ("average", average)):
        arrays.update({f"{prefix}/{k}": v.detach().cpu().numpy() for k, v in module.state_dict().items()})
    arrays |= optimiser_arrays(optimisers)
    save_arrays(path, KIND, arrays, header)


def read_header(path: Path) -> Noted:
    """What `save_state` noted beside the weights."""
    return checked(path, "header", load_arrays(path, KIND)[1], HEADER, Noted)


def load_state(
    path: Path,
    model: nn.Module,
    average: nn.Module,
    optimisers: dict[str, torch.optim.Optimizer],
    identity: Mapping[str, object],
) -> dict[str, JSON]:
    """Put back what `save_state` wrote and return its header; a run whose header differs from `identity` is refused."""
    arrays, header = load_arrays(path, KIND)
    check(path, "header", header, HEADER)
    for name, here in json.loads(json.dumps(identity)).items():
        if header.get(name) != here:
            known = said_difference(header.get(name), here)
            raise FileFault(
                f"{path.parent} holds a run with another {name} ({known}); choose another folder, or delete {path.name} to begin anew."
            )
    with restoring(path):
        tensors = {key: torch.from_numpy(value.copy()) for key, value in arrays.items()}
        for prefix, module in (("model", model), ("average", average)):
            module.load_state_dict({k.split("/", 1)[1]: v for k, v in tensors.items() if k.startswith(f"{prefix}/")})
        restore_optimisers(optimisers, arrays)
    return header


@contextmanager
def restoring(path: Path) -> Iterator[None]:
    """Say in one sentence what is missing in the state at `path`, or does not fit."""
    try:
        yield
    except FileFault:
        raise
    except (KeyError, RuntimeError, ValueError, TypeError, IndexError) as error:
        missing = f"it has no {error}" if isinstance(error, KeyError) else str(error).splitlines()[0]
        raise FileFault(f"{path} is damaged, or of another version of mosim_gym: {missing}.") from error
