"""`Simulator`: a trained model that predicts, one control step at a time or a whole trajectory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from importlib import import_module
from typing import Any, Self, TypedDict

import torch
from torch import Tensor

from mosim_gym.dynamics.batches import as_given, as_tensors, check_shapes
from mosim_gym.dynamics.control_step import Motion
from mosim_gym.dynamics.ensembles import chosen_members
from mosim_gym.dynamics.member_outputs import MemberOutputs
from mosim_gym.dynamics.mosim import MoSim
from mosim_gym.dynamics.solvers import ADAPTIVE, SolverDiverged, find_solver
from mosim_gym.dynamics.speed_limits import SpeedLimits
from mosim_gym.dynamics.spread import member_spread
from mosim_gym.mechanics import ForwardKinematics, Robot
from mosim_gym.mechanics.commands import check_previous, with_commands_before
from mosim_gym.mechanics.devices import usable_device
from mosim_gym.mechanics.dynamics import Dynamics
from mosim_gym.mechanics.memory import keep_freed_memory
from mosim_gym.mechanics.motion import KinematicValues, Step, Trajectory, check_start
from mosim_gym.mechanics.products import FUSED_FROM
from mosim_gym.mechanics.threads import alone

LARGEST_READING = 20.0
"""Of a sensor, as `log(1 + x)`: far beyond all forces; what is said beyond it would soon be infinite."""


class SimulatorOptions(TypedDict, total=False):
    """What may be chosen when a checkpoint is opened; see `Simulator`."""

    solver: str | None
    ensemble: int | Sequence[int] | None
    precision: str


class Simulator(Dynamics):
    """A checkpoint that moves `robot` by `timestep` seconds a step. Controls are clipped to the actuators' range, as MuJoCo does.

    Inputs are numpy or torch and outputs of the same kind; with torch inputs that require gradients everything is differentiable, through
    the model in float32, or in float64 with that precision. Of an ensemble, row i of a batch is moved by member i modulo the number of
    members.
    """

    differentiable = True

    def __init__(
        self,
        model: MoSim,
        card: Mapping[str, Any],
        *,
        solver: str | None = None,
        ensemble: int | Sequence[int] | None = None,
        precision: str = "float32",
    ) -> None:
        """`solver` replaces the one the model was trained for; `ensemble` is how many members are used, or which; by default all.

        `precision` is float32, fast (bfloat16 in large batches) or float64, in which states and the model's arithmetic then are; its
        weights keep the values that they have. Unknown names raise with the valid ones.
        """
        keep_freed_memory()
        used = chosen_members(ensemble, model.config.members)
        if used != list(range(model.config.members)):
            model = model.subset(used)
        if precision == "float64":
            self.dtype, model = torch.float64, deepcopy(model).double()
        self.model = model.eval()
        for parameter in self.model.parameters():
            parameter.requires_grad_(False)
        self.card = dict(card)
        self.robot: Robot = model.robot
        self.members, self.memory = model.config.members, model.config.memory
        self.precision = precision
        name = model.config.solver if solver is None else solver
        self._solver = find_solver(name)
        self._adaptive, self._changes = name in ADAPTIVE, False
        self.shard_unit = 0 if self._adaptive else self.members  # an adaptive solver takes one step size for all rows
        self.quantities = model.features.quantities
        self._kinematics = ForwardKinematics(self.robot, self.quantities)
        self._prepare()

    def __repr__(self) -> str:
        """The robot, the control step, the members, and the motion that they learned: seconds of logs, or steps of simulation."""
        steps = self.card.get("transitions", 0)
        logged = "logs" in (self.card.get("recipe") or {})
        learned = f"{steps * self.timestep:.1f} s of logs" if logged else f"{steps} steps of simulation"
        sizes = f"control_step={self.timestep:g}, members={self.members}, memory={self.memory}"
        return f"Simulator({self.robot.name!r}, {sizes}, learned={learned})"

    def fine_tune(self, data: Any, budget: float | str = "10m", **options: Any) -> Simulator:
        """A model that goes on learning from the logs `data`: `mosim_gym.train(self.robot, data, budget, start=self, **options)`."""
        training = import_module("mosim_gym.training.from_logs")  # a room above this one
        return training.train(self.robot, data, budget, start=self, **options)

    def refresh(self) -> None:
        """Take note of weights that were changed from outside; steps are not recorded from then on."""
        self._changes = True
        self._prepare()

    def _prepare(self) -> None:
        self.version += 1
        self._limits = SpeedLimits.of_card(self.card, self.timestep, self.dtype, self.device)
        low, high = self.robot.control_range
        self._low, self._high = (torch.as_tensor(side, device=self.device) for side in (low, high))
        self._outputs = MemberOutputs(self.model, self.precision)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.model.input_mean.device

    def recordable(self, rows: int) -> bool:
        """Whether `step` of so many rows is always the same sequence of operations, and one that `torch.jit.trace` knows."""
        return not self._adaptive and not self._changes and (self.device.type == "cpu" or rows < FUSED_FROM)

    @property
    def identity(self) -> str:
        """The checkpoint's name with a digest of its weights."""
        return f"{self.card.get('name', 'unnamed')} {self.model.digest()}"

    def to(self, device: torch.device | str) -> Self:
        """Move the weights to `device`."""
        self.model.to(usable_device(device))
        self._prepare()
        return self

    def step(
        self, qpos: Any, qvel: Any, action: Any, features: KinematicValues | None = None, previous: Any = None
    ) -> Step:
        """The state after one control step under `action (B, nu)`; `features` may hold this object's `quantities` at the state already.

        `previous (B, memory, nu)` are the commands before, for a model that was trained with them.
        """
        q, v, a = self._given(qpos, qvel, action, previous)
        with alone(len(q)), torch.set_grad_enabled(torch.is_grad_enabled() and any(x.requires_grad for x in (q, v, a))):
            after = self._advance(q, v, a.flatten(1), features)
        return Step(*(as_given(x, qpos) for x in after))

    def rollout(self, qpos: Any, qvel: Any, actions: Any, previous: Any = None, *, spread: bool = False) -> Trajectory:
        """The states after each of T control steps under `actions (B, T, nu)`, with `previous (B, memory, nu)` before the first of them.

        With `spread` their standard deviations over the members, each of which predicts alone, as `member_spread`.
        """
        if spread:
            return member_spread(self, qpos, qvel, actions, previous)
        q, v, a = self._given(qpos, qvel, actions, previous, over_time=True)
        check_start(q, v, a)
        path: list[Step] = []
        with alone(len(q)), torch.set_grad_enabled(torch.is_grad_enabled() and any(x.requires_grad for x in (q, v, a))):
            for t in range(a.shape[1] - self.memory):
                path.append(self._advance(q, v, a[:, t : t + 1 + self.memory].flatten(1), None))
                q, v, _ = path[-1]
            columns = [torch.stack(column, dim=1) for column in zip(*path, strict=True)]
        return Trajectory(*(as_given(x, qpos) for x in columns))

    def disagreement(
        self,
        qpos: Tensor,
        qvel: Tensor,
        action: Tensor,
        features: KinematicValues | None = None,
        previous: Tensor | None = None,
    ) -> Tensor:
        """`(B,)`: how far the members' accelerations are apart, as the root mean square over the degrees of freedom of their standard
        deviations, in units of the training data's. It ranks states by how wrong the model is likely to be; it is no error bar.
        """
        if self.members < 2:
            raise ValueError("Disagreement needs at least two ensemble members; this simulator uses one.")
        q, v, a = self._given(qpos, qvel, action, previous)
        with alone(len(q)), torch.no_grad():
            values = features if features is not None else self._kinematics(q, v)
            inputs = self.model.features(q, v, a.flatten(1), values)
            nv = self.robot.nv
            everyone = [self._outputs.by(member, inputs, q, v)[:, :nv] for member in self._outputs.prepared]
            said = torch.stack(everyone) / self.model.output_std[:nv]
            return said.std(0, unbiased=False).square().mean(-1).sqrt()

    def _given(
        self, qpos: Any, qvel: Any, action: Any, previous: Any, *, over_time: bool = False
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Checked states, and all commands `(B, memory + T, nu)` as they reach the actuators, those before in front."""
        given = (qpos, qvel, action) if previous is None else (qpos, qvel, action, previous)
        q, v, a, *before = as_tensors(given, self.device, self.dtype)
        earlier = before[0] if before else None
        if not torch.jit.is_tracing():  # pyright: ignore[reportPrivateImportUsage]  # a recording takes sizes for numbers
            check_shapes(self.robot, q, v, a, over_time=over_time)
            check_previous(self.robot, earlier, self.memory, len(q))
        if not self.memory:
            return q, v, torch.clamp(a, self._low, self._high)
        commands = with_commands_before(a if over_time else a.unsqueeze(1), earlier, self.memory)
        return q, v, torch.clamp(commands, self._low, self._high)

    def _advance(
        self,
        qpos: Tensor,
        qvel: Tensor,
        action: Tensor,
        features: KinematicValues | None,
        owner: Tensor | None = None,
    ) -> Step:
        """One step of all rows. Rows that an adaptive solver cannot follow become NaN; they are found by halving the batch.

        `owner (B,)` says which member moves which row; without it, they are dealt in turn.
        """
        try:
            return self._solve(qpos, qvel, action, features, owner)
        except SolverDiverged:
            if len(qpos) == 1:
                return self._lost(qpos, qvel)
        finite = torch.isfinite(qpos.sum(-1) + qvel.sum(-1))
        parts = [finite, ~finite] if not bool(finite.all()) else list(_halves(finite))
        owner = torch.arange(len(qpos), device=qpos.device) % self.members if owner is None else owner
        moved = self._lost(qpos, qvel)
        for rows in parts[:1] if parts[0] is finite else parts:  # rows that are lost already stay lost
            if bool(rows.any()):
                for whole, part in zip(
                    moved, self._advance(qpos[rows], qvel[rows], action[rows], None, owner[rows]), strict=True
                ):
                    whole[rows] = part
        return moved

    def _lost(self, qpos: Tensor, qvel: Tensor) -> Step:
        sensors = qpos.new_full((len(qpos), self.model.config.sensors), torch.nan)
        return Step(torch.full_like(qpos, torch.nan), torch.full_like(qvel, torch.nan), sensors)

    def _solve(
        self,
        qpos: Tensor,
        qvel: Tensor,
        action: Tensor,
        features: KinematicValues | None,
        owner: Tensor | None,
    ) -> Step:
        readings: list[Tensor] = []

        def field(q: Tensor, v: Tensor) -> Motion:
            known = features is not None and q is qpos and v is qvel
            values = features if known and features is not None else self._kinematics(q, v)
            inputs = self.model.features(q, v, action, values)
            if owner is not None and self.members > 1:
                raw = self._outputs.each_by_its(owner, inputs, q, v)
            else:
                raw = self._outputs.dealt(inputs, q, v)
            motion = self.model.motion(raw, q, v)
            if self._limits is not None:
                motion = self._limits.held(motion, v)
            if motion.sensors is not None and not readings:  # a solver's first look is at the state itself
                readings.append(torch.expm1(motion.sensors.clamp(0, LARGEST_READING)))
            return motion

        end = self._solver(field, self.robot, qpos, qvel, self.timestep)
        return Step(*end, readings[0] if readings else qpos.narrow(-1, 0, 0))


def _halves(rows: Tensor) -> tuple[Tensor, Tensor]:
    """Masks of the first and the second half of a batch."""
    first = torch.arange(len(rows), device=rows.device) < len(rows) // 2
    return first, ~first
