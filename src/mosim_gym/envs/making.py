"""`make_env`: environments on top of any model, from a reward function, without a package, a class or an id."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import partial
from os import PathLike
from typing import Any, Unpack, overload

import torch
from gymnasium.envs.registration import EnvSpec
from torch import Generator, Tensor

from mosim_gym.dynamics.limited import ControlRange, LimitedControls
from mosim_gym.dynamics.simulator import SimulatorOptions
from mosim_gym.envs.known_starts import known_starts
from mosim_gym.envs.made_options import BATCH_OPTIONS, GIVEN, BatchOptions, SingleOptions, check_options
from mosim_gym.envs.penalties.base import PENALTIES, Penalty
from mosim_gym.envs.single import MoSimEnv
from mosim_gym.envs.start_checks import check_starts
from mosim_gym.envs.starts import TASK, ResetFrom, Starts
from mosim_gym.envs.vector import MoSimVectorEnv
from mosim_gym.mechanics.devices import usable_device
from mosim_gym.mechanics.dynamics import Dynamics
from mosim_gym.mechanics.signatures import options_of
from mosim_gym.robots.function_task import DrawGoals, FunctionTask, Observe, Reward, TaskFunctions, Terminate
from mosim_gym.zoo.names import load

PROBES, STARTS = 3, 256
"""The number of starts in which functions are tried, and of those that are looked at."""
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
    control_range: ControlRange | None = None,
    **options: Unpack[SingleOptions],
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
    control_range: ControlRange | None = None,
    **options: Unpack[BatchOptions],
) -> MoSimVectorEnv: ...
@options_of(MoSimEnv, MoSimVectorEnv, without=GIVEN)
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
    control_range: ControlRange | None = None,
    **options: Any,
) -> MoSimEnv | MoSimVectorEnv:
    """An environment in which `model` moves: one `gymnasium.Env`, or with `num_envs` a batch as one `VectorEnv`, whose `torch` is in torch.

    - `model` is a `Simulator` or any `Dynamics`, the name of a packaged checkpoint, or a checkpoint's path.
    - `reward(features, action)` gives the rewards `(B,)` of B states after a step. `features` are `NamedFeatures`.
    - `observation(features)` gives `(B, n)`, or a mapping of parts. By default it is, in this order: the positions `qpos` without those of
      hinges that have no limits; the sines of those hinges; their cosines; all velocities `qvel`. `env.observation_names` has a name for
      each number.
    - `reset` says where episodes begin: states `(qpos (N, nq), qvel (N, nv))`, `Logs`, a dataset, or a function
      `(generator, n) -> (qpos, qvel)`. By default they begin in `known_starts`.
    - `terminated(features)` says which episodes end for good, `(B,)` bool.
    - `goal(generator, n)` draws the goals `(n, k)` of n episodes, which the functions read as `features.goal`.
    - `control_range` narrows the ranges of some actuators, as in `{"elbow": (-2, 2)}`: the policy never commands more.
    - `max_episode_steps` is -1 for no limit.
    - `penalty` is a penalty, the name of a registered one, or several of them.

    Further options are those of `MoSimEnv`, or with `num_envs` of `MoSimVectorEnv`. All functions are called once here, on states in which
    episodes begin; results of a wrong kind raise `TypeError` or `ValueError`. They must be pure functions of their arguments, in torch,
    because a step is recorded and then replayed.
    """
    check_options(options, batch=num_envs is not None)
    dynamics = _opened(model, options)
    if control_range is not None:
        dynamics = LimitedControls(dynamics, control_range)
    again = partial(make_env, dynamics, reward, observation, reset, terminated, penalty=penalty, goal=goal)
    functions = TaskFunctions(reward, observation, terminated, goal)
    task, starts = _task(dynamics, functions, TASK if reset is None else reset, options)
    if num_envs is None:
        env = MoSimEnv(task, checkpoint=dynamics, max_episode_steps=max_episode_steps, **options)
        env.starts, penalties = starts, env.penalties
    else:
        env = MoSimVectorEnv(task, num_envs, checkpoint=dynamics, max_episode_steps=max_episode_steps, **options)
        env.torch.starts, penalties = starts, env.torch.penalties
    for each in _several(penalty):
        penalties.add(PENALTIES.find(each)() if isinstance(each, str) else each)
    env.spec = _spec(again, dynamics.robot.name, max_episode_steps, options)
    return env


def _spec(again: partial[Any], name: str, max_episode_steps: int, options: Mapping[str, Any]) -> EnvSpec:
    """A specification from which `gymnasium.make` and `make_vec` make such environments again. Its id is not registered."""
    single = {name: value for name, value in options.items() if name not in BATCH_OPTIONS}
    return EnvSpec(
        f"make_env/{re.sub('[^A-Za-z0-9_.-]', '-', name)}",
        entry_point=partial(again, max_episode_steps=-1, **single),
        vector_entry_point=partial(again, **options),
        max_episode_steps=None if max_episode_steps == -1 else max_episode_steps,
    )


def _several(penalty: Penalised | Sequence[Penalised] | None) -> Sequence[Penalised]:
    if penalty is None:
        return []
    return penalty if isinstance(penalty, Sequence) and not isinstance(penalty, str) else [penalty]  # type: ignore[list-item]


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


def _task(
    dynamics: Dynamics, functions: TaskFunctions, reset: ResetFrom, options: dict[str, Any]
) -> tuple[FunctionTask, Starts]:
    """The task of the functions, which were tried on some states in which its episodes begin, and all its starts."""
    robot, generator = dynamics.robot, Generator().manual_seed(0)
    task = FunctionTask(robot, functions, known_starts(dynamics))
    starts = Starts(task, reset, "reset", memory=dynamics.memory)
    start: dict[str, Tensor] = {**task.sample_start(generator, STARTS)._asdict(), **starts.draw(generator, STARTS)}
    device = usable_device(options.get("device", "cpu"))
    qpos, qvel, goal = (start[name].to(device, dynamics.dtype) for name in ("qpos", "qvel", "goal"))
    with torch.no_grad():
        low, high = (torch.as_tensor(side).to(qpos) for side in robot.control_range)
        middle = ((low + high) / 2).nan_to_num().repeat(PROBES, 1)
        task.sensor_count = dynamics.step(qpos[:PROBES], qvel[:PROBES], middle).sensors.shape[-1]
    box, gradients = dynamics.card.get("box"), bool(options.get("gradients", False))
    task.try_functions(qpos[:PROBES], qvel[:PROBES], box=box, gradients=gradients)
    check_starts(task, dynamics, qpos, qvel, goal)
    return task, starts
