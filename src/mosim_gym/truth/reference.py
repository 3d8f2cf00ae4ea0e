"""dm_control and MuJoCo themselves, evaluated in given states. Parity tests and reports compare with them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from mosim_gym.mechanics import Quantity, Robot
from mosim_gym.mechanics.compiling import compile_robot
from mosim_gym.mechanics.motion import Step
from mosim_gym.robots import find_task, load_task
from mosim_gym.robots.suite import dm_control_suite, physics_error
from mosim_gym.truth.quiet import quiet_mujoco

Array = np.ndarray


class Reading(NamedTuple):
    """dm_control's observation by key, `(B, k)` or `(B,)`, reward `(B,)` and sensor readings `(B, ns)` in given states."""

    observation: dict[str, Array]
    reward: Array
    sensors: Array


class ReferenceTask:
    """dm_control's own code for a task, evaluated in states that are set from outside."""

    def __init__(self, task: str, seed: int = 0) -> None:
        """Load the suite's environment of the task with this id."""
        definition, kind = find_task(task)
        self._sensors = list(definition.sensors)
        self.task = load_task(task)
        self.env = dm_control_suite().load(kind.domain, kind.name, task_kwargs={"random": seed})
        self.env.reset()  # writes what the task keeps in the model, such as target sizes

    def read(self, qpos: Array, qvel: Array, action: Array, goal: Array) -> Reading:
        """Observation and reward in the states `qpos (B, nq)`, `qvel (B, nv)` with control `action (B, nu)` and `goal (B, g)`."""
        physics, rewards, observations, sensors = self.env.physics, [], [], []
        for q, v, u, g in zip(qpos, qvel, action, goal, strict=True):
            with physics.reset_context():
                physics.data.qpos[:], physics.data.qvel[:] = q, v
                self.task.place_goal(physics.model.ptr, g)
            physics.set_control(u)
            observations.append(self.env.task.get_observation(physics))
            rewards.append(self.env.task.get_reward(physics))
            sensors.append(self._read_sensors())
        keys = observations[0]
        return Reading(
            {k: np.array([o[k] for o in observations], float) for k in keys},
            np.array(rewards, float),
            np.array(sensors, float),
        )

    def _read_sensors(self) -> Array:
        return np.ravel(self.env.physics.named.data.sensordata[self._sensors]) if self._sensors else np.zeros(0)

    def step(self, qpos: Array, qvel: Array, action: Array) -> Step:
        """The states after one control step of dm_control from `qpos (B, nq)`, `qvel (B, nv)`, without warm start; NaN where unstable."""
        physics, after_q, after_v, sensors = self.env.physics, np.empty_like(qpos), np.empty_like(qvel), []
        substeps = self.task.robot.substeps
        for row, (q, v, u) in enumerate(zip(qpos, qvel, action, strict=True)):
            with physics.reset_context():
                physics.data.qpos[:], physics.data.qvel[:] = q, v
            physics.data.qacc_warmstart[:] = 0
            physics.set_control(u)
            try:
                with quiet_mujoco():
                    physics.step(substeps)
                after_q[row], after_v[row] = physics.data.qpos, physics.data.qvel
            except physics_error():
                after_q[row] = after_v[row] = np.nan
            sensors.append(self._read_sensors())
        return Step(after_q, after_v, np.array(sensors))

    def starts(self, n: int) -> tuple[Array, Array, Array]:
        """`qpos`, `qvel` and goal at the start of `n` of dm_control's own episodes."""
        rows = []
        for _ in range(n):
            self.env.reset()
            data = self.env.physics.data
            rows.append((data.qpos.copy(), data.qvel.copy(), self.task.read_goal(self.env.physics.model.ptr)))
        qpos, qvel, goal = zip(*rows, strict=True)
        return np.array(qpos), np.array(qvel), np.array(goal)


def suite_robot(domain: str) -> tuple[Robot, Any]:
    """A domain of dm_control's suite as a `Robot`, also one that is not in the catalogue, and the `MjModel` from which it was compiled."""
    suite = dm_control_suite()
    model = suite.load(domain, suite.TASKS_BY_DOMAIN[domain][0]).physics.model.ptr
    return compile_robot(model, name=domain, substeps=1), model


class ReferenceKinematics:
    """MuJoCo's own kinematics (`mj_kinematics`, `mj_comPos`, `mj_comVel`, `mj_subtreeVel`) for quantities of a robot."""

    def __init__(self, robot: Robot, model: Any) -> None:
        """`model` is the `mujoco.MjModel` from which `robot` was compiled."""
        import mujoco

        self._mujoco, self._robot, self._model = mujoco, robot, model
        self.data = mujoco.MjData(model)

    def random_states(
        self, rng: np.random.Generator, n: int, *, spread: float = 2.0, speed: float = 3.0
    ) -> tuple[Array, Array]:
        """`qpos (n, nq)` spread from `qpos0` along the manifold, and normal `qvel (n, nv)`."""
        qpos = np.tile(self._robot.qpos0, (n, 1))
        for row in qpos:
            self._mujoco.mj_integratePos(self._model, row, rng.normal(size=self._robot.nv) * spread, 1.0)
        return qpos, rng.normal(size=(n, self._robot.nv)) * speed

    def compute(self, quantities: dict[str, Quantity], qpos: Array, qvel: Array) -> dict[str, Array]:
        """Each quantity in each state, of the same shape as from `ForwardKinematics`."""
        rows = [self._one(quantities.values(), q, v) for q, v in zip(qpos, qvel, strict=True)]
        return {name: np.array([row[i] for row in rows]) for i, name in enumerate(quantities)}

    def sweep(self, qpos: Array, qvel: Array) -> None:
        """MuJoCo's whole kinematic pass in each state, one after another, without results, to time a plain loop."""
        m, d, lib = self._model, self.data, self._mujoco
        stored_q, stored_v = d.qpos, d.qvel
        for q, v in zip(qpos, qvel, strict=True):
            stored_q[:], stored_v[:] = q, v
            lib.mj_kinematics(m, d)
            lib.mj_comPos(m, d)
            lib.mj_comVel(m, d)
            lib.mj_subtreeVel(m, d)

    def _one(self, quantities: Iterable[Quantity], qpos: Array, qvel: Array) -> list[Array]:
        m, d, lib = self._model, self.data, self._mujoco
        d.qpos[:], d.qvel[:] = qpos, qvel
        lib.mj_kinematics(m, d)
        lib.mj_comPos(m, d)
        lib.mj_comVel(m, d)
        lib.mj_subtreeVel(m, d)
        robot, kinds = self._robot, lib.mjtObj
        sources = {
            "body": (robot.bodies, d.xpos, d.xmat, kinds.mjOBJ_XBODY),
            "mass": (robot.bodies, d.xipos, d.ximat, kinds.mjOBJ_BODY),
            "geom": (robot.geoms, d.geom_xpos, d.geom_xmat, kinds.mjOBJ_GEOM),
            "site": (robot.sites, d.site_xpos, d.site_xmat, kinds.mjOBJ_SITE),
            "subtree": (robot.bodies, d.subtree_com, None, None),
        }
        result = []
        for quantity in quantities:
            group, pos, mat, kind = sources[quantity.object]
            rows = [group.index(name) for name in quantity.names]
            if quantity.kind == "position":
                value = pos[rows].copy()
            elif quantity.kind == "rotation":
                value = mat[rows].reshape(-1, 3, 3).copy()
            elif quantity.object == "subtree":
                value = d.subtree_linvel[rows].copy()
            else:
                both = np.zeros((len(rows), 6))
                for target, row in zip(both, rows, strict=True):
                    lib.mj_objectVelocity(m, d, kind, row, target, 0)
                value = both[:, 3:] if quantity.kind == "velocity" else both[:, :3]
            result.append(value[0] if quantity.single else value)
        return result
