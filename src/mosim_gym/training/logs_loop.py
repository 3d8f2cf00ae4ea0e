"""The loop that trains a model on logs, read from top to bottom in `fit_logs`."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from mosim_gym.data.stream import Transitions
from mosim_gym.dynamics.mosim import MoSim
from mosim_gym.mechanics import ForwardKinematics
from mosim_gym.mechanics.folder_lock import FolderLock
from mosim_gym.mechanics.interruption import interruptible
from mosim_gym.training.box import training_box
from mosim_gym.training.config import Stage
from mosim_gym.training.course import WARM_UP_STEPS, Course
from mosim_gym.training.flight import Untouched
from mosim_gym.training.held_out import held_out_error
from mosim_gym.training.log_motion import LogMotion
from mosim_gym.training.logs_config import LogsConfig
from mosim_gym.training.losses import known_motion, multistep_loss, one_step_loss
from mosim_gym.training.optimisers import descend, model_optimisers, move_average
from mosim_gym.training.sources import FEW
from mosim_gym.training.stages import freeze
from mosim_gym.training.state import load_state, save_state

STATE = "state.safetensors"
STATISTICS = 20_000
"""Control steps by which inputs and outputs are whitened, at most."""
VALIDATED, VALIDATED_FIRST = 384, 50
"""Held-out windows by which the best weights are chosen, and the training step at which they are looked at first."""
TIMED_STEPS = 10, 40
"""Of each stage: they tell how many fit into its share of the budget."""
Report = Callable[[dict[str, float]], None]


def fit_logs(
    model: MoSim,
    learned: LogMotion,
    kept: LogMotion,
    config: LogsConfig,
    *,
    budget: float,
    identity: Mapping[str, Any],
    folder: Path | None,
    started: bool,
    steps: int | None,
    save_every: float,
    report: Report,
) -> tuple[MoSim, dict[str, Any]]:
    """The averaged weights that err least on held-out motion, and a record of how they came about.

    `model` has random weights, or those of another model that `started` it, which keeps its statistics. With `steps` the run has that many,
    whatever the time. A run with the same `identity` that was interrupted goes on from `folder` and ends with the same weights.
    """
    robot, members = model.robot, model.config.members
    kinematics = ForwardKinematics(robot, model.features.quantities)
    if not started:
        s = learned.spread(1, STATISTICS, 1)
        model.fit_statistics(s.qpos, s.qvel, s.action, kinematics(s.qpos, s.qvel), known_motion(s))
    optimisers, rest = model_optimisers(model, config, model.input_mean.device)
    rates = {name: optimiser.defaults["lr"] for name, optimiser in optimisers.items()}
    average, best = copy.deepcopy(model), copy.deepcopy(model)
    weights = nn.ModuleDict({"average": average, "best": best})
    identity = {**identity, "config": asdict(config), "steps": steps, "budget": budget}
    record: dict[str, Any] = {"step": 0, "total": steps or 0, "seconds": 0.0, "best": None, "curve": [], **identity}
    path = None if folder is None else folder / STATE
    _alone = None if folder is None else FolderLock(folder)
    if path is not None and path.exists():
        record = {**record, **load_state(path, model, weights, optimisers, identity)}
    record["box"] = training_box(robot, learned.steps)
    rows = _rows(model, learned)
    windows = kept.spread(kept.longest(round(config.validated_seconds / robot.control_step)), VALIDATED, members)
    course = Course(
        config.stages,
        budget=budget,
        steps=steps,
        save_every=save_every,
        records=record.get("stages", ()),
        timed=TIMED_STEPS,
    )
    generator, loss = torch.Generator(), torch.tensor(math.nan)

    def look() -> float:
        error = held_out_error(average.eval(), windows, kinematics)
        if record["best"] is None or error < record["best"]:
            record["best"], record["best_step"] = error, course.step
            best.load_state_dict(average.state_dict())
        record["curve"].append([course.step, float(f"{error:.4g}")])
        return error

    def validate() -> None:
        error = look()
        state = {
            "step": course.step,
            "share": course.share,
            "loss": float(loss.detach()),
            "validation": error,
            "seconds": course.seconds,
        }
        report({**state, "samples_per_second": course.step * config.rows * members / max(course.seconds, 1e-9)})

    if started and record["best"] is None:  # the start may be better than all that follows
        look()
    with interruptible() as interruption:
        while not course.is_over():
            stage, step = course.stage, course.step
            warm = min(1.0, (step + 1) / WARM_UP_STEPS)
            for name, optimiser in optimisers.items():
                for group in optimiser.param_groups:
                    group["lr"] = rates[name] * stage.rate * warm * 0.5 * (1 + math.cos(math.pi * course.share))
            freeze(model, stage)
            model.train()
            generator.manual_seed(config.seed * 1_000_003 + step)
            loss = _loss(model, stage, learned, rows.get(stage.name), kinematics, config, generator)
            descend(optimisers, loss, rest, config.clip)
            move_average(average, model, step, config.ema)
            course.stepped()
            if course.step % config.validated_every == 0 or course.step == VALIDATED_FIRST:
                validate()
            record |= {"step": course.step, "seconds": course.seconds, "stages": course.noted()}
            if path is not None and (course.due_to_save() or interruption.asked):
                save_state(path, model, weights, optimisers, record)
            interruption.end()
    record["total"] = course.step
    validate()
    if path is not None:
        save_state(path, model, weights, optimisers, record)
    return best.eval(), record


def _loss(
    model: MoSim,
    stage: Stage,
    learned: LogMotion,
    rows: Tensor | None,
    kinematics: ForwardKinematics,
    config: LogsConfig,
    generator: torch.Generator,
) -> Tensor:
    """That of one batch, of the control steps `rows` if the stage has some of its own."""
    members = model.config.members
    horizon = learned.longest(stage.horizon) if stage.name == "multistep" else 1
    if horizon > 1:
        windows = learned.drawn(horizon, members * config.windows, generator)
        return multistep_loss(model, windows, kinematics, huber=config.huber)
    batch = learned.drawn(1, members * config.rows, generator, only=rows)
    correctors = 0 if stage.name == "predictor" else None
    return one_step_loss(model, batch, kinematics, huber=config.huber, correctors=correctors)


def _rows(model: MoSim, learned: LogMotion) -> dict[str, Tensor]:
    """By stage, the control steps that it learns, if not all.

    The predictor of a model that foresees contact learns those in which nothing touched. Correctors behind a gate learn the others.
    """
    if model.foresight is None:
        return {}
    untouched = Untouched(model.robot, model.foresight.contact)
    found = torch.cat(
        [untouched(Transitions(*part)) for part in zip(*(c.split(8192) for c in learned.steps), strict=True)]
    )
    if not FEW <= float(found.float().mean()) <= 1 - FEW:
        return {}
    flight, touched = (torch.nonzero(part).squeeze(1) for part in (found, ~found))
    return {"predictor": flight} if model.config.gate is None else {"predictor": flight, "corrector": touched}
