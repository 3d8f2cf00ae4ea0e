"""`RecordedStep`: a control step recorded once as a graph of tensor operations, and then replayed without Python in between.

A single state's step is some hundred tiny operations, whose arithmetic takes less time than the Python that calls them.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from mosim_gym import mechanics
from mosim_gym.envs.bounds import Bounds
from mosim_gym.envs.core import Core, Dynamics, State
from mosim_gym.robots import Features
from mosim_gym.robots.spaces import flatten

PROOFS = 3  # recorded steps that must equal computed ones, bit for bit, before the recording is relied on
_BRANCH = "Converting a tensor to a"  # how torch says that Python or numpy looked at a tensor's numbers
_ARITHMETIC = {f"aten::{name}" for name in ("add", "sub", "rsub", "mul", "div")}
_SHAPES_ONLY = str(Path(mechanics.__file__).parent)  # kinematics branches on shapes, which do not change here


class Outcome(NamedTuple):
    """Where a control step of B environments led.

    `observation (B, n)` is flat; `finite (B,)` and `inside (B,)`, None without a training box, are what `Bounds` says of the state.
    """

    state: State
    observation: Tensor
    reward: Tensor
    terminated: Tensor
    finite: Tensor
    inside: Tensor | None


class RecordedStep:
    """`core.step` with `dynamics`, then `bounds`, for batches of `rows`.

    The first step records; the next ones are both computed and replayed, and compared. Where they differ, where Python looks at numbers
    on the way (a task of your own may), or where `dynamics` does not say that it is `recordable`, every step is computed.
    """

    def __init__(self, core: Core, dynamics: Dynamics, bounds: Bounds, rows: int, *, record: bool = True) -> None:
        """Record nothing yet; without `record`, never: replayed steps have no gradients."""
        self._core, self._dynamics, self._bounds = core, dynamics, bounds
        self._names = list(core.kinematics.quantities)
        self._replay: Callable[..., tuple[Tensor, ...]] | None = None
        recordable = getattr(dynamics, "recordable", None)
        self._proofs: int | None = None  # None: every step is computed
        if record and recordable is not None and recordable(rows):
            self._proofs = 0

    def __getstate__(self) -> dict[str, Any]:
        """All but the recording, which cannot be copied: a copy makes and proves its own."""
        return {**vars(self), "_replay": None, "_proofs": None if self._proofs is None else 0}

    def __call__(self, state: State, action: Tensor) -> Outcome:
        """One control step of `state` under `action (B, nu)`."""
        values = state.features.values
        inputs = (
            state.qpos, state.qvel, state.goal, state.sensors, action, *[values[name] for name in self._names],
        )  # fmt: skip
        if self._proofs is None:
            return self._outcome(state, self._compute(*inputs))
        if self._replay is None:
            self._replay = _recorded(self._compute, inputs)
            if self._replay is None:
                self._proofs = None
            return self._outcome(state, self._compute(*inputs))
        with torch.jit.optimized_execution(False):  # pyright: ignore[reportPrivateImportUsage]  # optimised graphs round otherwise
            outputs = self._replay(*inputs)
        if self._proofs < PROOFS:
            computed = self._compute(*inputs)
            alike = all(torch.equal(a.nan_to_num(), b.nan_to_num()) for a, b in zip(outputs, computed, strict=True))
            self._proofs = self._proofs + 1 if alike else None
            outputs = computed
        return self._outcome(state, outputs)

    def _compute(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        qpos, qvel, goal, sensors, action, *values = inputs
        features = Features(self._core.robot, qpos, qvel, dict(zip(self._names, values, strict=True)))
        after, parts, reward, terminated = self._core.step(
            State(qpos, qvel, goal, sensors, features), action, self._dynamics
        )
        finite, inside = (
            self._bounds.finite(after.qpos, after.qvel, after.sensors),
            self._bounds.inside(after.qpos, after.qvel),
        )
        moved = [after.features[name] for name in self._names]
        known = () if inside is None else (inside,)
        return (after.qpos, after.qvel, after.sensors, flatten(parts), reward, terminated, finite, *known, *moved)

    def _outcome(self, before: State, outputs: tuple[Tensor, ...]) -> Outcome:
        qpos, qvel, sensors, observation, reward, terminated, finite, *rest = outputs
        if sensors.shape[-1] != before.sensors.shape[-1]:
            task, needed = self._core.task.id(), before.sensors.shape[-1]
            raise ValueError(f"The dynamics give {sensors.shape[-1]} readings of sensors; {task} needs {needed}.")
        inside = rest.pop(0) if len(rest) > len(self._names) else None
        features = Features(self._core.robot, qpos, qvel, dict(zip(self._names, rest, strict=True)))
        return Outcome(
            State(qpos, qvel, before.goal, sensors, features), observation, reward, terminated, finite, inside
        )


def _recorded(compute: Callable[..., tuple[Tensor, ...]], inputs: tuple[Tensor, ...]) -> Any:
    """The graph of `compute`; None if Python's way through it depended on the tensors' numbers."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        # torch.jit.trace would hand the graph, with the weights in it, to a register of torch's that keeps it for good.
        graph, _ = torch._C._create_graph_by_tracing(compute, inputs, lambda _: "", True, False)
    if any(_BRANCH in str(w.message) and not w.filename.startswith(_SHAPES_ONLY) for w in said):
        return None
    _round_numbers(graph)
    return torch._C._create_function_from_graph("step", graph)


def _round_numbers(graph: Any) -> None:
    """Keep the numbers of a recorded graph in the precision that they are used in: each use would round them anew."""
    for node in list(graph.nodes()):
        if node.kind() == "aten::rsub":
            _turn_round(graph, node)
    for node in graph.nodes():
        if node.kind() != "prim::Constant" or not node.hasAttribute("value") or node.kindOf("value") != "t":
            continue
        number, users = node.t("value"), [use.user for use in node.output().uses()]
        if number.dim() or not users or not {user.kind() for user in users} <= _ARITHMETIC:
            continue
        dtypes = {user.output().type().dtype() for user in users}
        if len(dtypes) == 1 and (dtype := dtypes.pop()) is not None and dtype.is_floating_point:
            rounded = number.to(dtype)
            node.t_("value", rounded)
            node.output().inferTypeFrom(rounded)


def _turn_round(graph: Any, node: Any) -> None:
    """Make `rsub(x, number)` the same `sub(number, x)`, whose number can be kept rounded."""
    x, number, factor = node.inputs()
    if number.node().kind() != "prim::Constant" or number.toIValue() is None or factor.toIValue() != 1:
        return
    graph.setInsertPoint(node)
    kept = graph.insertConstant(torch.tensor(float(number.toIValue()), dtype=torch.float64))
    turned = graph.create("aten::sub", [kept, x, factor])
    graph.insertNode(turned)
    turned.output().setType(node.output().type())
    node.output().replaceAllUsesWith(turned.output())
    node.destroy()
