"""`TrueDynamics`: MuJoCo behind the interface of `Dynamics`, so that everything built for a learned model also runs on the truth."""

from __future__ import annotations

from functools import cached_property
from os import PathLike
from threading import Lock
from typing import Any, overload

import numpy as np
import torch
from torch import Tensor

from mosim_gym.mechanics import Robot
from mosim_gym.mechanics.compiling import load_model
from mosim_gym.mechanics.dynamics import Dynamics
from mosim_gym.mechanics.model_file import read_model
from mosim_gym.mechanics.motion import Step, Trajectory
from mosim_gym.mechanics.robot_file import MEASURED
from mosim_gym.mechanics.threads import usable_cores
from mosim_gym.robots import find_robot, load_robot
from mosim_gym.robots.catalogue import sensor_columns
from mosim_gym.truth.quiet import quiet_mujoco

Array = np.ndarray
_START = 1.0
"""The time on MuJoCo's clock before each step, s. MuJoCo sets it to zero when it resets an unstable state, which shows the reset."""


class TrueDynamics(Dynamics):
    """The packaged MJCF of a robot, or the model in its file, stepped by MuJoCo in float64 for batches of independent states.

    `rollout` runs open loop through `mujoco.rollout` on all cores. `step` is for closed loops. MuJoCo's constraint solver starts from
    the accelerations of the step before (its *warm start*), so a state alone does not fix the next one to the last bit. `step` remembers
    them for every row whose state is exactly the one it returned last. It starts other rows from zero, as a fresh `mjData` does. With
    `warm_start=False` it starts all rows from zero and runs on all cores, which is faster for large batches and differs within the
    solver's tolerance.

    Inputs are numpy arrays or tensors. Outputs are of the same kind, float64, without gradients. A row that MuJoCo declares unstable
    becomes NaN.
    """

    dtype = torch.float64
    is_truth = True
    keeps_warm_starts = True

    def __init__(
        self, robot: str, *, threads: int | None = None, warm_start: bool = True, constrained: bool = True
    ) -> None:
        """Load the packaged model of `robot`. An unknown name raises `KeyError` with the valid ones.

        Without `constrained`, contacts and limits are switched off: the robot passes through everything.
        """
        definition = find_robot(robot)
        self.robot: Robot = load_robot(robot)
        model = load_model(definition.mjcf_file.read_text(encoding="utf-8"))
        self._open(robot, model, self.robot.substeps, sensor_columns(definition.name), threads, warm_start)
        if not constrained:
            off = self._mujoco.mjtDisableBit.mjDSBL_CONTACT, self._mujoco.mjtDisableBit.mjDSBL_LIMIT
            self.model.opt.disableflags |= sum(int(flag) for flag in off)

    @classmethod
    def of_file(
        cls, path: str | PathLike[str], timestep: float | None = None, *, threads: int | None = None
    ) -> TrueDynamics:
        """The robot that `Robot.from_file(path, timestep)` describes, moved by the model in its file. There are no sensor readings.

        Where the control step is no multiple of the file's physics step, the nearest physics step that divides it takes its place.
        """
        self = cls.__new__(cls)
        self.robot = Robot.from_file(path, timestep)
        model = read_model(path).model
        substeps = dividing_steps(self.robot.control_step, model.opt.timestep)
        if self.robot.integrator == MEASURED:
            model.opt.timestep = self.robot.control_step / substeps
        self._open(self.robot.name, model, substeps, np.zeros(0, int), threads, warm_start=True)
        return self

    def _open(
        self,
        name: str,
        model: Any,
        substeps: int,
        sensors: Array,
        threads: int | None,
        warm_start: bool,
    ) -> None:
        import mujoco

        self.card = {"kind": "truth", "robot": name, "simulator": f"mujoco {mujoco.__version__}"}
        self._mujoco, self.model = mujoco, model
        self.substeps = substeps
        """Physics steps in a control step."""
        if threads is not None and threads < 1:
            raise ValueError(f"threads is {threads}; it must be at least 1.")
        self._threads = threads or usable_cores()
        self._data = mujoco.MjData(model)
        self._warm_start = warm_start
        self._last: tuple[Array, Array, Array] | None = None
        self._turn = Lock()  # threads that share this object take turns: MuJoCo's working memory is for one
        self._sensor_columns = sensors
        self.sensor_count = len(sensors)

    def __getstate__(self) -> dict[str, object]:
        """All attributes except modules, working memory and threads, which a copy makes for itself."""
        return {name: part for name, part in vars(self).items() if name not in ("_mujoco", "_data", "_pool", "_turn")}

    def __setstate__(self, state: dict[str, object]) -> None:
        import mujoco

        vars(self).update(state)
        self._mujoco, self._data, self._turn = mujoco, mujoco.MjData(self.model), Lock()

    def remember(self, qpos: Array, qvel: Array, warm_start: Array) -> None:
        """Set the warm start `(B, nv)` that the next `step` uses for rows whose state is exactly `qpos (B, nq)`, `qvel (B, nv)`.

        A single state needs no leading axis, as `make_real`'s `info` holds it.
        """
        q, v, warm = (np.atleast_2d(_float64(part)) for part in (qpos, qvel, warm_start))
        wanted = ((len(q), self.robot.nq), (len(q), self.robot.nv), (len(q), self.robot.nv))
        if (q.shape, v.shape, warm.shape) != wanted:
            raise ValueError(
                f"qpos, qvel and warm_start have shapes {q.shape}, {v.shape} and {warm.shape}; {self.robot.name} needs "
                f"(B, {self.robot.nq}), (B, {self.robot.nv}) and (B, {self.robot.nv})."
            )
        self._last = (q, v, warm)

    @overload
    def step(
        self, qpos: Tensor, qvel: Tensor, action: Tensor, features: object = None, previous: object = None
    ) -> Step: ...
    @overload
    def step(
        self, qpos: Array, qvel: Array, action: Array, features: object = None, previous: object = None
    ) -> Step: ...
    def step(self, qpos: Any, qvel: Any, action: Any, features: object = None, previous: object = None) -> Step:
        """One control step from `qpos (B, nq)`, `qvel (B, nv)` under `action (B, nu)`. `features` and `previous` have no effect."""
        start_q, start_v, control = self._checked(qpos, qvel, action, steps=False)
        with self._turn:
            if self._warm_start:
                result = self._step_rows(start_q, start_v, control)
            else:
                path = self._rollout(start_q, start_v, control[:, None])
                result = Step(path.qpos[:, 0], path.qvel[:, 0], path.sensors[:, 0])
        return Step(*(_like(part, qpos) for part in result))

    def rollout(self, qpos: Any, qvel: Any, actions: Any, previous: object = None) -> Trajectory:
        """The states after each of T control steps under `actions (B, T, nu)`, each held for one. `previous` has no effect."""
        given = self._checked(qpos, qvel, actions, steps=True)
        with self._turn:
            path = self._rollout(*given)
        return Trajectory(*(_like(part, qpos) for part in path))

    @cached_property
    def _pool(self) -> tuple[Any, list[Any]]:
        """The threads of `rollout` and their memory, made when first needed. A single environment never needs them."""
        from mujoco.rollout import Rollout

        pool = Rollout(nthread=self._threads if self._threads > 1 else 0)
        return pool, [self._mujoco.MjData(self.model) for _ in range(self._threads)]

    def _checked(self, qpos: Any, qvel: Any, actions: Any, *, steps: bool) -> tuple[Array, Array, Array]:
        """The inputs as float64 `(B, nq)`, `(B, nv)` and `(B, nu)` or `(B, T, nu)`. Raises `ValueError` for other shapes."""
        arrays = _float64(qpos), _float64(qvel), _float64(actions)
        rows = arrays[0].shape[0] if arrays[0].ndim else 0
        nq, nv, nu = self.robot.nq, self.robot.nv, self.robot.nu
        expected = (f"({rows}, {nq})", f"({rows}, {nv})", f"({rows}, T, {nu})" if steps else f"({rows}, {nu})")
        time = arrays[2].shape[1:2] if steps else ()
        for name, array, shape, text in zip(
            ("qpos", "qvel", "actions"), arrays, ((rows, nq), (rows, nv), (rows, *time, nu)), expected, strict=True
        ):
            if array.shape != shape:
                raise ValueError(
                    f"{name} has shape {array.shape}; {self.robot.name} needs {text} beside {rows} rows of qpos."
                )
        return arrays

    def _step_rows(self, qpos: Array, qvel: Array, control: Array) -> Step:
        data, step = self._data, self._mujoco.mj_step
        warm = np.zeros_like(qvel)
        if self._last is not None and self._last[0].shape == qpos.shape:
            known = (self._last[0] == qpos).all(1) & (self._last[1] == qvel).all(1)
            warm[known] = self._last[2][known]
        next_q, next_v, next_warm = np.empty_like(qpos), np.empty_like(qvel), np.empty_like(qvel)
        sensors = np.empty((len(qpos), len(self._sensor_columns)))
        q, v, u, w = data.qpos, data.qvel, data.ctrl, data.qacc_warmstart
        for row in range(len(qpos)):
            q[:], v[:], u[:], w[:] = qpos[row], qvel[row], control[row], warm[row]
            data.time = _START
            step(self.model, data, self.substeps)
            next_q[row], next_v[row], next_warm[row] = q, v, w
            sensors[row] = data.sensordata[self._sensor_columns]
            if data.time < _START or np.isnan(control[row]).any():  # unstable, or no control at all
                next_q[row] = next_v[row] = sensors[row] = np.nan
        self._last = (next_q.copy(), next_v.copy(), next_warm)
        return Step(next_q, next_v, sensors)

    def _rollout(self, qpos: Array, qvel: Array, actions: Array) -> Trajectory:
        nq, nv, substeps = self.robot.nq, self.robot.nv, self.substeps
        if not len(qpos) or not actions.shape[1]:
            sizes = (nq, nv, len(self._sensor_columns))
            return Trajectory(*(np.zeros((*actions.shape[:2], size)) for size in sizes))
        state = np.zeros((len(qpos), 1 + nq + nv + self.model.na))
        state[:, 0] = _START
        state[:, 1 : 1 + nq], state[:, 1 + nq : 1 + nq + nv] = qpos, qvel
        control = np.repeat(actions, substeps, axis=1) if substeps > 1 else np.ascontiguousarray(actions)
        pool, workers = self._pool
        with quiet_mujoco():  # what is unstable becomes NaN
            driven = control if self.robot.nu else None
            path, sensordata = pool.rollout(self.model, workers, state, driven, nstep=control.shape[1])
        path, sensordata = path[:, substeps - 1 :: substeps], sensordata[:, substeps - 1 :: substeps]
        # From an instability on, MuJoCo repeats the state that it was reset to.
        clock = _START + np.arange(1, actions.shape[1] + 1) * self.timestep
        unstable = path[:, :, 0] < clock - self.timestep / 2
        unstable |= np.maximum.accumulate(np.isnan(actions).any(-1), axis=1)  # MuJoCo would take it for no control
        if unstable.any():
            path[unstable] = np.nan
        return Trajectory(
            path[:, :, 1 : 1 + nq].copy(),
            path[:, :, 1 + nq : 1 + nq + nv].copy(),
            sensordata[:, :, self._sensor_columns],
        )


def dividing_steps(control_step: float, physics_step: float) -> int:
    """How many physics steps a control step has, so that they are as near to `physics_step` as can be."""
    fewer = max(1, int(control_step / physics_step))
    return min(fewer, fewer + 1, key=lambda count: abs(control_step / count - physics_step))


def _float64(values: Any) -> Array:
    if isinstance(values, Tensor):
        values = values.detach().cpu().numpy()
    return np.ascontiguousarray(values, np.float64)


def _like(values: Array, example: Any) -> Any:
    return torch.from_numpy(values).to(example.device) if isinstance(example, Tensor) else values
