"""Fit a flow by maximum likelihood, with exact gradients, and make a density of it; a broken fit goes on where it was."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from mosim_gym.density.flow import FlowConfig, ResidualFlow
from mosim_gym.density.motion_density import QUANTILES, STATES_AND_ACTIONS, MotionDensity
from mosim_gym.mechanics import Robot
from mosim_gym.mechanics.folder_lock import FolderLock
from mosim_gym.mechanics.interruption import interruptible
from mosim_gym.mechanics.provenance import provenance
from mosim_gym.mechanics.seeding import initialised_by
from mosim_gym.training.pacing import SAVE_SECONDS, Pace
from mosim_gym.training.state import load_state, save_state

RATE, BATCH, AVERAGE = 3e-3, 512, 0.995
REPORT_EVERY = 50
TIMED_STEPS = 20, 60
STATE = "state.safetensors"
Report = Callable[[dict[str, float]], None]


def fit_flow(
    robot: Robot,
    data: torch.Tensor,
    held_out: torch.Tensor,
    origin: Mapping[str, Any],
    *,
    budget: float,
    config: FlowConfig | None,
    seed: int,
    steps: int | None,
    folder: Path | None,
    already: float = 0.0,
    save_every: float = SAVE_SECONDS,
    of: str = STATES_AND_ACTIONS,
    report: Report = lambda _: None,
) -> MotionDensity:
    """The density of `data (N, size)`, fitted for `budget` seconds, of which `already` are over, or for `steps`.

    The data are coordinates of `robot`, those that belong to a density of `of`. `origin` says where they come from: a run in `folder` from
    elsewhere is refused.
    """
    with initialised_by(seed):
        flow = ResidualFlow(data.shape[1], config)
    flow.fit_statistics(data)
    average = torch.optim.swa_utils.AveragedModel(
        flow, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(AVERAGE)
    )
    optimiser = torch.optim.Adam(flow.parameters(), lr=RATE, fused=True)
    generator = torch.Generator()
    origin = {**origin, **({} if of == STATES_AND_ACTIONS else {"of": of})}
    identity = {**origin, "flow": asdict(flow.config), "seed": seed, "steps": steps, "budget": budget}
    record: dict[str, Any] = {"step": 0, "total": steps or 0, "seconds": 0.0, "curve": [], **identity}
    optimisers: dict[str, torch.optim.Optimizer] = {"adam": optimiser}
    path = None if folder is None else folder / STATE
    _alone = None if folder is None else FolderLock(folder)
    begun = time.monotonic()
    if path is not None and path.exists():
        record |= load_state(path, flow, average, optimisers, identity)
    spent = max(record["seconds"], already + time.monotonic() - begun)  # the data took time, too
    pace = Pace(budget, seconds=spent, total=record["total"], timed=TIMED_STEPS, save_every=save_every)
    with interruptible() as interruption:
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
            if path is not None and (pace.due_to_save() or interruption.asked):
                save_state(path, flow, average, optimisers, record)
            interruption.end()
    if path is not None:
        save_state(path, flow, average, optimisers, record)
    final: Any = average.module
    final.settle()
    density = MotionDensity(robot, final, {"of": of})
    with torch.no_grad():
        found = torch.cat([final.log_density(rows) for rows in held_out.split(256)])
        gaussian = _gaussian(data, held_out)
    density.card |= {
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
