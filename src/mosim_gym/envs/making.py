"""`make_env`: environments on top of any model, from a reward function, without a package, a class or an id."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from typing import Any, overload

import torch
from torch import Generator, Tensor

from mosim_gym.dynamics.simulator import SimulatorOptions
from mosim_gym.envs.known_starts import known_starts
from mosim_gym.envs.penalties.base import PENALTIES, Penalty
from mosim_gym.envs.single import MoSimEnv
from mosim_gym.envs.starts import TASK, ResetFrom, Starts
from mosim_gym.envs.vector import MoSimVectorEnv
from mosim_gym.mechanics.devices import usable_device
from mosim_gym.mechanics.dynamics import Dynamics
from mosim_gym.robots.function_task import DrawGoals, FunctionTask, Observe, Reward, TaskFunctions, Terminate
from mosim_gym.zoo.names import load

PROBES = 3  # states on which functions are tried
Penalised = Penalty | str
"""A penalty, or the name of a registered one with its own settings."""


@overload
def make_env(
    model: str | PathLike[str] | Dynamics,
    reward: Reward,
    observation: Observe | None = None,
    reset: ResetFrom | None = None,
    terminated: Terminate | None = None,
    num_envs: None = None,
    max_episode_steps: int = 1000,
    penalty: Penalised | Sequence[Penalised] | None = None,
    *,
    goal: DrawGoals | None = None,
    **options: Any,
) -> MoSimEnv: ...
@overload
def make_env(
    model: str | PathLike[str] | Dynamics,
    reward: Reward,
    observation: Observe | None = None,
    reset: ResetFrom | None = None,
    terminated: Terminate | None = None,
    *,
    num_envs: int,
    max_episode_steps: int = 1000,
    penalty: Penalised | Sequence[Penalised] | None = None,
    goal: DrawGoals | None = None,
    **options: Any,
) -> MoSimVectorEnv: ...
def make_env(
    model: str | PathLike[str] | Dynamics,
    reward: Reward,
    observation: Observe | None = None,
    reset: ResetFrom | None = None,
    terminated: Terminate | None = None,
    num_envs: int | None = None,
    max_episode_steps: int = 1000,
    penalty: Penalised | Sequence[Penalised] | None = None,
    *,
    goal: DrawGoals | None = None,
    **options: Any,
) -> MoSimEnv | MoSimVectorEnv:
    """An environment in which `model` moves: one `gymnasium.Env`, or with `num_envs` a batch as one `VectorEnv`, whose `torch` is in torch.

    - `model` is a `Simulator` or any `Dynamics`, the name of a packaged checkpoint, or a checkpoint's path.
    - `reward(features, action)` gives the rewards `(B,)` of B states after a step. `features` are `NamedFeatures`.
    - `observation(features)` gives `(B, n)`, or a mapping of parts. By default it is all positions, sines and cosines of hinges without
      limits, and all velocities.
    - `reset` says where episodes begin: states `(qpos (N, nq), qvel (N, nv))`, `Logs`, a dataset, or a function
      `(generator, n) -> (qpos, qvel)`. By default they begin in `known_starts`.
    - `terminated(features)` says which episodes end for good, `(B,)` bool.
    - `goal(generator, n)` draws the goals `(n, k)` of n episodes, which the functions read as `features.goal`.
    - `max_episode_steps` is -1 for no limit.
    - `penalty` is a penalty, the name of a registered one, or several of them.

    Further options are those of `MoSimEnv`, or with `num_envs` of `MoSimVectorEnv`. All functions are called once here, on states in which
    episodes begin; results of a wrong kind raise `TypeError` or `ValueError`. They must be pure functions of their arguments, in torch,
    because a step is recorded and then replayed.
    """
    dynamics = _opened(model, options)
    functions = TaskFunctions(reward, observation, terminated, goal)
    task = _task(dynamics, functions, TASK if reset is None else reset, options)
    start = TASK if reset is None else reset
    if num_envs is None:
        env = MoSimEnv(task, checkpoint=dynamics, reset_from=start, max_episode_steps=max_episode_steps, **options)
        penalties = env.penalties
    else:
        env = MoSimVectorEnv(
            task, num_envs, checkpoint=dynamics, reset_from=start, max_episode_steps=max_episode_steps, **options
        )
        penalties = env.torch.penalties
    for each in [] if penalty is None else [penalty] if isinstance(penalty, Penalty | str) else penalty:
        penalties.add(PENALTIES.find(each)() if isinstance(each, str) else each)
    return env


def _opened(model: str | PathLike[str] | Dynamics, options: dict[str, Any]) -> Dynamics:
    """The dynamics of `model`. Options of checkpoints are taken from `options`, where `model` is a name or a path."""
    device = usable_device(options.get("device", "cpu"))
    if isinstance(model, Dynamics):
        return model.to(device)
    if not isinstance(model, str | PathLike):  # pyright: ignore[reportUnnecessaryIsInstance]  # who checks no types is told, too
        raise TypeError(
            f"model is a {type(model).__name__}; it must be a packaged name, a checkpoint's path, or an object whose class derives from "
            "mosim_gym.Dynamics."
        )
    chosen: SimulatorOptions = {
        name: options.pop(name) for name in ("solver", "precision", "ensemble") if name in options
    }  # type: ignore[assignment]
    return load(model, **chosen).to(device)


def _task(dynamics: Dynamics, functions: TaskFunctions, reset: ResetFrom, options: dict[str, Any]) -> FunctionTask:
    """The task of the functions, which were tried on some states in which its episodes begin."""
    robot, generator = dynamics.robot, Generator().manual_seed(0)
    task = FunctionTask(robot, functions, known_starts(dynamics))
    start: dict[str, Tensor] = task.sample_start(generator, PROBES)._asdict()
    start |= Starts(task, reset).draw(generator, PROBES)
    device = usable_device(options.get("device", "cpu"))
    qpos, qvel = (start[name].to(device, dynamics.dtype) for name in ("qpos", "qvel"))
    with torch.no_grad():
        low, high = (torch.as_tensor(side).to(qpos) for side in robot.control_range)
        middle = ((low + high) / 2).nan_to_num().repeat(PROBES, 1)
        task.sensor_count = dynamics.step(qpos, qvel, middle).sensors.shape[-1]
    task.try_functions(qpos, qvel, gradients=bool(options.get("gradients", False)))
    return task
