"""A simulation that is known: motion to learn it from, which part of a run that takes, and what a card says of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any

from mosim_gym.data.logs import Logs
from mosim_gym.data.simulated_logs import is_simulated, simulated_logs
from mosim_gym.dynamics.simulator import Simulator
from mosim_gym.mechanics import Robot
from mosim_gym.mechanics.storage import FileFault
from mosim_gym.robots.opening import FILES
from mosim_gym.training.logs_config import SIMULATION, SMOOTH, LogsConfig, logs_training
from mosim_gym.training.logs_loop import STATE

SHARE = 0.4
"""Of the budget, or of the steps, for learning the simulation."""
STEPS = 100_000
"""Control steps that are simulated."""


Report = Callable[[dict[str, float]], None]


def simulated_like(robot: Robot | str | PathLike[str], learned: Logs, seed: int) -> Logs:
    """Simulated motion around the states of the logs `learned`, of the model in the file that `robot` names."""
    if isinstance(robot, Robot):
        raise ValueError(
            f"known is {SIMULATION!r}, and a Robot does not keep its file: give the file's path, or with start= a model of simulated "
            "motion."
        )
    if Path(robot).suffix.lower() not in FILES:
        raise ValueError(
            f"known is {SIMULATION!r}, and {robot!r} is no file to simulate: give the path of an MJCF or URDF file, or with start= a model "
            "of simulated motion, such as a packaged one."
        )
    return simulated_logs(robot, learned, seconds=STEPS * learned.control_step, seed=seed)


def adds_corrector(before: Simulator | None, known: str | None) -> bool:
    """Whether the model `before`, which learned a simulation, gets one more corrector."""
    return known == SIMULATION and before is not None and before.model.config.beyond is None


def check_start(before: Simulator, known: str | None, memory: int | None) -> None:
    """Raise for what does not go together with going on from `before`."""
    config = before.model.config
    if not adds_corrector(before, known):
        if memory not in (None, config.memory):
            raise ValueError(
                f"memory is {memory!r}; the model to start from has its own, {config.memory}: leave memory out."
            )
        if known not in (None, config.known) and known != SIMULATION:
            raise ValueError(
                f"known is {known!r}; the model to start from was trained without: leave known out, or start anew."
            )
        return
    if memory is not None and memory < config.memory:
        raise ValueError(
            f"memory is {memory!r}; the model to start from sees {config.memory} commands before: give no fewer, or leave memory out."
        )
    recipe = before.card.get("recipe")
    logs = recipe.get("logs") if isinstance(recipe, dict) else None
    if logs and not all(map(is_simulated, logs["sources"])):
        raise ValueError(
            f"known is {SIMULATION!r}, and the model to start from learned measured motion: leave known out, or start from a packaged "
            "model, or from one that learned motion of mosim_gym.simulated_logs."
        )


def simulation_folder(place: Path | None) -> Path | None:
    """Where a run in the folder `place` keeps the model of the simulation. Raises for a folder that holds a run without one."""
    if place is None:
        return None
    own = place / SIMULATION
    if (place / STATE).exists() and not (own / STATE).exists():
        raise FileFault(f"{place} holds a run that learned no simulation first; choose another folder.")
    return own


def parts(budget: float, steps: int | None) -> tuple[tuple[float, int | None], tuple[float, int | None]]:
    """Budget and steps for the simulation, and those for what it leaves."""
    first = None if steps is None else round(SHARE * steps)
    rest = None if steps is None or first is None else steps - first
    return (SHARE * budget, first), ((1 - SHARE) * budget, rest)


def share_of(report: Report, first: float, last: float) -> Report:
    """Reports a part of a run, which leads from the share `first` of it to the share `last`."""
    return lambda state: report({**state, "share": first + (last - first) * state["share"]})


def beyond_training(robot: Robot, config: LogsConfig | None, seed: int) -> LogsConfig:
    """How what a simulation leaves is learned. A predictor has nothing to learn then."""
    if config is None:
        return replace(logs_training(robot, seed), stages=SMOOTH)
    if any(stage.name == "predictor" for stage in config.stages):
        raise ValueError(
            "The stage 'predictor' has nothing to learn where the simulation is known: choose among corrector, joint and multistep, or "
            "train the simulation by itself and give that model as start."
        )
    return config


def simulation_card(before: Simulator, record: Mapping[str, Any]) -> dict[str, Any]:
    """For the card of a model that knows the simulation that `before` learned, and whose training left `record`."""
    card = before.card
    if before.model.config.beyond is not None:
        earlier, minutes = card["simulation"], float(card["core_minutes"])
    else:
        transitions, trained = int(card.get("transitions", 0)), float(card.get("training_seconds", 0.0))
        recipe = card.get("recipe")
        logs = recipe.get("logs") if isinstance(recipe, dict) else None
        minutes = trained / 60
        earlier = {
            "model": f"{card.get('name', 'unnamed')} {before.model.digest()}",
            "motion": logs["sources"][0] if logs else None,
            "notes": logs.get("notes", []) if logs else [],
            "control_steps": transitions,
            "seconds": round(transitions * before.timestep, 3),
            "seeds": card.get("seeds", []),
            "training_steps": card.get("training_steps"),
            "training_seconds": trained,
            "error_beside_still": record["curve"][0][1],
        }
    return {
        "known": SIMULATION,
        "simulation": earlier,
        "core_minutes": round(minutes + record["seconds"] / 60, 2),
    }
