"""`RecordedStep`: a control step recorded once as a graph of tensor operations, and then replayed without Python in between.

A single state's step is some hundred tiny operations, whose arithmetic takes less time than the Python that calls them.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor

from mosim_gym import mechanics
from mosim_gym.envs.bounds import Bounds
from mosim_gym.envs.core import Core, State
from mosim_gym.mechanics.dynamics import Dynamics
from mosim_gym.mechanics.threads import Shards, shards_for
from mosim_gym.mechanics.typed_torch import (
    Compute,
    graph_function,
    optimises_graphs,
    set_optimises_graphs,
    trace_graph,
)
from mosim_gym.robots import Features
from mosim_gym.robots.spaces import flatten

PROOFS = 3  # recorded steps that must equal computed ones, bit for bit, before the recording is relied on
_BRANCH = "Converting a tensor to a"  # torch's warning that Python or numpy read a tensor's numbers
_ARITHMETIC = {f"aten::{name}" for name in ("add", "sub", "rsub", "mul", "div")}
RECORDING = Lock()  # Python's list of warnings, which is looked through, is one for all threads
_SHAPES_ONLY = str(Path(mechanics.__file__).parent)  # kinematics branches on shapes, which do not change here


class Outcome(NamedTuple):
    """The outcome of a control step of B environments.

    `observation (B, n)` is flat. `finite (B,)` and `inside (B,)` are those of `Bounds` for the new state, and `finite` also for its reward
    and observation. `inside` is None without a box.
    """

    state: State
    observation: Tensor
    reward: Tensor
    terminated: Tensor
    finite: Tensor
    inside: Tensor | None


class Replayed(Protocol):
    """A function of tensors of one shape, which something other than Python computes where it can."""

    def __call__(self, compute: Compute, inputs: tuple[Tensor, ...], /) -> tuple[Tensor, ...]:
        """`compute(*inputs)`, for the same `compute` in each call."""
        ...


class RecordedStep:
    """`core.step` with `dynamics`, then `bounds`, for batches of `rows`.

    The first step is recorded. The next ones are both computed and replayed, and compared. Every step is computed if they differ, if Python
    reads a tensor's numbers on the way (a task of your own may do so), or if `dynamics` is not `recordable`.

    On the CPU large batches are stepped in shards, if `dynamics` has a `shard_unit`.
    """

    def __init__(
        self,
        core: Core,
        dynamics: Dynamics,
        bounds: Bounds,
        rows: int,
        *,
        record: bool = True,
        replay: Callable[..., Replayed] | None = None,
    ) -> None:
        """Nothing is recorded yet. Without `record` nothing ever is, because replayed steps have no gradients.

        `replay(record=…)` makes what replays the steps, by default a `Replay`.
        """
        self._core, self._dynamics, self._bounds, self._count = core, dynamics, bounds, rows
        self._names = list(core.kinematics.quantities)
        self._record = record
        self._replay = Replay if replay is None else replay
        self.shards: Shards | None = None
        if record and dynamics.recordable(rows) and core.device.type == "cpu":
            self.shards = shards_for(rows, dynamics.shard_unit)
        self._begin()

    def _begin(self) -> None:
        """Forget all recordings."""
        self._versions = self._bounds.version, self._dynamics.version
        record = self._record and self._dynamics.recordable(self._count)
        sizes = {self._count} if self.shards is None else self.shards.sizes
        self.replays = {size: self._replay(record=record) for size in sizes}

    def __call__(self, state: State, action: Tensor) -> Outcome:
        """One control step of `state` under `action (B, nu)`."""
        if (self._bounds.version, self._dynamics.version) != self._versions:
            self._begin()
        values = state.features.values
        known = () if state.previous is None else (state.previous,)
        inputs = (
            state.qpos, state.qvel, state.goal, state.sensors, action, *known, *[values[name] for name in self._names],
        )  # fmt: skip
        return self._outcome(state, self._rows(*inputs) if self.shards is None else self.shards(self._rows, inputs))

    def _rows(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        return self.replays[len(inputs[0])](self._compute, inputs)

    def _compute(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        qpos, qvel, goal, sensors, action, *values = inputs
        previous = values.pop(0) if self._core.memory else None
        features = Features(self._core.robot, qpos, qvel, dict(zip(self._names, values, strict=True)))
        after, parts, reward, terminated = self._core.step(
            State(qpos, qvel, goal, sensors, features, previous), action, self._dynamics
        )
        observation = flatten(parts)
        finite = self._bounds.finite(reward, after.qpos, after.qvel, after.sensors, observation)
        inside = self._bounds.inside(after.qpos, after.qvel)
        moved = [after.features[name] for name in self._names]
        known = [part for part in (after.previous, inside) if part is not None]
        return (after.qpos, after.qvel, after.sensors, observation, reward, terminated, finite, *known, *moved)

    def _outcome(self, before: State, outputs: tuple[Tensor, ...]) -> Outcome:
        qpos, qvel, sensors, observation, reward, terminated, finite, *rest = outputs
        if sensors.shape[-1] != before.sensors.shape[-1]:
            task, needed = self._core.task.id(), before.sensors.shape[-1]
            raise ValueError(f"The dynamics give {sensors.shape[-1]} readings of sensors; {task} needs {needed}.")
        previous = rest.pop(0) if self._core.memory else None
        inside = rest.pop(0) if len(rest) > len(self._names) else None
        features = Features(self._core.robot, qpos, qvel, dict(zip(self._names, rest, strict=True)))
        return Outcome(
            State(qpos, qvel, before.goal, sensors, features, previous),
            observation,
            reward,
            terminated,
            finite,
            inside,
        )


class Replay:
    """A function of tensors of one shape, which is recorded, compared, and then replayed.

    Several threads may call it at once.
    """

    def __init__(self, *, record: bool) -> None:
        """Without `record` every call computes."""
        self.proofs: int | None = 0 if record else None
        """The number of calls in which the recording gave the computed result; None if every call computes."""
        self._recorded: Compute | None = None
        self._lock = Lock()

    def __getstate__(self) -> bool:
        """Whether to record. A recording cannot be copied, so a copy makes and compares its own."""
        return self.proofs is not None

    def __setstate__(self, record: bool) -> None:
        self.__init__(record=record)

    def __call__(self, compute: Compute, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """`compute(*inputs)`. `compute` must be the same function in each call."""
        if self.proofs is None:
            return compute(*inputs)
        if self.proofs < PROOFS:
            with self._lock:
                return self._proved(compute, inputs)
        return self._replayed(inputs)

    def _proved(self, compute: Compute, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        outputs = compute(*inputs)
        if self.proofs is None:
            return outputs
        if self._recorded is None:
            with RECORDING:
                self._recorded = recorded(compute, inputs)
            self.proofs = 0 if self._recorded is not None else None
        else:
            pairs = zip(self._replayed(inputs), outputs, strict=True)
            alike = all(torch.equal(a.nan_to_num(), b.nan_to_num()) for a, b in pairs)
            self.proofs = self.proofs + 1 if alike else None
        return outputs

    def _replayed(self, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        assert self._recorded is not None
        optimise = optimises_graphs()
        set_optimises_graphs(False)  # optimised graphs round otherwise
        try:
            return self._recorded(*inputs)
        finally:
            set_optimises_graphs(optimise)


def recorded(compute: Compute, inputs: tuple[Tensor, ...]) -> Compute | None:
    """The graph of `compute`; None if the path of Python through it depended on the tensors' numbers. Hold `RECORDING` meanwhile."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        # torch.jit.trace would hand the graph, with the weights in it, to a register of torch's that keeps it for good.
        graph, _ = trace_graph(compute, inputs, lambda _: "", True, False)
    if any(_BRANCH in str(w.message) and not w.filename.startswith(_SHAPES_ONLY) for w in said):
        return None
    _round_numbers(graph)
    return graph_function("step", graph)


def _round_numbers(graph: Any) -> None:
    """Keep the constants of a recorded graph in the precision in which they are used, so that they are not rounded at each use."""
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
    """Replace `rsub(x, number)` by the equal `sub(number, x)`, whose constant can be kept rounded."""
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
