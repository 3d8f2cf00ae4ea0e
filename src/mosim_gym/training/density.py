"""Fit a density to a recipe's motion, on fresh true data."""

from __future__ import annotations

import time
from pathlib import Path

import torch

from mosim_gym.data.stream import Transitions, chunk
from mosim_gym.density.flow import FlowConfig
from mosim_gym.density.motion_density import STATES_AND_ACTIONS, MotionDensity, density_coordinates
from mosim_gym.robots import load_robot
from mosim_gym.training.flow_fitting import Report, fit_flow
from mosim_gym.training.pacing import SAVE_SECONDS

SEGMENTS, CHUNKS = 500, 8  # the data: enough that a small flow cannot learn them by heart
HELD_OUT_SEED, HELD_OUT_SEGMENTS = 10_009, 200


def fit_density(
    robot: str,
    *,
    recipe: str = "coverage",
    budget: float,
    config: FlowConfig | None = None,
    seed: int = 0,
    steps: int | None = None,
    folder: Path | None = None,
    save_every: float = SAVE_SECONDS,
    of: str = STATES_AND_ACTIONS,
    report: Report = lambda _: None,
) -> MotionDensity:
    """A density of the states and actions that `recipe` trains a model of `robot` on, fitted for `budget` seconds or for `steps`.

    With `of="states"` it is the density of the states alone.

    `folder/state.safetensors` is written every `save_every` seconds. An interrupted fit goes on from there and ends with the same weights.
    """
    started = time.monotonic()
    description = load_robot(robot)
    coordinates = density_coordinates(description, of)

    def points(stream_seed: int, numbers: range, segments: int) -> torch.Tensor:
        parts = []
        for number in numbers:
            data = Transitions(*(torch.from_numpy(c) for c in chunk(robot, recipe, stream_seed, number, segments)[0]))
            parts.append(coordinates(*(c.flatten(0, 1) for c in data[:3])))
        return torch.cat(parts)

    data, held_out = points(seed, range(CHUNKS), SEGMENTS), points(HELD_OUT_SEED, range(1), HELD_OUT_SEGMENTS)
    density = fit_flow(
        description,
        data,
        held_out,
        {"robot": robot, "recipe": recipe},
        budget=budget,
        config=config,
        seed=seed,
        steps=steps,
        folder=folder,
        already=time.monotonic() - started,
        save_every=save_every,
        of=of,
        report=report,
    )
    density.card = {"recipe": recipe, **density.card}
    return density
