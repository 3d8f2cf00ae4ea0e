"""Reads from a `mujoco.MjModel` what its spatial tendons run through, and which actuators pull them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from mosim_gym.mechanics.parts import Paths, no_paths

if TYPE_CHECKING:
    import mujoco


def compiled_paths(model: mujoco.MjModel, names: Sequence[str]) -> Paths:
    """The paths of the spatial tendons of `model`; `names` are those of its tendons. A row is named `tendon/0`, `tendon/1`, …"""
    import mujoco

    kinds = mujoco.mjtWrap
    rows: list[tuple[str, int, int, int, int, float]] = []
    for tendon, name in enumerate(names):
        start, count = int(model.tendon_adr[tendon]), int(model.tendon_num[tendon])
        for step, wrap in enumerate(range(start, start + count)):
            kind, target, number = int(model.wrap_type[wrap]), int(model.wrap_objid[wrap]), float(model.wrap_prm[wrap])
            label = f"{name or f'tendon{tendon}'}/{step}"
            if kind == kinds.mjWRAP_SITE:
                rows.append((label, tendon, target, -1, -1, 0.0))
            elif kind in (kinds.mjWRAP_SPHERE, kinds.mjWRAP_CYLINDER):
                rows.append((label, tendon, -1, target, round(number), 0.0))
            elif kind == kinds.mjWRAP_PULLEY:
                rows.append((label, tendon, -1, -1, -1, number))
    if not rows:
        return no_paths()
    labels, *columns, divisors = zip(*rows, strict=True)
    tendon, site, geom, side = (np.array(column, np.int32) for column in columns)
    return Paths(tuple(map(str, labels)), tendon, site, geom, side, np.array(divisors, np.float64))


def pulled_tendons(model: mujoco.MjModel, names: Sequence[str]) -> tuple[str, ...]:
    """The spatial tendon that each actuator pulls; empty for an actuator that moves something else."""
    import mujoco

    spatial = [
        model.wrap_type[start] != mujoco.mjtWrap.mjWRAP_JOINT for start in np.asarray(model.tendon_adr, int).tolist()
    ]
    pairs = zip(model.actuator_trntype.tolist(), model.actuator_trnid[:, 0].tolist(), strict=True)
    by_tendon = int(mujoco.mjtTrn.mjTRN_TENDON)
    called = [name or f"#{row}" for row, name in enumerate(names)]
    return tuple(called[int(target)] if kind == by_tendon and spatial[target] else "" for kind, target in pairs)
