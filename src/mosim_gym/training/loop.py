"""The training loop: stages of one model on a stream of true motion, read from top to bottom in `train`."""

from __future__ import annotations

import copy
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from mosim_gym.data.dataset import Dataset
from mosim_gym.dynamics.config import MoSimConfig
from mosim_gym.dynamics.mosim import MoSim
from mosim_gym.dynamics.networks import MemberLinear
from mosim_gym.dynamics.prepared import has_bfloat16
from mosim_gym.mechanics import ForwardKinematics
from mosim_gym.mechanics.devices import usable_device
from mosim_gym.mechanics.folder_lock import FolderLock
from mosim_gym.mechanics.interruption import interruptible
from mosim_gym.mechanics.memory import keep_freed_memory
from mosim_gym.mechanics.seeding import initialised_by
from mosim_gym.robots import load_robot
from mosim_gym.training.box import training_box
from mosim_gym.training.compiled import compiled
from mosim_gym.training.config import TrainConfig
from mosim_gym.training.course import Course
from mosim_gym.training.losses import known_motion, multistep_loss, one_step_loss, solver_loss
from mosim_gym.training.optimisers import descend, model_optimisers, move_average
from mosim_gym.training.pacing import SAVE_SECONDS
from mosim_gym.training.sources import Sources
from mosim_gym.training.stages import freeze, horizon_at
from mosim_gym.training.state import load_state, save_state

VALIDATED_EVERY, VALIDATED_EARLY = 200, (10, 50, 100)
STATE = "state.safetensors"

Report = Callable[[dict[str, float]], None]
Look = Callable[[MoSim, dict[str, float]], None]
"""Is shown the averaged model with each report; what it does counts as time of the training."""


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
    look: Look = lambda _model, _report: None,
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
    sources = Sources(robot, config, model, dataset)
    optimisers, rest = model_optimisers(model, config, place)
    rates = {name: optimiser.defaults["lr"] for name, optimiser in optimisers.items()}
    average = copy.deepcopy(model)
    if config.compile:
        rows = (model_config.members, config.batch) if model_config.members > 1 else (config.batch,)
        present = torch.zeros(*rows, model.features.size, device=place)
        everything = torch.zeros(*rows, len(model.input_mean), device=place)
        with torch.autocast(place.type, dtype=torch.bfloat16, enabled=config.autocast and has_bfloat16(place)):
            if model.bias is not None:
                model.flight = compiled(model.flight, present)
            model.corrections = compiled(model.corrections, everything)
        model.zero_grad(set_to_none=True)

    _alone, path = FolderLock(folder), folder / STATE
    identity: dict[str, Any] = {
        "robot": robot,
        "model": asdict(model_config),
        "config": asdict(config),
        "data": None if dataset is None else dataset.manifest,
        "start": None if start is None else start.digest(),
        "steps": steps,
        "budget": budget,
    }
    record: dict[str, Any] = {"step": 0, "total": steps or 0, "seconds": 0.0, "transitions": 0, **identity}
    if path.exists():
        record = {**record, **load_state(path, model, average, optimisers, identity)}
    else:
        record["box"] = training_box(description, sources.sample)
        if start is None:
            s = sources.sample
            model.fit_statistics(s.qpos, s.qvel, s.action, kinematics(s.qpos, s.qvel), known_motion(s))
            average.load_state_dict(model.state_dict())
    done = record.get("stages", ())
    course = Course(config.stages, budget=budget, steps=steps, save_every=save_every, records=done)
    generator = torch.Generator()
    with closing(sources), interruptible() as interruption:
        while not course.is_over():
            stage = course.stage
            source = sources.at(course, record)
            for name, optimiser in optimisers.items():
                for group in optimiser.param_groups:
                    group["lr"] = rates[name] * course.rate
            freeze(model, stage)
            horizon = horizon_at(stage, course.reach)
            batch = source.draw(course.step, generator, horizon)
            model.train()
            # flight is smooth, and learned more exactly in float32
            correctors, autocast = (0, False) if stage.name == "predictor" else (None, config.autocast)
            if stage.loss == "solver":
                loss = solver_loss(model, batch, kinematics, correctors=correctors)
            elif horizon > 1:
                loss = multistep_loss(model, batch, kinematics, huber=config.huber, autocast=autocast)
            else:
                loss = one_step_loss(
                    model, batch, kinematics, huber=config.huber, correctors=correctors, autocast=autocast
                )
            descend(optimisers, loss, rest, config.clip)
            move_average(average, model, course.step, config.ema)
            course.stepped()
            if course.step % VALIDATED_EVERY == 0 or course.step in VALIDATED_EARLY:
                average.eval()
                with torch.no_grad():
                    error = float(
                        one_step_loss(average, source.validation, kinematics, huber=config.huber, correctors=correctors)
                    )
                course.validated(error)
                state = {
                    "step": course.step,
                    "share": course.share,
                    "loss": float(loss.detach()),
                    "validation": error,
                    "seconds": course.seconds,
                    "samples_per_second": course.step * config.batch * model_config.members / course.seconds,
                }
                report(state)
                look(average, state)
            record |= {"step": course.step, "seconds": course.seconds, "stages": course.noted(), **source.seen()}
            if course.due_to_save() or interruption.asked:
                save_state(path, model, average, optimisers, record)
            interruption.end()
        record["total"] = course.step
        save_state(path, model, average, optimisers, record)
    return average.eval(), record
