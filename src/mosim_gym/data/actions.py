"""Named samplers of action sequences: `uniform`, `paired`, `poisson`, `coverage` and its families.

Each is a function `(rng, n, steps, nu, control_step) -> (n, steps, nu)`. Controls are shares of the actuators' range in [-1, 1]: float32
numbers held as float64, so that the model and the truth get the same ones.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mosim_gym.mechanics.names import UnknownName

Array = np.ndarray
ActionSampler = Callable[[np.random.Generator, int, int, int, float], Array]

POISSON_MEAN_HOLD = 5
POISSON_ZERO_SHARES = (0.1, 0.3)


def uniform(rng: np.random.Generator, n: int, steps: int, nu: int, control_step: float) -> Array:
    """Controls drawn anew at every step."""
    return rng.uniform(-1, 1, (n, steps, nu))


def paired(rng: np.random.Generator, n: int, steps: int, nu: int, control_step: float) -> Array:
    """Controls drawn anew at every second step, as with an action repeat of 2."""
    return np.repeat(uniform(rng, n, -(-steps // 2), nu, control_step), 2, axis=1)[:, :steps]


def poisson(rng: np.random.Generator, n: int, steps: int, nu: int, control_step: float) -> Array:
    """Controls held for a geometric time: redrawn with probability 1/5 a step. A redrawn control is zero with probability 0.1 … 0.3."""
    drawn = rng.uniform(-1, 1, (n, steps, nu))
    drawn *= rng.random((n, steps, 1)) >= rng.uniform(*POISSON_ZERO_SHARES, (n, 1, 1))
    redrawn = rng.random((n, steps)) < 1 / POISSON_MEAN_HOLD
    redrawn[:, 0] = True
    latest = np.maximum.accumulate(np.where(redrawn, np.arange(steps), 0), axis=1)
    return np.take_along_axis(drawn, latest[:, :, None], axis=1)


def held(rng: np.random.Generator, n: int, steps: int, nu: int, control_step: float) -> Array:
    """Controls held for 2 to 20 steps, the same time throughout a sequence."""
    hold = rng.integers(2, 21, (n, 1))
    chosen = np.arange(steps) // hold
    return np.take_along_axis(rng.uniform(-1, 1, (n, steps, nu)), chosen[:, :, None], axis=1)


def sinusoid(rng: np.random.Generator, n: int, steps: int, nu: int, control_step: float) -> Array:
    """A sine of 0.5 to 8 Hz for each actuator, with an offset and noise."""
    time = np.arange(steps)[:, None] * control_step
    one = (n, 1, nu)
    phase = 2 * np.pi * (rng.uniform(0.5, 8, one) * time + rng.uniform(0, 1, one))
    return rng.uniform(0, 1.5, one) * np.sin(phase) + rng.normal(0, 0.3, one) + rng.normal(0, 0.2, (n, steps, nu))


def bang_bang(rng: np.random.Generator, n: int, steps: int, nu: int, control_step: float) -> Array:
    """Controls at either end of the range, held as by `held`."""
    return np.sign(held(rng, n, steps, nu, control_step))


def scaled(rng: np.random.Generator, n: int, steps: int, nu: int, control_step: float) -> Array:
    """Controls drawn anew at every step, scaled by one factor for each sequence."""
    return rng.uniform(0, 1, (n, 1, 1)) * uniform(rng, n, steps, nu, control_step)


def smooth(rng: np.random.Generator, n: int, steps: int, nu: int, control_step: float) -> Array:
    """Held controls with noise at every step, as an exploring policy acts."""
    return held(rng, n, steps, nu, control_step) + rng.normal(0, 0.3, (n, steps, nu))


FAMILIES: tuple[ActionSampler, ...] = (uniform, held, sinusoid, bang_bang, scaled, smooth)


def coverage(rng: np.random.Generator, n: int, steps: int, nu: int, control_step: float) -> Array:
    """Sequences each of one family, drawn at random: uniform, held, sinusoid, bang-bang, scaled or smooth."""
    family = rng.integers(len(FAMILIES), size=n)
    actions = np.empty((n, steps, nu))
    for number, sample in enumerate(FAMILIES):
        rows = np.flatnonzero(family == number)
        actions[rows] = sample(rng, len(rows), steps, nu, control_step)
    return actions


ACTIONS: dict[str, ActionSampler] = {"uniform": uniform, "poisson": poisson, "coverage": coverage, "paired": paired}


def action_sampler(name: str) -> ActionSampler:
    """The sampler called `name`, with controls clipped and rounded to float32. An unknown name raises with the valid ones."""
    if name not in ACTIONS:
        raise UnknownName("action sampler", name, list(ACTIONS))
    draw = ACTIONS[name]

    def sample(rng: np.random.Generator, n: int, steps: int, nu: int, control_step: float) -> Array:
        return draw(rng, n, steps, nu, control_step).clip(-1, 1).astype(np.float32).astype(np.float64)

    return sample
