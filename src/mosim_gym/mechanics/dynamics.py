"""`Dynamics`: the base class of everything that moves a robot by one control step."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Self

import torch
from torch import Tensor

from mosim_gym.mechanics.commands import check_previous, with_commands_before
from mosim_gym.mechanics.motion import KinematicValues, Step, Trajectory, check_start
from mosim_gym.mechanics.quantities import Quantity
from mosim_gym.mechanics.robot import Robot


class Dynamics(ABC):
    """Moves `robot`. A subclass sets `robot` and defines `step`; everything else has a default.

    Attributes may be set in the class, or for each object.
    """

    robot: Robot

    dtype: torch.dtype = torch.float32
    """The precision of states and controls in `step`."""

    card: Mapping[str, Any] = MappingProxyType({})
    """What is known about the motion: `name`, the training `box`, benchmarks. Empty by default."""

    density: Any = None
    """A `MotionDensity` of the motion that they were learned from, which the penalty `density` uses; None where there is none."""

    quantities: Mapping[str, Quantity] = MappingProxyType({})
    """Kinematic quantities that `step` reads from `features`."""

    members: int = 1
    """Size of the ensemble. Member i modulo `members` moves row i of a batch."""

    differentiable: bool = False
    """Whether the state after a step has gradients with respect to the state before and the action."""

    is_truth: bool = False
    """Whether a step counts as real experience: it is a step of the true simulator, or of a machine."""

    keeps_warm_starts: bool = False
    """Whether `remember` is defined."""

    version: int = 0
    """Changes whenever `step` changes: a step that was recorded before is then recorded again."""

    shard_unit: int = 0
    """A batch may be stepped in parts that begin at multiples of `shard_unit` rows; 0 means that it must be stepped as a whole."""

    memory: int = 0
    """How many commands before the present one `step` takes as `previous`."""

    @property
    def timestep(self) -> float:
        """Duration of a control step, s."""
        return self.robot.control_step

    @property
    def identity(self) -> str:
        """The text by which the record of a run knows these dynamics: two dynamics with the same identity move alike."""
        return type(self).__name__

    @abstractmethod
    def step(
        self, qpos: Any, qvel: Any, action: Any, features: KinematicValues | None = None, previous: Any = None
    ) -> Step:
        """The state after one control step from `qpos (B, nq)`, `qvel (B, nv)` under the constant `action (B, nu)`, which is clipped to the
        actuators' range. `features` may hold this object's `quantities` at the state.

        `previous (B, memory, nu)` are the commands before the present one, the oldest first. Left out, they equal the present one. Dynamics
        without a memory need not have this argument.
        """

    def rollout(self, qpos: Any, qvel: Any, actions: Any, previous: Any = None) -> Trajectory:
        """The states after each of T control steps under `actions (B, T, nu)`, numpy arrays or tensors like `qpos`; `step` gets tensors.

        `previous (B, memory, nu)` are the commands before the first one, the oldest first. Left out, they equal the first one.
        """
        q, v, a = (torch.as_tensor(part).to(self.dtype) for part in (qpos, qvel, actions))
        before = None if previous is None else torch.as_tensor(previous).to(self.dtype)
        check_start(q, v, a)
        check_previous(self.robot, before, self.memory, len(q))
        commands, path = with_commands_before(a, before, self.memory), list[Step]()
        for t in range(a.shape[1]):
            known: dict[str, Any] = {"previous": commands[:, t : t + self.memory]} if self.memory else {}
            path.append(self.step(q, v, a[:, t], **known))
            q, v, _ = path[-1]
        columns = [torch.stack(column, 1) for column in zip(*path, strict=True)]
        return Trajectory(*(columns if isinstance(qpos, Tensor) else [part.numpy() for part in columns]))

    def recordable(self, rows: int) -> bool:
        """Whether `step` on a batch of `rows` is always the same sequence of torch operations, whatever the numbers are."""
        return False

    def to(self, device: torch.device | str) -> Self:
        """Move weights, if there are any, to `device`."""
        return self

    def remember(self, qpos: Any, qvel: Any, warm_start: Any) -> None:
        """Set the constraint solver's memory `warm_start (B, nv)`, which the next `step` uses in exactly these states."""
        raise NotImplementedError(f"{type(self).__name__} keeps no warm starts.")

    def disagreement(
        self,
        qpos: Tensor,
        qvel: Tensor,
        action: Tensor,
        features: KinematicValues | None = None,
        previous: Tensor | None = None,
    ) -> Tensor:
        """The distance of the ensemble's members from one another `(B,)`, without unit; arguments as for `step`."""
        raise ValueError("Disagreement needs at least two ensemble members; these dynamics have one.")
