"""`known_starts`: states in which a model can be started, where nobody says where episodes begin."""

from __future__ import annotations

import numpy as np

from mosim_gym.mechanics.dynamics import Dynamics
from mosim_gym.mechanics.robot import Robot

Array = np.ndarray
DRAWN, SEED = 1024, 0
"""The number of states that are drawn in a box, and the seed."""


def known_starts(dynamics: Dynamics) -> tuple[Array, Array]:
    """States `(qpos (N, nq), qvel (N, nv))`, float64, from the first of these that there is:

    - `starts` of the model's card, which are states of its data;
    - the starts of the tasks of a packaged robot;
    - the robot's rest state, if it is within the box of the model's data, or the card has no box;
    - 1,024 states drawn evenly in that box.
    """
    robot, card = dynamics.robot, dynamics.card
    starts = card.get("starts")
    if starts is not None:
        found = np.asarray(starts["qpos"], np.float64), np.asarray(starts["qvel"], np.float64)
        if found[0].shape[1:] != (robot.nq,) or found[1].shape != (len(found[0]), robot.nv) or not len(found[0]):
            raise ValueError(
                f"The card's starts have shapes {found[0].shape} and {found[1].shape}; {robot.name} needs (N, {robot.nq}) and "
                f"(N, {robot.nv})."
            )
        return found
    banks = list(robot.reset_banks.values())
    if banks:
        qpos, qvel = (np.concatenate([getattr(bank, part) for bank in banks]) for part in ("qpos", "qvel"))
        return qpos.astype(np.float64), qvel.astype(np.float64)
    rest = robot.qpos0[None].astype(np.float64), np.zeros((1, robot.nv))
    box = card.get("box")
    if box is None:
        return rest
    sides = [_sides(box[name], here[0]) for name, here in zip(("qpos", "qvel"), rest, strict=True)]
    if all(((low <= here) & (here <= high)).all() for (low, high), here in zip(sides, rest, strict=True)):
        return rest
    rng = np.random.default_rng(SEED)
    qpos, qvel = (rng.uniform(low, high, (DRAWN, len(low))) for low, high in sides)
    return _with_unit_quaternions(robot, qpos), qvel


def _sides(sides: list[list[float | None]], rest: Array) -> tuple[Array, Array]:
    """The lowest and the highest numbers of a box; those at rest where a coordinate does not matter."""
    low, high = (
        np.array([r if b is None else b for b, r in zip(side, rest, strict=True)], np.float64) for side in sides
    )
    return low, high


def _with_unit_quaternions(robot: Robot, qpos: Array) -> Array:
    for part in robot.quaternion_slices:
        qpos[:, part] /= np.maximum(np.linalg.norm(qpos[:, part], axis=1, keepdims=True), 1e-9)
    return qpos
