"""`train`: a model of a robot's motion, learned from measured logs alone."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from os import PathLike
from pathlib import Path
from typing import Any

from mosim_gym.data.log_files import opened_logs
from mosim_gym.data.logs import Logs
from mosim_gym.dynamics.mosim import MoSim
from mosim_gym.dynamics.simulator import Simulator
from mosim_gym.mechanics import Robot
from mosim_gym.mechanics.durations import seconds
from mosim_gym.mechanics.memory import keep_freed_memory
from mosim_gym.mechanics.numbers import check_seed, is_finite, positive_number
from mosim_gym.mechanics.robot_file import MEASURED
from mosim_gym.mechanics.seal import digest
from mosim_gym.mechanics.seeding import initialised_by
from mosim_gym.mechanics.storage import check_own
from mosim_gym.mechanics.symmetry import body_turns
from mosim_gym.mechanics.threads import OneThread
from mosim_gym.robots.opening import as_robot
from mosim_gym.training.log_card import logs_card
from mosim_gym.training.log_checks import check_learnable, check_logs, check_memory, warn_of_clipping
from mosim_gym.training.log_corrector import beyond_model
from mosim_gym.training.log_density import fit_log_density
from mosim_gym.training.log_memory import choose_memory
from mosim_gym.training.log_motion import LogMotion
from mosim_gym.training.log_simulation import (
    SHARE,
    adds_corrector,
    beyond_training,
    check_start,
    parts,
    share_of,
    simulated_like,
    simulation_card,
    simulation_folder,
)
from mosim_gym.training.log_start import started_model, started_robot
from mosim_gym.training.logs_config import SIMULATION, LogsConfig, check_known, logs_model, logs_training
from mosim_gym.training.logs_loop import STATE, fit_logs
from mosim_gym.training.pacing import SAVE_SECONDS
from mosim_gym.training.progress import Progress
from mosim_gym.zoo.checkpoint import save_checkpoint
from mosim_gym.zoo.names import CHECKPOINT, load

HELD_OUT = 0.1
"""The share of the motion by which the best weights are chosen, unless another is given."""
Report = Callable[[dict[str, float]], None]
DENSITY_SHARE = 0.25
"""The time for a density, beside that for the model."""


def train(
    robot: Robot | str | PathLike[str],
    data: Logs | str | PathLike[str],
    budget: float | str = "10m",
    seed: int = 0,
    members: int = 3,
    folder: str | PathLike[str] | None = None,
    start: Simulator | str | PathLike[str] | None = None,
    *,
    memory: int | None = None,
    density: bool = False,
    known: str | None = None,
    held_out: float | Logs = HELD_OUT,
    config: LogsConfig | None = None,
    steps: int | None = None,
    save_every: float = SAVE_SECONDS,
    progress: bool | None = None,
    report: Callable[[dict[str, float]], None] | None = None,
) -> Simulator:
    """A simulator of `robot`, learned from the measured motion `data` in about `budget`: seconds, or text such as `"5m"`.

    Args:
        robot: Whose motion it is: a `Robot`, the name of a packaged one, or an MJCF or URDF file. Of its description only joints, actuators
            and shapes are used, unless `known` says otherwise. Masses and friction are learned.
        data: What `import_logs` returns, or the folder where it was saved.
        budget: The time for training.
        seed: That of the initial weights, of the batches and of the split.
        members: The size of the ensemble, whose members are trained at once.
        folder: `checkpoint.safetensors` is written there, which `mosim_gym.load` opens without any other file. An interrupted run goes on
            from there; with `steps` it ends with the same weights.
        start: A model of the same robot to go on from, or its checkpoint, or the name of a packaged one, which simulation trained. It has
            members, a memory and what is `known` of its own. With `known="simulation"` it stays as it is, and gets one more corrector.
        memory: How many commands before the present one are inputs; by default as many as the lag of the motion reaches back.
        density: Also fit the density of the motion, in a quarter of the budget, which comes on top. It is the model's `density`, goes into
            the checkpoint, and is what the penalty `"density"` uses.
        known: `"inertia"` takes masses and gravity from the description, too: M(q) q̈ + c(q, q̇) = f is then given, and learned are the
            forces f: drives, friction, delays, contact, and what the description has wrong. `"simulation"` has all that the simulation
            of the robot's file says: 40 % of the budget go into learning 100,000 control steps of `simulated_logs` around the logs, which
            MuJoCo simulates before; then that is frozen, and one more corrector learns what it leaves of the measured motion. `robot` is
            then the file's path, or `start` a model that learned simulated motion already, and the corrector has the whole budget.
        held_out: The share of the motion, in whole segments, by which the best weights are chosen and errors measured; or logs for that.
        config: How to train.
        steps: So many training steps, whatever the time.
        save_every: Seconds between two states in `folder`.
        progress: Whether to show how far training is; by default on a terminal, unless there is a `report`.
        report: Is called with each measurement on held-out motion.

    How positions move in a control step is always learned, whatever the integrator of the robot's description.
    """
    keep_freed_memory()
    limit = seconds(budget) if isinstance(budget, str) else budget
    if not is_finite(limit) or limit <= 0:
        raise ValueError(f"budget is {budget!r}; it must be a positive number of seconds, or text such as '5m'.")
    members = positive_number(members, "members")
    check_seed(seed)
    before = load(start) if isinstance(start, str | PathLike) else start
    data = opened_logs(data)
    given = replace(as_robot(robot, data.control_step), integrator=MEASURED)
    check_logs(given, data)
    check_known(given, known)
    if before is not None:
        check_logs(before.robot, data)
        check_start(before, known, memory)
    told = report or (lambda _: None)
    shown = sys.stderr.isatty() and report is None if progress is None else progress
    split = isinstance(held_out, int | float)
    learned, kept = data.split(held_out, seed) if split else (data, check_logs(given, held_out, "held_out"))
    check_learnable(given, learned, kept)
    place = None if folder is None else Path(folder)
    if place is not None:
        check_own([place / CHECKPOINT], place / STATE)
    if known == SIMULATION or (before is not None and before.model.config.beyond is not None):
        corrected = beyond_training(given, config, seed)
        if before is None:
            own = simulation_folder(place)
            simulated = simulated_like(robot, learned, seed)
            (first, some), (limit, steps) = parts(limit, steps)
            seen, told = share_of(told, 0.0, SHARE), share_of(told, SHARE, 1.0)
            before = train(
                robot, simulated, first, seed, members, own,
                memory=0, config=config, steps=some, save_every=save_every, progress=shown, report=seen,
            )  # fmt: skip
        config = corrected
    model_robot = given if before is None else started_robot(before)
    warn_of_clipping(model_robot, data)
    kept_memory = None if before is None or adds_corrector(before, known) else before.memory
    choice = choose_memory(learned, memory if kept_memory is None else kept_memory)
    if before is not None:
        choice["memory"] = max(choice["memory"], before.memory)
    if before is not None or memory is not None:
        check_memory(choice["memory"], learned, kept)
    config = replace(config or logs_training(model_robot, seed), seed=seed)
    with OneThread(), _told(model_robot.name, shown, told) as watch:
        turns = body_turns(model_robot) if config.symmetry else None
        motion = LogMotion(model_robot, learned, choice["memory"], turns)
        if before is None:
            with initialised_by(seed):
                model = MoSim(model_robot, logs_model(model_robot, members, choice["memory"], known))
        elif adds_corrector(before, known):
            model = beyond_model(before, model_robot, motion, choice["memory"], seed)
        else:
            model = started_model(before, model_robot, motion.steps.drift)
        identity: dict[str, Any] = {
            "robot": model_robot.fingerprint,
            "model": asdict(model.config),
            "data": _digest(learned),
            "held_out": _digest(kept),
            "start": None if before is None else before.model.digest(),
        }
        trained, record = fit_logs(
            model,
            motion,
            LogMotion(model_robot, kept, model.config.memory),
            config,
            budget=limit,
            identity=identity,
            folder=place,
            started=before is not None,
            steps=steps,
            save_every=save_every,
            report=watch,
        )
        card = logs_card(trained, record, choice, learned, kept)
        card["symmetry"] = 1 if turns is None else len(turns)
        if before is not None:
            card["refined_from"] = f"{before.card.get('name', 'unnamed')} {before.model.digest()}"
            if trained.config.beyond is not None:
                card |= simulation_card(before, record)
        simulator = Simulator(trained, card)
        if density:
            own = None if place is None else place / "density"
            simulator.density = fit_log_density(
                model_robot, learned, kept, DENSITY_SHARE * limit, seed, own, save_every=save_every
            )
        if place is not None:
            save_checkpoint(place / CHECKPOINT, trained, card, simulator.density)
        return simulator


@contextmanager
def _told(name: str, shown: bool, told: Report) -> Iterator[Report]:
    """What gets the measurements: `told`, and, if it is to be `shown`, a line with the progress."""
    if not shown:
        yield told
        return
    with Progress(name, None) as bar:

        def both(state: dict[str, float]) -> None:
            bar(state)
            told(state)

        yield both


def _digest(logs: Logs) -> str:
    """What tells logs from any others."""
    arrays = {"qpos": logs.qpos, "qvel": logs.qvel, "actions": logs.actions, "starts": logs.starts}
    return digest(arrays)[:16]
