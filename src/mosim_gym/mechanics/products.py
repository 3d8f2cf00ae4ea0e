"""Large float32 products on the CPU by oneDNN, which uses the widest instructions of any x86 processor. MKL does so on Intel's only."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from mosim_gym.mechanics.threads import OneThread
from mosim_gym.mechanics.typed_torch import graph_function, parse_graph

Product = Callable[..., Tensor]

# Torch's recorder of graphs does not know this operation's lists of scalars, but it knows graphs that call it.
_LINEAR = """
graph(%x : Tensor, %weight : Tensor, %bias : Tensor):
  %after : str = prim::Constant[value="{after}"]()
  %algorithm : str = prim::Constant[value=""]()
  %scalars : Scalar?[] = prim::ListConstruct()
  %y : Tensor = mkldnn::_linear_pointwise(%x, %weight, %bias, %after, %scalars, %algorithm)
  return (%y)
"""
_SUM = """
graph(%x : Tensor, %other : Tensor, %weight : Tensor, %bias : Tensor):
  %after : str = prim::Constant[value="add"]()
  %y : Tensor = mkldnn::_linear_pointwise(%x, %other, %weight, %bias, %after)
  return (%y)
"""


def _function(graph: str) -> Product:
    return graph_function("product", parse_graph(graph))


def _fused_products() -> dict[str, Product]:
    """The products that this build of torch can fuse with the following operation on the CPU; empty if it can fuse none."""
    x = torch.ones(2, 2)
    try:
        found = {after: _function(_LINEAR.format(after=after)) for after in ("none", "swish", "tanh")}
        found["add"] = _function(_SUM)
        with OneThread():
            for after in ("swish", "tanh"):
                found[after](x, x, x[0])
            found["add"](x, x, x, x[0])
    except (AttributeError, RuntimeError, TypeError):
        return {}
    return found


FUSED = _fused_products()
"""`none`, `swish`, `tanh`: `(x, weight, bias)` → a linear layer, plain or activated; `add`: `(x, other, weight, bias)` → plus `other`."""
FUSED_FROM = 32  # rows; below, oneDNN's set-up costs more than it saves
