"""Proposes the pairs of moving spheres and capsules whose contact a model should see, from states in which they do touch."""

from __future__ import annotations

import math

import numpy as np
import torch

from mosim_gym.mechanics.kinematics import ForwardKinematics
from mosim_gym.mechanics.pairs import Nearby, Pair
from mosim_gym.mechanics.parts import GeomType, JointType
from mosim_gym.mechanics.robot import Robot
from mosim_gym.mechanics.typed_torch import from_numpy

Array = np.ndarray
STATES, MOST, AT_ONCE = 512, 32, 200
"""Random states that are tried, pairs that are proposed at most, and pairs that are computed at once."""
ALWAYS = 0.9
"""Shapes that overlap in this share of all states are neighbours that do not touch as they seem to."""


def proposed_pairs(robot: Robot, allowed: Array | None = None, *, most: int = MOST, seed: int = 0) -> tuple[Pair, ...]:
    """Pairs of geoms of `robot` for `MoSimConfig.pairs`, those that touch most often first.

    `allowed (geoms, geoms)` says which geoms may collide; by default the contact masks and the joints say it, and geoms that overlap at
    `qpos0` are left out. Of these, the pairs that touch in random states within the joints' ranges are kept, and those of separate robots
    or objects. A geom without a name is called `#row`.
    """
    geoms = robot.geoms
    mask = _by_masks(robot) if allowed is None else allowed
    round_ = np.isin(geoms.type, (GeomType.SPHERE, GeomType.CAPSULE)) & ~_is_static(robot)[geoms.body]
    rows = np.argwhere(np.triu(mask, 1) & round_[:, None] & round_[None, :])
    if not len(rows):
        return ()
    names = [name or f"#{row}" for row, name in enumerate(geoms.names)]
    pairs: list[Pair] = [(names[int(row[0])], names[int(row[1])]) for row in rows]
    overlap = [_overlaps(robot, pairs[k : k + AT_ONCE], seed) for k in range(0, len(pairs), AT_ONCE)]
    inside = np.concatenate(overlap, axis=1)
    share, tree = inside[1:].mean(axis=0), _trees(robot)[geoms.body]
    apart = tree[rows[:, 0]] != tree[rows[:, 1]]
    kept = apart | ((share > 0) & (share < ALWAYS))
    if allowed is None:
        kept &= apart | ~inside[0]
    order = sorted(np.flatnonzero(kept).tolist(), key=lambda row: (-int(apart[row]), -float(share[row])))
    return tuple(pairs[row] for row in order[:most])


def _overlaps(robot: Robot, pairs: list[Pair], seed: int) -> Array:
    """`(1 + STATES, pairs)`: whether pairs overlap at `qpos0`, and in random states."""
    nearby = Nearby(robot, pairs, ()).double()
    qpos = from_numpy(np.concatenate((robot.qpos0[None], _states(robot, seed))))
    values = ForwardKinematics(robot, nearby.quantities)(qpos, torch.zeros(len(qpos), robot.nv, dtype=qpos.dtype))
    return nearby(values).gap.numpy() < 0


def _states(robot: Robot, seed: int) -> Array:
    """Random `qpos (STATES, nq)`: limited joints in their range, other hinges anywhere, the rest at `qpos0`."""
    rng, joints = np.random.default_rng(seed), robot.joints
    qpos = np.tile(robot.qpos0, (STATES, 1))
    for joint in range(len(joints)):
        low, high = joints.range[joint] if joints.limited[joint] else (-math.pi, math.pi)
        kind = JointType(joints.type[joint])
        if kind == JointType.HINGE or (kind == JointType.SLIDE and joints.limited[joint]):
            qpos[:, joints.qpos_start[joint]] = rng.uniform(low, high, STATES)
    return qpos


def _by_masks(robot: Robot) -> Array:
    """`(geoms, geoms)`: whether contact masks and the tree of bodies let two geoms collide."""
    geoms, parent = robot.geoms, robot.bodies.parent
    meets = (geoms.contype[:, None] & geoms.conaffinity[None, :]) != 0
    weld = _welded(robot)
    above, own = weld[parent[weld]][geoms.body], weld[geoms.body]
    family = (own[:, None] == own[None, :]) | (above[:, None] == own[None, :]) | (own[:, None] == above[None, :])
    return (meets | meets.T) & ~family & robot.contact_enabled


def _welded(robot: Robot) -> Array:
    """For each body, the body whose joints move it: itself, or the one that it is welded to."""
    weld = np.arange(len(robot.bodies))
    jointed = set(robot.joints.body.tolist())
    for body in range(1, len(weld)):
        if body not in jointed:
            weld[body] = weld[robot.bodies.parent[body]]
    return weld


def _is_static(robot: Robot) -> Array:
    return _welded(robot) == 0


def _trees(robot: Robot) -> Array:
    """For each body, the number of the robot or object that it belongs to: its topmost moving body."""
    weld, parent = _welded(robot), robot.bodies.parent
    tree = weld.copy()
    for body in range(1, len(tree)):
        above = weld[parent[weld[body]]]
        tree[body] = weld[body] if weld[body] == 0 or above == 0 else tree[above]
    return tree
