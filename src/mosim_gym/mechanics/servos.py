"""Reads from a `mujoco.MjModel` which actuators are servos, such as position control, and by what law their forces follow the state."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from mosim_gym.mechanics.parts import JointType, Servos, no_servos

if TYPE_CHECKING:
    import mujoco

Array = np.ndarray


def compiled_servos(model: mujoco.MjModel, names: Sequence[str]) -> Servos:
    """The servos of `model` on hinges, slides and fixed tendons; `names` are those of its actuators.

    Others, as those on sites and on spatial tendons, are left out: their lengths follow from the bodies' places.
    """
    import mujoco

    affine = (model.actuator_gaintype == mujoco.mjtGain.mjGAIN_FIXED) & (
        model.actuator_biastype == mujoco.mjtBias.mjBIAS_AFFINE
    )
    follows = affine & (model.actuator_biasprm[:, 1:3] != 0).any(axis=1)
    arms = {row: found for row in np.flatnonzero(follows).tolist() if (found := _arms(model, row)) is not None}
    if not arms:
        return no_servos()
    rows = list(arms)
    return Servos(
        names=tuple(names[row] for row in rows),
        actuator=np.array(rows, np.int32),
        gain=np.array(model.actuator_gainprm[rows, 0], np.float64),
        bias=np.array(model.actuator_biasprm[rows, :3], np.float64),
        limited=model.actuator_forcelimited[rows].astype(bool),
        range=np.array(model.actuator_forcerange[rows], np.float64),
        lengths=np.stack([lengths for lengths, _ in arms.values()]),
        rates=np.stack([rates for _, rates in arms.values()]),
    )


def _arms(model: mujoco.MjModel, actuator: int) -> tuple[Array, Array] | None:
    """How an actuator's length follows from `qpos (nq,)`, and its rate from `qvel (nv,)`; None where it does so by no fixed numbers."""
    import mujoco

    kind, target = int(model.actuator_trntype[actuator]), int(model.actuator_trnid[actuator, 0])
    kinds = mujoco.mjtTrn
    if kind in (kinds.mjTRN_JOINT, kinds.mjTRN_JOINTINPARENT):
        pulled = {target: 1.0}
    elif kind == kinds.mjTRN_TENDON:
        wraps = range(int(model.tendon_adr[target]), int(model.tendon_adr[target] + model.tendon_num[target]))
        if any(model.wrap_type[wrap] != mujoco.mjtWrap.mjWRAP_JOINT for wrap in wraps):
            return None
        pulled = {int(model.wrap_objid[wrap]): float(model.wrap_prm[wrap]) for wrap in wraps}
    else:
        return None
    lengths, rates = np.zeros(model.nq), np.zeros(model.nv)
    for joint, arm in pulled.items():
        if JointType(model.jnt_type[joint]) not in (JointType.HINGE, JointType.SLIDE):
            return None
        lengths[model.jnt_qposadr[joint]] = rates[model.jnt_dofadr[joint]] = arm * float(
            model.actuator_gear[actuator, 0]
        )
    return lengths, rates
