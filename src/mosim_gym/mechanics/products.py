"""Large float32 products on the CPU by oneDNN: the widest instructions of any x86 processor, where MKL uses them on Intel's only."""

from __future__ import annotations

import torch


def _has_fused_products() -> bool:
    """Whether this build of torch can multiply, add and activate in one call on the CPU."""
    try:
        x = torch.ones(2, 2)
        torch.ops.mkldnn._linear_pointwise(x, x, x[0], "swish", [], "")
        torch.ops.mkldnn._linear_pointwise.binary(x, x, x, x[0], "add")
    except (AttributeError, RuntimeError, TypeError):
        return False
    return True


FUSED = _has_fused_products()
FUSED_FROM = 32  # rows; below, oneDNN's set-up costs more than it saves
