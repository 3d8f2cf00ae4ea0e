"""Models to go on from on logs: those of logs as they are, and those of simulated motion with one more thing to learn.

MuJoCo's Euler moves positions by the new velocity, and models of such motion do, too. A machine does not. So such a model gets outputs for
the drift, by which the mean velocity of a control step differs from the mean of the velocities at its ends. They begin at zero.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from mosim_gym.dynamics.mosim import MINIMUM_STD, MoSim
from mosim_gym.dynamics.simulator import Simulator
from mosim_gym.mechanics import Robot
from mosim_gym.mechanics.robot_file import MEASURED


def started_robot(before: Simulator) -> Robot:
    """The robot of a model that goes on from `before`, whose positions are learned; raises for outputs that logs do not have."""
    config = before.model.config
    if config.sensors:
        raise ValueError(
            f"The model to start from foretells {config.sensors} readings of sensors, which logs do not have; start from another one."
        )
    return before.robot if before.model.drifts or not config.drift else replace(before.robot, integrator=MEASURED)


def started_model(before: Simulator, robot: Robot, drift: Tensor) -> MoSim:
    """A model of `robot` with the weights of `before`. `drift (N, nv)` is that of the logs, by which its new outputs are whitened."""
    old = before.model
    model = MoSim(robot, old.config)
    model.load_state_dict(started_state(old, model, drift))
    return model


def started_state(old: MoSim, model: MoSim, drift: Tensor) -> dict[str, Tensor]:
    """The weights of `old`, with outputs for the drift where `model` has them and `old` has not."""
    state = dict(old.state_dict())
    if model.drifts and not old.drifts:
        state["output_std"] = torch.cat((state["output_std"], drift.std(0).clamp_min(MINIMUM_STD)))
        for name, wanted in model.state_dict().items():
            last = name.endswith(("last.weight", "last.bias")) and name in state
            if last and wanted.shape[1] != state[name].shape[1]:
                grown = torch.zeros_like(wanted)
                grown[:, : state[name].shape[1]] = state[name]
                state[name] = grown
    return state
