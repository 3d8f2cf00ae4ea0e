"""Which geoms of a `mujoco.MjModel` may collide, by everything that MuJoCo filters contacts by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import mujoco

Array = np.ndarray


def may_collide(model: mujoco.MjModel) -> Array:
    """`(ngeom, ngeom)`, symmetric: whether two geoms may touch by masks, excluded bodies, parents and explicit contact pairs."""
    import mujoco

    count, off = model.ngeom, mujoco.mjtDisableBit
    found = np.zeros((count, count), bool)
    if model.opt.disableflags & (int(off.mjDSBL_CONTACT) | int(off.mjDSBL_CONSTRAINT)):
        return found
    meets = (model.geom_contype[:, None] & model.geom_conaffinity[None, :]) != 0
    weld = model.body_weldid
    parent = weld[model.body_parentid[weld]]  # of each body, what the body that it is welded to hangs from
    first = np.repeat(model.geom_bodyid[:, None], count, axis=1)
    second = first.T
    together = weld[first] == weld[second]
    family = (
        (weld[first] != 0) & (weld[second] != 0) & ((parent[first] == weld[second]) | (parent[second] == weld[first]))
    )
    if model.opt.disableflags & int(off.mjDSBL_FILTERPARENT):
        family[:] = False
    low, high = np.minimum(first, second), np.maximum(first, second)
    signatures = {*model.exclude_signature.tolist()}
    excluded = np.isin((low << 16) + high, list(signatures)) | np.isin((high << 16) + low, list(signatures))
    found = (meets | meets.T) & ~together & ~family & ~excluded
    for one, other in zip(model.pair_geom1.tolist(), model.pair_geom2.tolist(), strict=True):
        found[one, other] = found[other, one] = True
    return found


def is_static(model: mujoco.MjModel) -> Array:
    """`(ngeom,)`: whether a geom never moves, because no joint is between it and the world."""
    return model.body_weldid[model.geom_bodyid] == 0
