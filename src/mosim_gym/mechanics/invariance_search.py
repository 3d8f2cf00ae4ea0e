"""Finds the displacements on which a model's motion does not depend: proposed by its structure, confirmed by MuJoCo."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import numpy as np

from mosim_gym.mechanics.colliding import is_static, may_collide
from mosim_gym.mechanics.parts import GeomType, JointType
from mosim_gym.mechanics.robot import Invariances

if TYPE_CHECKING:
    import mujoco

Array = np.ndarray
STATES, SEED = 12, 0
"""States in which a proposal is tried."""
SHIFTS, TURN = (0.5, -8.0), 1.25
"""By how much the robot is moved, m (or rad, where a hinge is shifted), and turned, rad."""
ALIKE, TURNED_ALIKE = 1e-6, 2e-5
"""By how much accelerations may differ, as a share of the largest: shifted, and turned, where dry friction of a free joint may differ."""
LEVEL = 1e-9


def found_invariances(model: mujoco.MjModel) -> Invariances:
    """What `model`'s motion does not depend on: positions of free joints and slides, and one heading.

    A displacement is proposed where what it moves touches nothing else but planes along which it moves, and where no limit, tendon or
    constraint ties it to the rest. It is kept where MuJoCo moves alike, from random states and from the same states displaced.
    """
    import mujoco

    if model.nflex:
        return Invariances()
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    trial = _Trial(model)
    translations: list[str] = []
    yaw: str | None = None
    for joint in range(model.njnt):
        name, kind = mujoco.mj_id2name(model, mujoco.mjtObj.mjOBJ_JOINT, joint), JointType(model.jnt_type[joint])
        if not name or kind == JointType.BALL or not _is_apart(model, joint):
            continue
        normals = _planes_below(model, data, joint)
        start = int(model.jnt_qposadr[joint])
        if kind == JointType.FREE:
            for number, letter in enumerate("xyz"):
                if (np.abs(normals[:, number]) < LEVEL).all() and trial.shifts(start + number):
                    translations.append(f"{name}.{letter}")
            upright = (np.abs(normals[:, :2]) < LEVEL).all()
            if yaw is None and upright and trial.turns(joint):
                yaw = name
        elif not model.jnt_limited[joint]:
            along = np.abs(normals @ data.xaxis[joint])
            if kind == JointType.SLIDE and (along < LEVEL).all() and trial.shifts(start):
                translations.append(name)
            if kind == JointType.HINGE and yaw is None and (along > 1 - LEVEL).all() and trial.shifts(start):
                yaw = name
    return Invariances(tuple(translations), yaw)


def _moved_bodies(model: mujoco.MjModel, joint: int) -> Array:
    """`(nbody,)`: whether a body moves with `joint`."""
    moved = np.zeros(model.nbody, bool)
    moved[model.jnt_bodyid[joint]] = True
    for body in range(1, model.nbody):
        moved[body] |= moved[model.body_parentid[body]]
    return moved


def _is_apart(model: mujoco.MjModel, joint: int) -> bool:
    """Whether nothing but planes may touch what `joint` moves, and no constraint or tendon ties it to the rest."""
    import mujoco

    moved = _moved_bodies(model, joint)
    geoms = moved[model.geom_bodyid]
    rest = ~geoms & ~(is_static(model) & (model.geom_type == GeomType.PLANE))
    if may_collide(model)[np.ix_(geoms, rest)].any():
        return False
    for row in range(model.neq):
        if model.eq_objtype[row] == mujoco.mjtObj.mjOBJ_BODY:
            ends = [int(model.eq_obj1id[row]), int(model.eq_obj2id[row])]
        elif model.eq_objtype[row] == mujoco.mjtObj.mjOBJ_SITE:
            ends = model.site_bodyid[[model.eq_obj1id[row], model.eq_obj2id[row]]].tolist()
        else:
            joints = [int(model.eq_obj1id[row]), int(model.eq_obj2id[row])]
            if model.eq_type[row] == mujoco.mjtEq.mjEQ_JOINT and joint in joints:
                return False
            continue
        if moved[ends[0]] != moved[ends[1]]:
            return False
    site_like = {int(mujoco.mjtWrap.mjWRAP_SITE): model.site_bodyid}
    site_like |= dict.fromkeys(
        (int(mujoco.mjtWrap.mjWRAP_SPHERE), int(mujoco.mjtWrap.mjWRAP_CYLINDER)), model.geom_bodyid
    )
    for tendon in range(model.ntendon):
        rows = range(model.tendon_adr[tendon], model.tendon_adr[tendon] + model.tendon_num[tendon])
        kinds, objects = model.wrap_type[rows], model.wrap_objid[rows]
        touched = {
            bool(moved[site_like[int(k)][o]]) for k, o in zip(kinds, objects, strict=True) if int(k) in site_like
        }
        own = (kinds == mujoco.mjtWrap.mjWRAP_JOINT) & (objects == joint)
        if len(touched) > 1 or own.any():
            return False
    return True


def _planes_below(model: mujoco.MjModel, data: mujoco.MjData, joint: int) -> Array:
    """Normals `(n, 3)` of the static planes that what `joint` moves may touch."""
    planes = is_static(model) & (model.geom_type == GeomType.PLANE)
    geoms = _moved_bodies(model, joint)[model.geom_bodyid]
    touched = may_collide(model)[geoms].any(axis=0) & planes
    return data.geom_xmat[touched].reshape(-1, 3, 3)[:, :, 2]


class _Trial:
    """Random states of a model, and whether it moves alike from the same states displaced."""

    def __init__(self, model: mujoco.MjModel) -> None:
        """Draw the states; friction has elliptic cones here, because pyramids have directions of their own."""
        import mujoco

        self._model = copy.copy(model)
        self._model.opt.cone = mujoco.mjtCone.mjCONE_ELLIPTIC
        self._model.opt.tolerance, self._model.opt.iterations = 0.0, 200
        self._data = mujoco.MjData(self._model)
        self._touches = may_collide(model)
        rng = np.random.default_rng(SEED)
        size = (STATES, model.nv)
        self._qpos = np.array([self._somewhere(rng) for _ in range(STATES)])
        self._qvel, self._control = rng.normal(size=size), rng.normal(size=(STATES, model.nu))
        limited = model.actuator_ctrllimited.astype(bool)
        low, high = model.actuator_ctrlrange.T
        self._control = np.where(limited, low + (high - low) * rng.random((STATES, model.nu)), self._control)
        self._here = self._accelerations(self._qpos, self._qvel)

    def _somewhere(self, rng: np.random.Generator) -> Array:
        """A state within the joints' ranges, near the ground if there is one."""
        import mujoco

        model, data = self._model, self._data
        qpos = model.qpos0.copy()
        mujoco.mj_integratePos(model, qpos, rng.normal(size=model.nv), 0.3)
        single = np.isin(model.jnt_type, (JointType.SLIDE, JointType.HINGE)) & model.jnt_limited.astype(bool)
        low, high = model.jnt_range[single].T
        qpos[model.jnt_qposadr[single]] = low + (high - low) * rng.random(len(low))
        data.qpos[:] = qpos
        mujoco.mj_kinematics(model, data)
        planes = np.flatnonzero(is_static(model) & (model.geom_type == GeomType.PLANE))
        for plane in planes[:1]:
            geoms = np.flatnonzero(self._touches[plane])
            if len(geoms):
                normal = data.geom_xmat[plane].reshape(3, 3)[:, 2]
                gap = ((data.geom_xpos[geoms] - data.geom_xpos[plane]) @ normal - model.geom_rbound[geoms]).min()
                self._lift(qpos, normal * (rng.uniform(-0.03, 0.1) - gap))
        return qpos

    def _lift(self, qpos: Array, way: Array) -> None:
        """Move free joints, and slides that carry everything, by `way` (m)."""
        model, data = self._model, self._data
        for joint in range(model.njnt):
            start = int(model.jnt_qposadr[joint])
            if model.jnt_type[joint] == JointType.FREE:
                qpos[start : start + 3] += way
            elif model.jnt_type[joint] == JointType.SLIDE and model.body_parentid[model.jnt_bodyid[joint]] == 0:
                qpos[start] += data.xaxis[joint] @ way

    def _accelerations(self, qpos: Array, qvel: Array) -> Array:
        """Mean accelerations `(STATES, nv)` over a physics step."""
        import mujoco

        found: list[Array] = []
        for q, v, u in zip(qpos, qvel, self._control, strict=True):
            mujoco.mj_resetData(self._model, self._data)
            self._data.qpos[:], self._data.qvel[:], self._data.ctrl[:] = q, v, u
            mujoco.mj_step(self._model, self._data)
            found.append((self._data.qvel - v) / self._model.opt.timestep)
        return np.array(found)

    def _alike(self, there: Array, share: float) -> bool:
        largest = np.abs(self._here).max(axis=1, initial=0.0)
        differ = np.abs(there - self._here).max(axis=1, initial=0.0)
        return bool((differ <= share * (1 + largest)).all())

    def shifts(self, column: int) -> bool:
        """Whether motion does not depend on this column of `qpos`."""
        step = np.zeros(self._model.nq)
        step[column] = 1.0
        return all(self._alike(self._accelerations(self._qpos + shift * step, self._qvel), ALIKE) for shift in SHIFTS)

    def turns(self, joint: int) -> bool:
        """Whether motion does not depend on the heading of this free joint."""
        import mujoco

        q, v = int(self._model.jnt_qposadr[joint]), int(self._model.jnt_dofadr[joint])
        c, s = np.cos(TURN), np.sin(TURN)
        turn, quat = np.array([[c, -s], [s, c]]), np.array([np.cos(TURN / 2), 0, 0, np.sin(TURN / 2)])
        qpos, qvel = self._qpos.copy(), self._qvel.copy()
        qpos[:, q : q + 2] @= turn.T
        qvel[:, v : v + 2] @= turn.T
        for row in qpos:
            mujoco.mju_mulQuat(row[q + 3 : q + 7], quat, row[q + 3 : q + 7].copy())
        there = self._accelerations(qpos, qvel)
        there[:, v : v + 2] @= turn
        return self._alike(there, TURNED_ALIKE)
