"""`onnx_graph`: a function of tensors as an ONNX graph, and `one_thread`, which runs such a graph with onnxruntime."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from mosim_gym.envs.recorded import RECORDING, recorded
from mosim_gym.mechanics.packages import import_extra
from mosim_gym.mechanics.typed_torch import Compute, solved, transpose_of

EXTRA, USE = "onnx", "export to ONNX"
"""The extra that brings onnx and onnxruntime, and what needs it."""
KEPT = "the present number of rows is kept in it"
"""Why a graph is not one of a batch of any size."""
CLOSE = 1e-3
"""By how much onnxruntime's numbers may differ from torch's, of one plus the largest of them. Rounding is far smaller."""


def check_packages() -> None:
    """Raise `MissingExtra` unless onnx and onnxruntime are installed."""
    for package in ("onnx", "onnxruntime"):
        import_extra(package, EXTRA, USE)


def onnx_graph(compute: Compute, inputs: Mapping[str, Tensor], outputs: Sequence[str], *, batch: bool = False) -> bytes:
    """`compute` as the bytes of an ONNX file, whose results are called `outputs`.

    `inputs` are named examples. With `batch` the first axis of all inputs and outputs may have any length, else that of the examples.
    Raises `ValueError` if Python reads numbers of tensors on the way, or if ONNX has no counterpart of an operation.
    """
    check_packages()
    exporter = import_module("torch.onnx")  # which takes a while
    names, file = [*inputs, *outputs], io.BytesIO()
    with torch.inference_mode(False), torch.no_grad():
        examples = tuple(part.clone() for part in inputs.values())  # the exporter takes no tensors of inference mode
        with RECORDING, warnings.catch_warnings():
            if recorded(compute, examples) is None:
                raise ValueError(
                    "The step cannot be exported to ONNX, because Python reads numbers of tensors in it: write rewards and "
                    "observations with torch.where instead of `if`."
                )
            # of axes whose length is kept: those of `batch` are checked where files are written
            warnings.simplefilter("ignore")
            try:
                exporter.export(
                    _Portable(compute),
                    examples,
                    file,
                    input_names=list(inputs),
                    output_names=list(outputs),
                    dynamic_axes={name: {0: "batch"} for name in names} if batch else None,
                    opset_version=17,  # the first one with layer normalisation
                    dynamo=False,
                )
            except exporter.errors.UnsupportedOperatorError as error:
                raise ValueError(f"The step cannot be exported to ONNX: {error}") from error
    return file.getvalue()


def one_thread(graph: bytes) -> Any:
    """An `InferenceSession` of onnxruntime for `graph`, which computes on the calling thread alone."""
    runtime = import_extra("onnxruntime", EXTRA, USE)
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4  # what fails raises
    try:
        return runtime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    except runtime.capi.onnxruntime_pybind11_state.NotImplemented as error:
        raise ValueError(f"onnxruntime lacks an operation of this step: {error}.") from error


def check_equal(found: Sequence[Tensor], wanted: Sequence[Tensor]) -> None:
    """Raise `ValueError` if results of onnxruntime differ from torch's in shape, or by more than `CLOSE`."""
    for ours, theirs in zip(wanted, found, strict=True):
        if ours.shape != theirs.shape:
            raise ValueError(f"The step cannot be exported to ONNX, because {KEPT}.")
        a, b = ours.double(), theirs.double()
        if not torch.allclose(b, a, rtol=0, atol=_tolerance(a), equal_nan=True):
            apart = float((a - b).abs().max())
            raise ValueError(
                f"The step cannot be exported to ONNX, because onnxruntime and torch differ by {apart:.2g}."
            )


def _tolerance(x: Tensor) -> float:
    return CLOSE * (1 + float(x.nan_to_num(0, 0, 0).abs().max()) if x.numel() else 1)


class _Portable(nn.Module):
    """A function as a module, with `_Rewriting`."""

    def __init__(self, compute: Compute) -> None:
        super().__init__()
        self._compute = compute

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        with _Rewriting():
            return self._compute(*inputs)


class _Rewriting(TorchFunctionMode):
    """While it lasts, operations that the exporter does not know are made of others that give the same numbers up to rounding."""

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        return _REWRITTEN.get(func, func)(*args, **(kwargs or {}))


def _clamp(x: Tensor, *bounds: Any, **named: Any) -> Tensor:
    """Bounds that are whole numbers beside floats become floats: ONNX has one type for both."""
    if not x.is_floating_point():
        return torch.clamp(x, *bounds, **named)
    plain = [float(bound) if isinstance(bound, int) else bound for bound in bounds]
    return torch.clamp(
        x, *plain, **{name: float(bound) if isinstance(bound, int) else bound for name, bound in named.items()}
    )


def _expm1(x: Tensor) -> Tensor:
    """`eˣ - 1 = 2 t / (1 - t)` with `t = tanh(x/2)`, which keeps its digits near 0."""
    t = torch.tanh(x / 2)
    return torch.where(x < 1, 2 * t / (1 - t), torch.exp(x) - 1)


def _zeros_like(x: Tensor, *, dtype: torch.dtype | None = None, **_: Any) -> Tensor:
    """Zeros that depend on `x`: the exporter would keep the present length of a constant."""
    zeros = (x == x) & (x != x)
    return zeros if dtype == torch.bool else zeros.to(dtype or x.dtype)


def _solved(matrix: Tensor, vector: Tensor) -> Tensor:
    """`x (…, n)` of `A x = y`, from `A (…, n, n)` and `y (…, n)`, by elimination without exchanges of rows: A is a positive mass matrix."""
    rows, count = torch.cat((matrix, vector.unsqueeze(-1)), dim=-1), int(matrix.shape[-1])
    for k in range(count):
        here = torch.tensor([[row == k] for row in range(count)])
        pivot = rows[..., k : k + 1, :] / rows[..., k : k + 1, k : k + 1]
        rows = torch.where(here, pivot, rows - rows[..., :, k : k + 1] * pivot)
    return rows[..., -1]


def _transposed(x: Tensor) -> Tensor:
    return x.transpose(-1, -2)


_REWRITTEN: dict[Callable[..., Any], Callable[..., Any]] = {
    torch.clamp: _clamp,
    Tensor.clamp: _clamp,
    torch.expm1: _expm1,
    Tensor.expm1: _expm1,
    torch.zeros_like: _zeros_like,
    solved: _solved,
    transpose_of: _transposed,
}
