"""Fit a density to a recipe's motion by maximum likelihood, on fresh true data, with exact gradients; a broken fit goes on where it was."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from mosim_gym.data.stream import Transitions, chunk
from mosim_gym.density.coordinates import MinimalCoordinates
from mosim_gym.density.flow import FlowConfig, ResidualFlow
from mosim_gym.density.motion_density import QUANTILES, MotionDensity
from mosim_gym.mechanics.provenance import provenance
from mosim_gym.mechanics.seeding import initialised_by
from mosim_gym.robots import load_robot
from mosim_gym.training.pacing import SAVE_SECONDS, Pace
from mosim_gym.training.state import load_state, save_state

RATE, BATCH, AVERAGE = 3e-3, 512, 0.995
SEGMENTS, CHUNKS = 500, 8  # the data: enough that a small flow cannot learn them by heart
HELD_OUT_SEED, HELD_OUT_SEGMENTS = 10_009, 200
REPORT_EVERY = 50
TIMED_STEPS = 20, 60
STATE = "state.safetensors"


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
    report: Callable[[dict[str, float]], None] = lambda _: None,
) -> MotionDensity:
    """A density of the states and actions that `recipe` trains a model of `robot` on, fitted for `budget` seconds or for `steps`.

    `folder/state.safetensors` is written every `save_every` seconds. An interrupted fit goes on from there and ends with the same weights.
    """
    started = time.monotonic()
    description = load_robot(robot)
    coordinates = MinimalCoordinates(description)

    def points(stream_seed: int, numbers: range, segments: int) -> torch.Tensor:
        parts = []
        for number in numbers:
            data = Transitions(*(torch.from_numpy(c) for c in chunk(robot, recipe, stream_seed, number, segments)[0]))
            parts.append(coordinates(*(c.flatten(0, 1) for c in data[:3])))
        return torch.cat(parts)

    data, held_out = points(seed, range(CHUNKS), SEGMENTS), points(HELD_OUT_SEED, range(1), HELD_OUT_SEGMENTS)
    with initialised_by(seed):
        flow = ResidualFlow(coordinates.size, config)
    flow.fit_statistics(data)
    average = torch.optim.swa_utils.AveragedModel(
        flow, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(AVERAGE)
    )
    optimiser = torch.optim.Adam(flow.parameters(), lr=RATE, fused=True)
    generator = torch.Generator()
    identity = {
        "robot": robot,
        "recipe": recipe,
        "flow": asdict(flow.config),
        "seed": seed,
        "steps": steps,
        "budget": budget,
    }
    record: dict[str, Any] = {"step": 0, "total": steps or 0, "seconds": 0.0, "curve": [], **identity}
    optimisers: dict[str, torch.optim.Optimizer] = {"adam": optimiser}
    path = None if folder is None else folder / STATE
    if path is not None and path.exists():
        record |= load_state(path, flow, average, optimisers, identity)
    already = max(record["seconds"], time.monotonic() - started)  # the data took time, too
    pace = Pace(budget, seconds=already, total=record["total"], timed=TIMED_STEPS, save_every=save_every)
    while not pace.is_over(record["step"]):
        step, record["total"] = record["step"], pace.total
        share = step / pace.total if pace.total else 0.0
        for group in optimiser.param_groups:
            group["lr"] = RATE * min(1.0, (step + 1) / 50) * 0.5 * (1 + math.cos(math.pi * share))
        rows = torch.randint(len(data), (BATCH,), generator=generator.manual_seed(seed * 1_000_003 + step))
        for layer in flow.linears():
            layer.refine()
        loss = -flow.log_density(data[rows]).mean()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(flow.parameters(), 5.0)
        optimiser.step()
        average.update_parameters(flow)
        record["step"] = step + 1
        record["seconds"] = pace.seconds
        if (step + 1) % REPORT_EVERY == 0:
            state = {"step": step + 1, "share": share, "log_density": -float(loss.detach())}
            record["curve"].append({key: round(value, 4) for key, value in state.items()})
            report(state)
        if path is not None and pace.due_to_save():
            save_state(path, flow, average, optimisers, record)
    if path is not None:
        save_state(path, flow, average, optimisers, record)
    final: Any = average.module
    final.settle()
    density = MotionDensity(description, final, {})
    with torch.no_grad():
        found = torch.cat([final.log_density(rows) for rows in held_out.split(256)])
        gaussian = _gaussian(data, held_out)
    density.card = {
        "recipe": recipe,
        "transitions": len(data),
        "held_out_log_density": round(float(found.mean()), 4),
        "gaussian_log_density": round(gaussian, 4),
        "quantiles": {f"{q:g}": round(float(found.quantile(q)), 4) for q in QUANTILES},
        "steps": record["step"],
        "seconds": round(record["seconds"], 1),
        "seed": seed,
        "flow": asdict(final.config),
        "curve": record["curve"][:: max(1, len(record["curve"]) // 40)],
        "provenance": provenance(),
    }
    return density


def _gaussian(data: torch.Tensor, held_out: torch.Tensor) -> float:
    """Mean log-density of held-out data under the normal distribution with the data's mean and covariance: what a flow must beat."""
    covariance = torch.cov(data.T.double()) + 1e-9 * torch.eye(data.shape[1], dtype=torch.float64)
    normal = torch.distributions.MultivariateNormal(data.double().mean(0), covariance)
    return float(normal.log_prob(held_out.double()).mean())
