"""`Finding`: what of a model its description as a `Robot` does not know, and what that means for learning its motion."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

import numpy as np

from mosim_gym.mechanics.colliding import is_static, may_collide
from mosim_gym.mechanics.parts import GeomType, JointType
from mosim_gym.mechanics.servos import compiled_servos

if TYPE_CHECKING:
    import mujoco

SHOWN = 4
"""Names that a sentence lists."""


class Severity(Enum):
    """What a finding means for learning."""

    FINE = "fine"
    """The motion can be learned as usual."""
    NOTE = "note"
    """The motion can be learned; the sentence says what to watch."""
    OBSTACLE = "obstacle"
    """The motion cannot be learned, because `qpos`, `qvel` and the control do not determine it."""


@dataclass(frozen=True)
class Finding:
    """One thing that the description of a robot does not know: its `subject` in a word or two, and one sentence."""

    severity: Severity
    subject: str
    sentence: str


def model_findings(model: mujoco.MjModel) -> list[Finding]:
    """What a description of `model` does not know, obstacles first."""
    parts = (_motion, _hidden_state, _constraints, _tendons, _actuators, _contacts, _forces)
    found = [finding for part in parts for finding in part(model)]
    order = list(Severity)
    return sorted(found, key=lambda finding: -order.index(finding.severity))


def listed(names: Iterable[str]) -> str:
    """The first few of `names`, and how many more there are."""
    found = list(dict.fromkeys(names))
    more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    return ", ".join(found[:SHOWN]) + more


def _names(model: mujoco.MjModel, kind: str, rows: Iterable[int]) -> str:
    """The names of these rows of joints, geoms and so on; unnamed ones are named by their number, a geom by its body, too."""
    import mujoco

    def name(row: int) -> str:
        found = mujoco.mj_id2name(model, getattr(mujoco.mjtObj, f"mjOBJ_{kind.upper()}"), row)
        if not found and kind == "geom":
            body = int(model.geom_bodyid[row])
            return f"geom{row} of {mujoco.mj_id2name(model, mujoco.mjtObj.mjOBJ_BODY, body) or f'body{body}'}"
        return found or f"{kind}{row}"

    return listed(name(int(row)) for row in rows)


def _motion(model: mujoco.MjModel) -> Iterator[Finding]:
    if not model.nv:
        yield Finding(
            Severity.OBSTACLE, "no joints", "The file has no joint, so nothing moves; name the file of the robot."
        )
    if model.nu != model.nactuator:
        yield Finding(
            Severity.OBSTACLE,
            "controls of several numbers",
            f"The description knows actuators with one control each; here {model.nactuator} actuators have {model.nu} controls.",
        )


def _hidden_state(model: mujoco.MjModel) -> Iterator[Finding]:
    import mujoco

    kinds = model.actuator_dyntype
    if model.na:
        rows = np.flatnonzero(kinds != mujoco.mjtDyn.mjDYN_NONE)
        said = listed(mujoco.mjtDyn(int(kinds[row])).name.removeprefix("mjDYN_").lower() for row in rows)
        yield Finding(
            Severity.OBSTACLE,
            "actuator states",
            f"Actuators have states of their own ({said}), which qpos and qvel do not tell, so equal states and controls move differently; "
            f'give dyntype="none" to {_names(model, "actuator", rows)}.',
        )
    if model.npluginstate:
        yield Finding(
            Severity.OBSTACLE,
            "plugin states",
            "The file's plugins have states of their own, which qpos and qvel do not tell, so equal states and controls move differently.",
        )
    elif model.nplugin:
        yield Finding(
            Severity.NOTE,
            "plugins",
            "The description does not know what the file's plugins do; what they do by state and control is learned from motion.",
        )
    tied = {int(row) for row in range(model.neq) if model.eq_objtype[row] == mujoco.mjtObj.mjOBJ_BODY}
    ends = {int(body) for row in tied for body in (model.eq_obj1id[row], model.eq_obj2id[row])}
    moved = np.flatnonzero(model.body_mocapid >= 0)
    touching = {int(model.geom_bodyid[geom]) for geom in np.argwhere(may_collide(model))[:, 0].tolist()}
    acting = [body for body in moved.tolist() if body in ends or body in touching]
    if acting:
        yield Finding(
            Severity.OBSTACLE,
            "mocap bodies",
            f"Mocap bodies act on the robot, and their pose is in neither qpos nor the control: {_names(model, 'body', acting)}.",
        )
    if model.nhistory and (model.actuator_delay > 0).any():
        rows = np.flatnonzero(model.actuator_delay > 0)
        yield Finding(
            Severity.NOTE,
            "delays",
            f"Controls act with a delay ({_names(model, 'actuator', rows)}), so a model needs the controls before as inputs.",
        )


def _constraints(model: mujoco.MjModel) -> Iterator[Finding]:
    import mujoco

    active = np.flatnonzero(model.eq_active0)
    if len(active):
        kinds = listed(mujoco.mjtEq(int(model.eq_type[row])).name.removeprefix("mjEQ_").lower() for row in active)
        yield Finding(
            Severity.NOTE,
            "equality constraints",
            f"The description does not know the file's equality constraints ({len(active)}: {kinds}); motion that obeys them is learned; "
            "starts must be recorded states, not random ones.",
        )
    if model.nflex:
        yield Finding(
            Severity.NOTE,
            "flexible bodies",
            "The description knows a flexible body's points, not their elasticity or contacts, which are learned from motion.",
        )
    balls = np.flatnonzero((model.jnt_type == JointType.BALL) & model.jnt_limited.astype(bool))
    if len(balls):
        yield Finding(
            Severity.NOTE,
            "limited ball joints",
            f"Limits of ball joints are not among the features ({_names(model, 'joint', balls)}); motion at these limits is learned "
            "less well.",
        )


def _tendons(model: mujoco.MjModel) -> Iterator[Finding]:
    import mujoco

    limited = model.tendon_limited.astype(bool)
    first = model.wrap_type[model.tendon_adr] if model.ntendon else np.zeros(0, int)
    spatial = first != mujoco.mjtWrap.mjWRAP_JOINT
    fixed = np.flatnonzero(limited & ~spatial)
    if len(fixed):
        yield Finding(
            Severity.NOTE,
            "limited tendons",
            f"Limits of fixed tendons are not among the features ({_names(model, 'tendon', fixed)}); motion at these limits is learned "
            "less well.",
        )
    driven = np.zeros(model.ntendon, bool)
    driven[model.actuator_trnid[model.actuator_trntype == mujoco.mjtTrn.mjTRN_TENDON, 0]] = True
    springs = np.zeros(model.ntendon, bool)
    for resistance in (model.tendon_stiffness, model.tendon_damping):
        springs |= np.array([np.any(row) for row in resistance], bool)
    alone = np.flatnonzero(spatial & springs & ~driven & ~limited)
    if len(alone):
        yield Finding(
            Severity.FINE,
            "spatial tendons",
            f"Lengths of spatial tendons that only resist are not among the features ({_names(model, 'tendon', alone)}); their lever arms "
            "follow from the joints' positions and are learned.",
        )


def _actuators(model: mujoco.MjModel) -> Iterator[Finding]:
    import mujoco

    gain, bias = mujoco.mjtGain, mujoco.mjtBias
    code = (model.actuator_gaintype == gain.mjGAIN_USER) | (model.actuator_biastype == bias.mjBIAS_USER)
    if code.any():
        yield Finding(
            Severity.NOTE,
            "user actuators",
            f"Code outside the file computes forces ({_names(model, 'actuator', np.flatnonzero(code))}); they are learned from motion "
            "that this code made.",
        )
    plain = (model.actuator_gaintype == gain.mjGAIN_FIXED) & (model.actuator_biastype == bias.mjBIAS_NONE)
    told = compiled_servos(model, [""] * model.nu).actuator
    if len(told):
        yield Finding(
            Severity.FINE,
            "servos",
            f"The forces of servos follow from the state as well as the control ({_names(model, 'actuator', told)}); models of simulated "
            "motion see these forces, models of logs learn them.",
        )
    learned = np.setdiff1d(np.flatnonzero(~plain & ~code), told)
    if len(learned):
        yield Finding(
            Severity.FINE,
            "forces by state",
            f"Actuators' forces follow from the state as well as the control ({_names(model, 'actuator', learned)}); this is learned.",
        )
    endless = np.flatnonzero(~model.actuator_ctrllimited.astype(bool))
    if len(endless):
        yield Finding(
            Severity.NOTE,
            "unlimited controls",
            f"Actuators without ctrlrange have no end of their action space: {_names(model, 'actuator', endless)}; give them a ctrlrange "
            "before policies are trained.",
        )


def _contacts(model: mujoco.MjModel) -> Iterator[Finding]:
    touches, static, kinds = may_collide(model), is_static(model), model.geom_type
    known = {GeomType.SPHERE, GeomType.CAPSULE}
    moving = ~static
    pairs = np.argwhere(np.triu(touches) & moving[:, None] & moving[None, :])
    other = [row for row in pairs if not {int(kinds[g]) for g in row} <= known]
    if other:
        yield Finding(
            Severity.NOTE,
            "contacts among moving bodies",
            "Among moving bodies the features know contacts of spheres and capsules, and here other shapes may touch "
            f"({_names(model, 'geom', [g for row in other for g in row])}); such contacts are learned less well.",
        )
    reached = touches[:, moving].any(axis=1)
    fixed = np.flatnonzero(static & (kinds != GeomType.PLANE) & reached)
    if len(fixed):
        yield Finding(
            Severity.NOTE,
            "fixed shapes",
            f"Contact with what is fixed and no plane is not among the features ({_names(model, 'geom', fixed)}); it is learned from the "
            "robot's place, less well than contact with planes.",
        )
    planes = np.flatnonzero(moving & (kinds == GeomType.PLANE) & touches.any(axis=1))
    if len(planes):
        yield Finding(
            Severity.NOTE,
            "moving planes",
            f"Planes that move are not among the features: {_names(model, 'geom', planes)}; contact with them is learned less well.",
        )
    free = np.flatnonzero(model.jnt_type == JointType.FREE)
    if len(free) and not touches[static].any() and np.abs(model.opt.gravity).any() and model.opt.density == 0:
        yield Finding(
            Severity.NOTE,
            "no ground",
            f"Nothing that is fixed can be touched, so the robot falls for ever ({_names(model, 'joint', free)}); give the file that "
            "includes its ground.",
        )


def _forces(model: mujoco.MjModel) -> Iterator[Finding]:
    import mujoco

    smooth: list[str] = []
    if model.ngravcomp:
        smooth.append("compensation of gravity")
    if model.opt.density or model.opt.viscosity:
        smooth.append("forces of the fluid around it")
    if (model.dof_frictionloss > 0).any():
        smooth.append("dry friction in joints")
    if smooth:
        yield Finding(
            Severity.FINE,
            "forces",
            f"The description does not know {' and '.join(smooth)}; the state tells them, and they are learned.",
        )
    if model.opt.enableflags & int(mujoco.mjtEnableBit.mjENBL_SLEEP):
        yield Finding(
            Severity.NOTE,
            "sleep",
            "Bodies at rest fall asleep, which the state does not tell; leave the flag `sleep` out of the file.",
        )


def obstacles(findings: Sequence[Finding]) -> list[Finding]:
    """Those that keep the motion from being learned."""
    return [finding for finding in findings if finding.severity is Severity.OBSTACLE]
