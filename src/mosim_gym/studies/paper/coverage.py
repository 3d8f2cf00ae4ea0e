"""How often the truth lies among an ensemble's sampled rollouts, beside how often it would if the truth were one more of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mosim_gym.dynamics.simulator import Simulator
from mosim_gym.evaluation.heldout import HeldOut
from mosim_gym.evaluation.tables import table
from mosim_gym.studies.paper.cell_files import Result

Array = np.ndarray
DRAWS = 39
"""Sampled rollouts from each state: of 39 and the truth, the truth is the lowest or the highest with probability 1/20."""


def nominal(rollouts: int) -> float:
    """The probability that one more of so many exchangeable numbers lies between their lowest and their highest."""
    return (rollouts - 1) / (rollouts + 1)


def sampled(simulator: Simulator, test: HeldOut, rng: np.random.Generator, draws: int = DRAWS) -> Array:
    """States `(N, draws, T, nq + nv)` of rollouts in which a member drawn anew at every step moves each row, the members equally often."""
    count = len(test.qpos)
    q, v, actions = (np.repeat(part, draws, axis=0) for part in (test.qpos, test.qvel, test.actions))
    path: list[Array] = []
    for t in range(actions.shape[1]):
        order = rng.permutation(len(q))  # row i is moved by member i modulo their number
        after = simulator.step(q[order], v[order], actions[order, t])
        q, v = np.empty_like(after.qpos), np.empty_like(after.qvel)
        q[order], v[order] = after.qpos, after.qvel
        path.append(np.concatenate((q, v), axis=1))
    return np.stack(path, axis=1).reshape(count, draws, len(path), -1)


def alone(simulator: Simulator, test: HeldOut) -> Array:
    """States `(N, members, T, nq + nv)` of rollouts in which each member moves alone."""
    members = simulator.members
    path = simulator.rollout(*(np.repeat(part, members, axis=0) for part in (test.qpos, test.qvel, test.actions)))
    states = np.concatenate((path.qpos, path.qvel), axis=-1)
    return states.reshape(len(test.qpos), members, *states.shape[1:])


def covered(states: Array, test: HeldOut) -> Array:
    """`(T,)`: the share of segments and state dimensions in which the truth lies between the lowest and the highest of `states (N, K, T,
    nq + nv)`. What is not finite covers nothing. A quaternion and its negative are one rotation.
    """
    truth = np.concatenate((test.next_qpos, test.next_qvel), axis=-1)
    states = np.array(states)
    for turned in test.quaternions:
        opposite = (states[..., turned] * truth[:, None, :, turned]).sum(-1, keepdims=True) < 0
        states[..., turned] = np.where(opposite, -states[..., turned], states[..., turned])
    with np.errstate(invalid="ignore"):
        inside = (states.min(1) <= truth) & (truth <= states.max(1))
    return inside.mean((0, 2))


def coverage(simulator: Simulator, test: HeldOut, horizons: tuple[int, ...], seed: int) -> Result:
    """The coverage at each horizon by rollouts that draw members, and by members alone."""
    found = {
        "drawn": covered(sampled(simulator, test, np.random.default_rng([seed, 4])), test),
        "alone": covered(alone(simulator, test), test),
    }
    return {way: {str(h): float(f"{shares[h - 1]:.4f}") for h in horizons} for way, shares in found.items()}


def coverage_table(cells: Sequence[Result], horizons: Sequence[int]) -> str:
    """A row for each checkpoint and kind of motion, with the nominal coverage in the header."""
    rows: list[list[str]] = []
    for cell in cells:
        members = cell["members"]
        for motion in ("uniform", "poisson", "policy"):
            if (found := cell["coverage"].get(motion)) is None:
                continue
            drawn, own = (" / ".join(f"{found[way][str(h)]:.0%}" for h in horizons) for way in ("drawn", "alone"))
            rows.append([f"`{cell['checkpoint']}`", motion, drawn, own, f"{nominal(members):.0%} of {members}"])
    at = " / ".join(map(str, horizons))
    header = [
        "Checkpoint", "Motion", f"Truth within {DRAWS} sampled rollouts after {at} steps, nominally {nominal(DRAWS):.0%}",
        f"Truth within the members alone after {at} steps", "Nominally",
    ]  # fmt: skip
    return table(header, rows)
