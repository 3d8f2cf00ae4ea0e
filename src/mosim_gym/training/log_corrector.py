"""`beyond_model`: a model of simulated motion with one more corrector, for what the simulation leaves of measured motion.

q̈ = M(q) [b + τ] + Σᵢ εᵢ        learned from simulated motion, and frozen
    + ε                          begins at zero, and learns what is left of measured motion
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from mosim_gym.dynamics.mosim import MoSim
from mosim_gym.dynamics.simulator import Simulator
from mosim_gym.mechanics import ForwardKinematics, Robot
from mosim_gym.mechanics.seeding import initialised_by
from mosim_gym.training.log_motion import LogMotion
from mosim_gym.training.log_start import started_state
from mosim_gym.training.logs_config import logs_model

EXAMPLES = 20_000
"""Control steps of the logs by which inputs are whitened that the model of the simulation does not have."""


def beyond_model(before: Simulator, robot: Robot, motion: LogMotion, memory: int, seed: int) -> MoSim:
    """The model `before` with one more corrector, which is zero, and which sees `memory` commands before and steps of dry friction.

    What `before` says stays the same. Inputs that it does not have are whitened by the logs' `motion`.
    """
    old, usual = before.model, logs_model(robot, 1, memory)
    friction = old.config.friction or usual.friction
    with initialised_by(seed):
        model = MoSim(robot, replace(old.config, memory=memory, friction=friction, beyond=usual.correctors[-1]))
    fresh, state = model.state_dict(), started_state(old, model, motion.steps.drift)
    places = _places(old, model)
    present, n = _inputs(model, motion), model.features.size
    for name, seen in (("input_mean", present.mean(0)), ("input_std", model.divisors(present.std(0)))):
        fresh[name][:n] = seen if model.config.whiten else fresh[name][:n]
    f, g = old.features, model.features
    acts, moved = f.position_size + f.velocity_size, g.position_size + g.velocity_size
    readers = {"bias": (0, acts, 0), "torque": (acts, f.smooth_size, moved), "remainder": (0, f.smooth_size, 0)}
    readers |= {f"correctors.{number}": (0, len(places), 0) for number in range(len(old.correctors))}
    columns = {f"{part}.first.weight": places[first:last] - start for part, (first, last, start) in readers.items()}
    columns |= {"input_mean": places, "input_std": places}
    for name in columns.keys() & state.keys():
        wider = fresh[name] if name.startswith("input_") else torch.zeros_like(fresh[name])
        wider[..., columns[name]] = state[name]
        state[name] = wider
    model.load_state_dict(fresh | state)
    return model


def _places(old: MoSim, new: MoSim) -> Tensor:
    """The column of each input of `old` among those of `new`, which has more commands before, and steps of dry friction."""
    f, g = old.features, new.features
    acts, moved = f.position_size + f.velocity_size, g.position_size + g.velocity_size
    present = moved + g.action_size - f.action_size
    return torch.cat(
        (
            torch.arange(acts),
            present + torch.arange(f.action_size),
            g.smooth_size + torch.arange(len(old.input_mean) - f.smooth_size),
        )
    )


def _inputs(model: MoSim, motion: LogMotion) -> Tensor:
    """What the present tells, over some control steps of the logs."""
    steps = motion.spread(1, EXAMPLES, 1)
    values = ForwardKinematics(model.robot, model.features.quantities)(steps.qpos, steps.qvel)
    return model.features(steps.qpos, steps.qvel, steps.action, values)
