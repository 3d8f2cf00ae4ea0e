"""`OnnxReplay`: a control step that is exported to ONNX once and then run by onnxruntime, and the choice of a backend."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any

import torch
from torch import Tensor

from mosim_gym.envs.onnx_graph import check_equal, check_packages, one_thread, onnx_graph
from mosim_gym.envs.recorded import Replay, Replayed
from mosim_gym.mechanics.devices import usable_device
from mosim_gym.mechanics.names import UnknownName
from mosim_gym.mechanics.typed_torch import Compute, from_numpy

FIXED_STEPS = (
    "needs a step that is always the same sequence of torch operations: that of a learned checkpoint, with a solver of fixed steps and "
    "weights that do not change"
)


class OnnxReplay:
    """A function of tensors of one shape, which is exported in the first call and compared, and run by onnxruntime in all calls.

    onnxruntime computes on the calling thread alone. Several threads may call it at once.
    """

    def __init__(self, *, record: bool) -> None:
        """`record` says whether the function is always the same sequence of operations; raises `ValueError` if it is not."""
        if not record:
            raise ValueError(f'backend="onnx" {FIXED_STEPS}; use backend="torch" for other dynamics.')
        check_packages()
        self._session: Any = None
        self._fed: list[tuple[str, int]] = []  # the inputs that have an effect: their names and numbers
        self._given: list[str] = []  # names of the outputs
        self._lock = Lock()

    def __getstate__(self) -> bool:
        """A session cannot be copied, so a copy exports its own."""
        return True

    def __setstate__(self, record: bool) -> None:
        self.__init__(record=record)

    def __call__(self, compute: Compute, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """`compute(*inputs)`. `compute` must be the same function in each call."""
        if self._session is None:
            with self._lock:
                return self._opened(compute, inputs)
        return self._run(self._session, inputs)

    def _opened(self, compute: Compute, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """The results of the function, which is now exported; computed ones if they are not finite, as there is nothing to compare."""
        if self._session is not None:  # another thread was first
            return self._run(self._session, inputs)
        wanted = compute(*inputs)
        if not all(bool(part.isfinite().all()) for part in wanted):
            return wanted
        named = {f"input{number}": part for number, part in enumerate(inputs)}
        self._given = [f"output{number}" for number in range(len(wanted))]
        session = one_thread(onnx_graph(compute, named, self._given))
        names = list(named)
        self._fed = [(part.name, names.index(part.name)) for part in session.get_inputs()]
        found = self._run(session, inputs)
        check_equal(found, wanted)
        self._session = session
        return found

    def _run(self, session: Any, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        fed = {name: inputs[number].numpy() for name, number in self._fed}
        return tuple(from_numpy(part) for part in session.run(self._given, fed))


BACKENDS: Mapping[str, Callable[..., Replayed]] = {"torch": Replay, "onnx": OnnxReplay}
"""What runs the steps of a single environment."""


def find_backend(name: str, device: torch.device | str) -> Callable[..., Replayed]:
    """The backend called `name` for tensors on `device`. Raises for an unknown name, and for a device on which it does not compute."""
    if name not in BACKENDS:
        raise UnknownName("backend", name, list(BACKENDS))
    if name == "onnx" and usable_device(device).type != "cpu":
        raise ValueError(f'device is {str(device)!r}; backend="onnx" computes on the CPU.')
    return BACKENDS[name]
