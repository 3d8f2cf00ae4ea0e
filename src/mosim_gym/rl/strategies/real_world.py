"""`RealWorld`: the real task as a source of data. Every step of it is counted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from mosim_gym.data.stream import Transitions, transitions_between
from mosim_gym.envs.batch import TorchEnv
from mosim_gym.envs.commands import commands_after, commands_before, no_commands
from mosim_gym.envs.core import State
from mosim_gym.envs.ends import TorchStep
from mosim_gym.mechanics.typed_torch import from_numpy, whole_numbers
from mosim_gym.rl.strategies.real_robot import RealRobot, RobotDynamics, RobotSilent, RobotStarts
from mosim_gym.robots import find_task
from mosim_gym.truth.dynamics import TrueDynamics

Array = np.ndarray
Act = Callable[[Array], Array]
"""A function from observations `(B, n)` to actions `(B, nu)`."""


def steps_taken(wanted: int, num_envs: int) -> int:
    """The number nearest to `wanted` of steps that `num_envs` environments can take together."""
    return num_envs * max(1, round(wanted / num_envs))


class RealWorld:
    """`num_envs` real environments of `task`, simulated by MuJoCo, in which a policy acts; or one `RealRobot`.

    `steps` counts the control steps of all of them. `returns` has, for each whole episode, the count at its end and its return.

    For a model with `memory` the action of a transition has the commands before in front, the oldest first. Before the first command of an
    episode they are taken to equal it.
    """

    def __init__(
        self, task: str | RealRobot, num_envs: int = 1, *, seed: int = 0, episode: int = 1000, memory: int = 0
    ) -> None:
        """No step has been taken yet. A robot is reset before its first step."""
        self.robot = RobotDynamics(task) if isinstance(task, RealRobot) else None
        if isinstance(task, RealRobot):
            if num_envs != 1:
                raise ValueError(f"real_envs is {num_envs}; a robot is one environment: set real_envs=1.")
            assert self.robot is not None
            self.env = TorchEnv(task.task, 1, checkpoint=self.robot, max_episode_steps=task.episode_steps)
            self.env.starts = RobotStarts(self.robot)
        else:
            # without warm starts, so that a state alone fixes the next one
            self.env = self._simulated(task, TrueDynamics(find_task(task)[0].name, warm_start=False), num_envs, episode)
        self.steps = 0
        self.returns: list[tuple[int, float]] = []
        self.silent: RobotSilent | None = None
        """Why the last `collect` ended early, if the robot did not answer."""
        self._seed: int | None = seed
        self._observation: Tensor | None = self.env.reset(seed=seed) if self.robot is None else None
        self._return = np.zeros(num_envs)
        nu = self.env.task.robot.nu
        self._previous = no_commands(num_envs, memory, nu, torch.zeros(0, dtype=self.env.core.dtype))
        self._random = np.random.default_rng(seed)

    def _simulated(self, task: str, truth: TrueDynamics, num_envs: int, episode: int) -> TorchEnv:
        """The environments of a simulated task."""
        return TorchEnv(task, num_envs, checkpoint=truth, max_episode_steps=episode)

    def random(self, observation: Array) -> Array:
        """Uniformly random actions."""
        low, high = self.env.task.robot.control_range
        return self._random.uniform(low, high, (len(observation), len(low))).astype(np.float32)

    def collect(self, act: Act, steps: int) -> Transitions:
        """Take about `steps` real control steps under `act`. Returns the transitions, from which a model learns.

        Where the robot stops answering, they are those before, and `silent` says so. Steps that were not on time are left out.
        """
        env, self.silent, kept = self.env, None, list[tuple[Tensor, ...]]()
        try:
            for _ in range(steps_taken(steps, env.num_envs) // env.num_envs):
                kept.append(self._step(act))  # each is kept, whatever comes after it
        except RobotSilent as silence:
            self.silent = silence
            self._observation = None  # the next step begins with a reset
        return self._transitions(kept)

    def _transitions(self, kept: Sequence[tuple[Tensor, ...]]) -> Transitions:
        """Those of steps as `_noted` has them."""
        core, robot = self.env.core, self.env.task.robot
        width, commands = robot.nq + robot.nv, robot.nu * (1 + self._previous.shape[1])
        none = tuple(torch.zeros(0, n, dtype=core.dtype) for n in (width, commands, width, core.sensor_count))
        before, actions, after, readings = (torch.cat(column) for column in zip(none, *kept, strict=True))
        here, there = (part.split_with_sizes((robot.nq, robot.nv), dim=-1) for part in (before, after))
        return transitions_between(robot, here, actions, there, readings)

    def _step(self, act: Act) -> tuple[Tensor, ...]:
        """One real step of all environments, as `_noted` has it."""
        env = self.env
        if self._observation is None:
            self._observation, self._seed = env.reset(seed=self._seed), None
            self._return[:] = 0.0
            self._previous = torch.full_like(self._previous, torch.nan)
        state = env.state
        action = from_numpy(act(self._observation.float().numpy()))
        if not bool(action.isfinite().all()):
            raise FloatingPointError("The policy's actions are not finite; no real step can be taken.")
        return self._noted(state, action, env.step(action))

    def _noted(self, state: State, action: Tensor, step: TorchStep) -> tuple[Tensor, ...]:
        """Count a step of all environments from `state`: states before, controls, states after, and readings; no rows if it was not on
        time.
        """
        env = self.env
        command = env.core.clipped(action).detach()
        known = commands_before(self._previous, command)
        self._previous = commands_after(known, command)
        commands = torch.cat((known.flatten(1), command), dim=-1)
        reached = env.ended if env.ended is not None else env.state
        self.steps += env.num_envs
        self._observation = step.observation.detach()
        self._return += step.reward.detach().numpy()
        for row in whole_numbers((step.terminated | step.truncated).nonzero()[:, 0]):
            self.returns.append((self.steps, float(self._return[row])))
            self._return[row] = 0.0
            self._previous[row] = torch.nan
        before, after = (torch.cat((s.qpos, s.qvel), dim=-1).detach() for s in (state, reached))
        rows = slice(None) if self.robot is None or self.robot.on_time else slice(0)
        return before[rows], commands[rows], after[rows], reached.sensors[rows]

    def state(self) -> dict[str, Array]:
        """All that the next steps depend on."""
        arrays = {"steps": np.array(self.steps), "returns": np.array(self.returns, np.float64).reshape(-1, 2)}
        if self.robot is not None or self._observation is None:  # a robot does not wait where it was
            return arrays
        arrays |= {f"env/{name}": part for name, part in self.env.snapshot().items()}
        if self._previous.shape[1]:
            arrays["previous"] = self._previous.numpy()
        return arrays | {"observation": self._observation.numpy(), "return": self._return}

    def restore(self, arrays: Mapping[str, Array]) -> None:
        """Inverse of `state`, except that random actions begin anew, and that a robot begins a new episode."""
        if self.robot is None:
            self.env.resume(
                {name.removeprefix("env/"): part for name, part in arrays.items() if name.startswith("env/")}
            )
            self._observation = from_numpy(np.array(arrays["observation"]))
            self._return = np.array(arrays["return"])
            if "previous" in arrays:
                self._previous = from_numpy(np.array(arrays["previous"]))
        self.returns = [(int(steps), float(value)) for steps, value in arrays["returns"]]
        self.steps = int(arrays["steps"].item())
