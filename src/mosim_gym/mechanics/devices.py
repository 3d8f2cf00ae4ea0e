"""Devices of tensors, checked in one place."""

from __future__ import annotations

import torch


def usable_device(device: torch.device | str) -> torch.device:
    """`device`, if torch can compute there; else a `ValueError` that names the valid devices."""
    usable = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
    try:
        chosen = torch.device(device)
    except (RuntimeError, TypeError):
        raise ValueError(f"{device!r} is not a device. Valid: {', '.join(usable)}.") from None
    if chosen.type not in usable or (chosen.type == "cuda" and (chosen.index or 0) >= torch.cuda.device_count()):
        raise ValueError(f"The device {str(device)!r} cannot be used on this machine. Valid: {', '.join(usable)}.")
    return chosen


def as_kind(x: torch.Tensor, device: torch.device, dtype: torch.dtype) -> torch.Tensor:
    """`x.to(device, dtype)`. It is not called on tensors that need no change, because a recorded step would repeat the call every time."""
    return x if x.dtype == dtype and x.device == device else x.to(device, dtype)
