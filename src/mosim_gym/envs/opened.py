"""`opened`: all that an environment is made of, single or batched, once its dynamics are open."""

from __future__ import annotations

from typing import NamedTuple

from mosim_gym.envs.backend import Checkpoint, DynamicsOptions, open_dynamics
from mosim_gym.envs.bounds import Bounds
from mosim_gym.envs.core import Core
from mosim_gym.mechanics.devices import usable_device
from mosim_gym.mechanics.dynamics import Dynamics
from mosim_gym.robots import Task
from mosim_gym.robots.catalogue import as_task


class Opened(NamedTuple):
    """The task, what moves its robot, the functional core over both, and where the model is known."""

    task: Task
    dynamics: Dynamics
    core: Core
    bounds: Bounds


def opened(task: str | Task, checkpoint: Checkpoint | None, options: DynamicsOptions) -> Opened:
    """The parts of environments of `task`, an id or a task itself, which `checkpoint` moves."""
    task, device = as_task(task), usable_device(options.device)
    dynamics = open_dynamics(task.robot, checkpoint, options)
    core = Core(
        task,
        dtype=dynamics.dtype,
        device=device,
        quantities=dynamics.quantities,
        sensor_count=task.sensor_count,
        memory=dynamics.memory,
    )
    return Opened(task, dynamics, core, Bounds(dynamics.card, core.dtype, device))
