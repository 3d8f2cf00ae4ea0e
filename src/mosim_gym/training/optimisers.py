"""A model's optimisers; and any optimisers' moments as named arrays, `<optimiser>/<parameter>/<slot>`, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
import torch
from torch import nn

from mosim_gym.dynamics.mosim import MoSim
from mosim_gym.dynamics.prepared import has_bfloat16
from mosim_gym.mechanics.typed_torch import backward, optimiser_step
from mosim_gym.training.muon import Muon

Optimisers = Mapping[str, torch.optim.Optimizer]


class Rates(Protocol):
    """Learning rates, as configurations of training have them."""

    @property
    def adam_rate(self) -> float:
        """Adam's."""
        ...

    @property
    def muon_rate(self) -> float | None:
        """Muon's, for hidden square matrices; None leaves them to Adam."""
        ...


def model_optimisers(
    model: MoSim, config: Rates, device: torch.device, *, rate: float = 1.0
) -> tuple[dict[str, torch.optim.Optimizer], list[nn.Parameter]]:
    """Adam, and Muon for the hidden matrices unless `config` leaves them to Adam, and the parameters that are Adam's.

    `rate` multiplies the learning rates.
    """
    hidden, rest = _split_parameters(model) if config.muon_rate is not None else ([], list(model.parameters()))
    optimisers: dict[str, torch.optim.Optimizer] = {
        "adam": torch.optim.AdamW(rest, lr=rate * config.adam_rate, betas=(0.9, 0.99), weight_decay=1e-4, fused=True)
    }
    if config.muon_rate is not None:
        precision = torch.bfloat16 if has_bfloat16(device) else torch.float32
        optimisers["muon"] = Muon(hidden, lr=rate * config.muon_rate, dtype=precision)
    return optimisers, rest


def _split_parameters(model: MoSim) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    """Hidden matrices of the residual blocks, for Muon, and all the rest, for Adam."""
    hidden = [
        p for name, p in model.named_parameters() if name.endswith("weight") and (".up." in name or ".down." in name)
    ]
    chosen = {id(p) for p in hidden}
    return hidden, [p for p in model.parameters() if id(p) not in chosen]


def descend(optimisers: Optimisers, loss: torch.Tensor, rest: Sequence[nn.Parameter], clip: float) -> None:
    """One step of all optimisers down the gradient of `loss`; that of the parameters `rest` is clipped to the norm `clip`.

    Nothing changes where that gradient is not finite: rollouts of a model may leave all bounds.
    """
    for optimiser in optimisers.values():
        optimiser.zero_grad(set_to_none=True)
    backward(loss)
    norm = nn.utils.clip_grad_norm_(rest, clip)
    if bool(torch.isfinite(norm)):
        for optimiser in optimisers.values():
            optimiser_step(optimiser)


@torch.no_grad()
def move_average(average: nn.Module, model: nn.Module, step: int, most: float) -> None:
    """Move the weights of `average` towards those of `model`. It keeps a share that grows with `step` up to `most`."""
    kept = min(most, (step + 1) / (step + 10))
    for mine, theirs in zip(average.parameters(), model.parameters(), strict=True):
        mine.lerp_(theirs, 1 - kept)


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
