"""Where tensors live, checked in one place."""

from __future__ import annotations

import torch


def usable_device(device: torch.device | str) -> torch.device:
    """`device`, if torch can compute there; else one sentence with those where it can."""
    usable = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
    try:
        chosen = torch.device(device)
    except (RuntimeError, TypeError):
        raise ValueError(f"{device!r} is no device. Valid: {', '.join(usable)}.") from None
    if chosen.type not in usable or (chosen.type == "cuda" and (chosen.index or 0) >= torch.cuda.device_count()):
        raise ValueError(f"The device {str(device)!r} cannot be used on this machine. Valid: {', '.join(usable)}.")
    return chosen


def as_kind(x: torch.Tensor, device: torch.device, dtype: torch.dtype) -> torch.Tensor:
    """`x.to(device, dtype)`, but not even asked of tensors that are such already: a recorded step would ask every time."""
    return x if x.dtype == dtype and x.device == device else x.to(device, dtype)
