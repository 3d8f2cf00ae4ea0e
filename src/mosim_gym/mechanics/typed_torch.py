# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportPrivateUsage=false
"""Functions of torch's that it leaves without types, or keeps in a private module, with their types; calling them costs nothing more."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from operator import methodcaller
from typing import Any, Protocol

import numpy as np
import torch
from torch import Generator, Tensor


class _VectorNorm(Protocol):
    def __call__(self, x: Tensor, /, *, dim: int, keepdim: bool = False) -> Tensor: ...


class _ForkRng(Protocol):
    def __call__(self, devices: list[torch.device]) -> AbstractContextManager[None]: ...


Compute = Callable[..., tuple[Tensor, ...]]
"""A function of tensors that gives several."""

from_numpy: Callable[[np.ndarray], Tensor] = torch.from_numpy
"""The tensor that shares an array's memory."""
whole_numbers: Callable[[Tensor], list[int]] = Tensor.tolist
"""The numbers of a tensor of whole numbers with one axis."""
backward: Callable[[Tensor], None] = Tensor.backward
"""Adds the gradients of a single number to all that it came from."""
optimiser_step: Callable[[torch.optim.Optimizer], object] = methodcaller("step")
"""Moves an optimiser's parameters along their gradients."""
vector_norm: _VectorNorm = torch.linalg.vector_norm
"""Length of vectors along `dim`."""
solved: Callable[[Tensor, Tensor], Tensor] = torch.linalg.solve
"""The vectors that matrices take to other vectors: `x (…, n)` of `A x = y`, from `A (…, n, n)` and `y (…, n)`."""
manual_seed: Callable[[int], Generator] = torch.manual_seed
"""Seeds torch's common generators."""
fork_rng: _ForkRng = torch.random.fork_rng
"""While it lasts, random numbers leave the common generator of the CPU, and those of `devices`, as they are."""

matmul_precision: Callable[[], str] = torch._C._get_float32_matmul_precision
"""In which precision products of float32 are made; raises `RuntimeError` where that was set by torch's newer names."""
parse_graph: Callable[[str], torch.Graph] = torch._C.parse_ir
"""The graph of a text."""
graph_function: Callable[[str, torch.Graph], Callable[..., Any]] = torch._C._create_function_from_graph
"""The graph as a function of this name."""
trace_graph: Callable[[Compute, tuple[Tensor, ...], Callable[[Tensor], str], bool, bool], tuple[Any, Any]] = (
    torch._C._create_graph_by_tracing
)
"""The graph of what a function does with these inputs; then names of variables, whether to be strict, and whether to force copies."""
optimises_graphs: Callable[[], bool] = torch._C._get_graph_executor_optimize
"""Whether graphs are optimised before they are run."""
set_optimises_graphs: Callable[[bool], None] = torch._C._set_graph_executor_optimize
"""Sets that."""

transpose_of: Callable[[Tensor], Tensor] = Tensor.mT.__get__  # pyright: ignore[reportAttributeAccessIssue]
"""`x.mT`, as a mode that watches torch's functions sees it."""
