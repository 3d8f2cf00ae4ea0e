"""The training loop: stages of one model on a stream of true motion, read from top to bottom in `train`."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import nn

from mosim_gym.data.dataset import Dataset
from mosim_gym.data.stream import Transitions
from mosim_gym.dynamics.config import MoSimConfig
from mosim_gym.dynamics.mosim import MoSim
from mosim_gym.dynamics.networks import MemberLinear
from mosim_gym.dynamics.prepared import has_bfloat16
from mosim_gym.mechanics import ForwardKinematics
from mosim_gym.mechanics.devices import usable_device
from mosim_gym.mechanics.memory import keep_freed_memory
from mosim_gym.mechanics.seeding import initialised_by
from mosim_gym.robots import load_robot
from mosim_gym.training.box import training_box
from mosim_gym.training.compiled import compiled
from mosim_gym.training.config import TrainConfig
from mosim_gym.training.losses import known_motion, multistep_loss, one_step_loss, solver_loss
from mosim_gym.training.optimisers import model_optimisers
from mosim_gym.training.pacing import SAVE_SECONDS, Pace
from mosim_gym.training.pool import Pool, dealt, fixed_samples
from mosim_gym.training.stages import freeze, horizon_at, stage_at
from mosim_gym.training.state import load_state, save_state

WARM_UP_STEPS = 100
TIMED_STEPS = WARM_UP_STEPS // 2, WARM_UP_STEPS // 2 + 60
STATE = "state.safetensors"

Report = Callable[[dict[str, float]], None]


def train(
    robot: str,
    model_config: MoSimConfig,
    config: TrainConfig,
    *,
    budget: float,
    folder: Path,
    device: str = "cpu",
    dataset: Dataset | None = None,
    start: MoSim | None = None,
    steps: int | None = None,
    save_every: float = SAVE_SECONDS,
    report: Report = lambda _: None,
) -> tuple[MoSim, dict[str, Any]]:
    """Train a model of `robot` for about `budget` seconds; the averaged weights and a record of how they came about.

    It begins with random weights, or with weights and statistics of `start`, which must be of the same configuration.

    Data are simulated afresh by the configured recipe, or read from `dataset`. With `steps` the run has that many, whatever the time.

    `folder/state.safetensors` is written every `save_every` seconds. An interrupted run goes on from there and ends with the same weights.
    """
    keep_freed_memory()
    if config.seed < 0 or model_config.members < 1:
        raise ValueError(
            f"seed is {config.seed} and members {model_config.members}; they must be at least 0 and at least 1."
        )
    place = usable_device(device)
    description = load_robot(robot)
    with initialised_by(config.seed):
        model = MoSim(description, model_config).to(place)
    if start is not None:
        model.load_state_dict(start.state_dict())
    for layer in model.modules():
        if isinstance(layer, MemberLinear):
            layer.exact &= config.exact_ends
    kinematics = ForwardKinematics(description, model.features.quantities)
    validation, sample = (
        Transitions(*(column.to(place) for column in part)) for part in fixed_samples(robot, config, dataset)
    )
    validation = dealt(validation, model_config.members)
    optimisers, rest = model_optimisers(model, config, place)
    rates = {name: optimiser.defaults["lr"] for name, optimiser in optimisers.items()}
    average = copy.deepcopy(model)
    if config.compile:
        example = sample.qpos.new_zeros(model_config.members * config.batch, model.features.size)
        example = example.unflatten(0, (model_config.members, -1)) if model_config.members > 1 else example
        with torch.autocast(place.type, dtype=torch.bfloat16, enabled=config.autocast and has_bfloat16(place)):
            model.outputs = compiled(model.outputs, example)
        model.zero_grad(set_to_none=True)

    path = folder / STATE
    identity: dict[str, Any] = {
        "robot": robot,
        "model": asdict(model_config),
        "config": asdict(config),
        "data": None if dataset is None else dataset.manifest,
        "start": None if start is None else start.digest(),
        "steps": steps,
        "budget": budget,
    }
    record: dict[str, Any] = {"step": 0, "total": steps or 0, "seconds": 0.0, **identity}
    if path.exists():
        record = {**record, **load_state(path, model, average, optimisers, identity)}
    pace = Pace(budget, seconds=record["seconds"], total=record["total"], timed=TIMED_STEPS, save_every=save_every)
    before = record.get("box") or training_box(description, sample)
    pool = Pool(robot, config, step=record["step"], device=place, box=before, dataset=dataset)
    record["box"] = pool.box
    if record["step"] == 0 and start is None:
        values = kinematics(sample.qpos, sample.qvel)
        model.fit_statistics(sample.qpos, sample.qvel, sample.action, values, known_motion(sample))
        average.load_state_dict(model.state_dict())

    generator = torch.Generator()
    try:
        while not pace.is_over(record["step"]):
            step, record["total"] = record["step"], pace.total
            stage, progress, since = stage_at(config.stages, step, pace.total or 10**9)
            warm_up = min(1.0, (since + 1) / WARM_UP_STEPS)
            for name, optimiser in optimisers.items():
                for group in optimiser.param_groups:
                    group["lr"] = rates[name] * stage.rate * warm_up * 0.5 * (1 + math.cos(math.pi * progress))
            freeze(model, stage)
            horizon = horizon_at(stage, progress)
            batch = pool.draw(step, generator, horizon, model_config.members)
            model.train()
            if stage.name == "solver":
                loss = solver_loss(model, batch, kinematics)
            elif horizon > 1:
                loss = multistep_loss(model, batch, kinematics, huber=config.huber, autocast=config.autocast)
            else:
                correctors = 0 if stage.name == "predictor" else None
                loss = one_step_loss(
                    model, batch, kinematics, huber=config.huber, correctors=correctors, autocast=config.autocast
                )
            for optimiser in optimisers.values():
                optimiser.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(rest, config.clip)
            for optimiser in optimisers.values():
                optimiser.step()
            with torch.no_grad():
                decay = min(config.ema, (step + 1) / (step + 10))
                for mine, theirs in zip(average.parameters(), model.parameters(), strict=True):
                    mine.lerp_(theirs, 1 - decay)
            record["step"] = step + 1
            record["seconds"] = pace.seconds
            record["transitions"], record["box"] = pool.transitions_seen, pool.box
            if (step + 1) % 200 == 0:
                model.eval()
                average.eval()
                with torch.no_grad():
                    error = one_step_loss(average, validation, kinematics, huber=config.huber)
                report(
                    {
                        "step": step + 1,
                        "total": record["total"],
                        "loss": float(loss.detach()),
                        "validation": float(error),
                        "seconds": record["seconds"],
                        "samples_per_second": (step + 1) * config.batch * model_config.members / record["seconds"],
                    }
                )
            if pace.due_to_save():
                save_state(path, model, average, optimisers, record)
        save_state(path, model, average, optimisers, record)
    finally:
        pool.close()
    return average.eval(), record
