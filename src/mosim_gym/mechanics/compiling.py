"""Makes a `Robot` of a `mujoco.MjModel`. What needs MuJoCo in `mechanics` needs it only while it reads or compiles a model."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from mosim_gym.mechanics.contact_points import contact_points
from mosim_gym.mechanics.parts import (
    Actuators,
    Bodies,
    Dofs,
    Geoms,
    Joints,
    JointType,
    Sensors,
    Sites,
    Tendons,
)
from mosim_gym.mechanics.robot import Invariances, Robot
from mosim_gym.mechanics.seal import rounded
from mosim_gym.mechanics.servos import compiled_servos
from mosim_gym.mechanics.tendon_paths import compiled_paths, pulled_tendons

if TYPE_CHECKING:
    import mujoco

_log = logging.getLogger("mosim_gym.mujoco")

_MOVING_FIELDS = ("body_", "jnt_", "dof_", "geom_", "tendon_", "wrap_", "actuator_", "eq_", "pair_", "exclude_", "qpos")
_IDLE_FIELDS = {
    "geom_rgba", "geom_matid", "geom_group", "tendon_rgba", "tendon_matid", "tendon_group", "actuator_group", "geom_dataid",
    "body_user", "jnt_user", "geom_user", "tendon_user", "actuator_user", "jnt_group", "body_plugin", "geom_plugin", "actuator_plugin",
}  # fmt: skip
_DOF_SUFFIXES = {
    JointType.FREE: (".x", ".y", ".z", ".wx", ".wy", ".wz"),
    JointType.BALL: (".wx", ".wy", ".wz"),
    JointType.SLIDE: ("",),
    JointType.HINGE: ("",),
}


def load_model(xml: str) -> mujoco.MjModel:
    """The `mujoco.MjModel` of self-contained MJCF text."""
    import mujoco

    log_warnings()
    return mujoco.MjModel.from_xml_string(xml)


def log_warnings() -> None:
    """Send MuJoCo's warnings to Python's log `mosim_gym.mujoco`, unless a handler is set already.

    Without a handler MuJoCo prints them and leaves a file MUJOCO_LOG.TXT in the user's folder.
    """
    import mujoco

    if mujoco.get_mju_user_warning() is None:
        mujoco.set_mju_user_warning(_log_warning)


def _log_warning(message: str) -> None:
    # A user cannot change how dm_control's own models are written, nor how myo-sim puts its models together.
    theirs = any(part in message for part in ("settotalmass", "empty prefix"))
    _log.log(logging.DEBUG if theirs else logging.WARNING, message)


def compile_robot(
    model: mujoco.MjModel, *, name: str, substeps: int, invariances: Invariances | None = None, fine: bool = False
) -> Robot:
    """Describe `model` as a `Robot` with `substeps` physics steps in a control step; its reset banks are empty.

    With `fine`, meshes, cylinders and ellipsoids touch planes by points of their surface, else by their bounding sphere.
    """
    import mujoco

    def names(kind: mujoco.mjtObj, count: int) -> tuple[str, ...]:
        return tuple(mujoco.mj_id2name(model, kind, i) or "" for i in range(count))

    objects = mujoco.mjtObj
    flags, off = model.opt.disableflags, mujoco.mjtDisableBit
    joint_names = names(objects.mjOBJ_JOINT, model.njnt)
    dof_names = [
        (joint_names[j] or f"joint{j}") + suffix
        for j in range(model.njnt)
        for suffix in _DOF_SUFFIXES[JointType(model.jnt_type[j])]
    ]
    geoms = Geoms(
        names=names(objects.mjOBJ_GEOM, model.ngeom),
        type=_int(model.geom_type),
        body=_int(model.geom_bodyid),
        pos=_float(model.geom_pos),
        quat=_float(model.geom_quat),
        size=_float(model.geom_size),
        contype=_int(model.geom_contype),
        conaffinity=_int(model.geom_conaffinity),
        rgba=_colours(model),
        group=_int(model.geom_group),
    )
    tendon_names = names(objects.mjOBJ_TENDON, model.ntendon)
    disabled = int(off.mjDSBL_CONTACT) | int(off.mjDSBL_CONSTRAINT)
    contact_enabled = not flags & disabled
    return Robot(
        name=name,
        bodies=Bodies(
            names=names(objects.mjOBJ_BODY, model.nbody),
            parent=_int(model.body_parentid),
            pos=_float(model.body_pos),
            quat=_float(model.body_quat),
            ipos=_float(model.body_ipos),
            iquat=_float(model.body_iquat),
            mass=_float(model.body_mass),
            inertia=_float(model.body_inertia),
        ),
        joints=Joints(
            names=joint_names,
            type=_int(model.jnt_type),
            body=_int(model.jnt_bodyid),
            qpos_start=_int(model.jnt_qposadr),
            dof_start=_int(model.jnt_dofadr),
            pos=_float(model.jnt_pos),
            axis=_float(model.jnt_axis),
            limited=model.jnt_limited.astype(bool),
            range=_float(model.jnt_range),
            stiffness=_float(model.jnt_stiffness),
        ),
        dofs=Dofs(
            names=tuple(dof_names),
            joint=_int(model.dof_jntid),
            body=_int(model.dof_bodyid),
            damping=_float(model.dof_damping),
            armature=_float(model.dof_armature),
        ),
        geoms=geoms,
        sites=Sites(
            names=names(objects.mjOBJ_SITE, model.nsite),
            type=_int(model.site_type),
            body=_int(model.site_bodyid),
            pos=_float(model.site_pos),
            quat=_float(model.site_quat),
            size=_float(model.site_size),
        ),
        contacts=contact_points(model, geoms, contact_enabled, fine),
        tendons=_tendons(model, tendon_names),
        actuators=Actuators(
            names=names(objects.mjOBJ_ACTUATOR, model.nu),
            limited=model.actuator_ctrllimited.astype(bool),
            range=_float(model.actuator_ctrlrange),
            gear=_float(model.actuator_gear),
        ),
        sensors=Sensors(
            names=names(objects.mjOBJ_SENSOR, model.nsensor),
            type=_int(model.sensor_type),
            start=_int(model.sensor_adr),
            size=_int(model.sensor_dim),
        ),
        qpos0=_float(model.qpos0),
        gravity=_float(model.opt.gravity) * (not flags & int(off.mjDSBL_GRAVITY)),
        physics_step=float(model.opt.timestep),
        substeps=substeps,
        integrator=mujoco.mjtIntegrator(model.opt.integrator).name.removeprefix("mjINT_").capitalize()
        if model.opt.integrator != mujoco.mjtIntegrator.mjINT_RK4
        else "RK4",
        contact_enabled=contact_enabled,
        limit_enabled=not flags & (int(off.mjDSBL_LIMIT) | int(off.mjDSBL_CONSTRAINT)),
        density=float(model.opt.density),
        viscosity=float(model.opt.viscosity),
        model_digest=model_digest(model),
        invariances=invariances or Invariances(),
        driven=_driven(model, joint_names),
        paths=compiled_paths(model, tendon_names),
        pulled=pulled_tendons(model, tendon_names),
        servos=compiled_servos(model, names(objects.mjOBJ_ACTUATOR, model.nu)),
    )


def _driven(model: mujoco.MjModel, joints: Sequence[str]) -> tuple[str, ...]:
    """The joint that each actuator drives; empty for one that drives a tendon, a site or a body."""
    import mujoco

    kinds = (int(mujoco.mjtTrn.mjTRN_JOINT), int(mujoco.mjtTrn.mjTRN_JOINTINPARENT))
    pairs = zip(model.actuator_trntype.tolist(), model.actuator_trnid[:, 0].tolist(), strict=True)
    return tuple(joints[int(joint)] if kind in kinds else "" for kind, joint in pairs)


def model_digest(model: mujoco.MjModel) -> str:
    """A hash of every number of the model that can affect its motion, also of those that a `Robot` does not keep (friction, solver, …)."""
    digest = hashlib.sha256()
    for owner, fields in ((model, _MOVING_FIELDS), (model.opt, None)):
        for field in sorted(dir(owner)):
            if field.startswith("_") or (fields is not None and not field.startswith(fields)) or field in _IDLE_FIELDS:
                continue
            values = getattr(owner, field)
            if isinstance(values, np.ndarray | int | float):
                digest.update(f"{field}{rounded(np.asarray(values))}".encode())
    return digest.hexdigest()[:16]


def _int(values: np.ndarray) -> np.ndarray:
    return np.array(values, np.int32)


def _float(values: np.ndarray) -> np.ndarray:
    return np.array(values, np.float64)


def _colours(model: mujoco.MjModel) -> np.ndarray:
    """Each geom's colour `(n, 4)`, float32: that of its material where it has one."""
    colours = np.array(model.geom_rgba, np.float32)
    with_material = model.geom_matid >= 0
    colours[with_material] = model.mat_rgba[model.geom_matid[with_material]]
    return colours


def _tendons(model: mujoco.MjModel, names: tuple[str, ...]) -> Tendons:
    import mujoco

    coefficients = np.zeros((model.ntendon, model.nq))
    spatial = np.zeros(model.ntendon, bool)
    for tendon in range(model.ntendon):
        start, count = model.tendon_adr[tendon], model.tendon_num[tendon]
        for wrap in range(start, start + count):
            if model.wrap_type[wrap] == mujoco.mjtWrap.mjWRAP_JOINT:
                coefficients[tendon, model.jnt_qposadr[model.wrap_objid[wrap]]] = model.wrap_prm[wrap]
            else:
                spatial[tendon] = True
    return Tendons(names, coefficients, model.tendon_limited.astype(bool), _float(model.tendon_range), spatial)


def compile_mjcf(xml: str, *, name: str, control_step: float, invariances: Invariances | None = None) -> Robot:
    """Compile self-contained MJCF text; `control_step` (s) must be a whole number of the model's physics steps."""
    model = load_model(xml)
    substeps = round(control_step / model.opt.timestep)
    if substeps < 1 or abs(substeps * model.opt.timestep - control_step) > 1e-9:
        raise ValueError(
            f"The control step of {name} ({control_step} s) is not a whole number of its physics steps "
            f"({model.opt.timestep} s)."
        )
    if model.na:
        raise ValueError(
            f"{name} has actuators with internal state (filters, muscles); only actuators without it are supported."
        )
    return compile_robot(model, name=name, substeps=substeps, invariances=invariances)
