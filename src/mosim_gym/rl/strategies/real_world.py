"""`RealWorld`: the real task as a source of data. Every step of it is counted."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch import Tensor

from mosim_gym.data.stream import Transitions, transitions_between
from mosim_gym.envs.batch import TorchEnv
from mosim_gym.mechanics.typed_torch import from_numpy, whole_numbers
from mosim_gym.robots import find_task
from mosim_gym.truth.dynamics import TrueDynamics

Array = np.ndarray
Act = Callable[[Array], Array]
"""A function from observations `(B, n)` to actions `(B, nu)`."""


def steps_taken(wanted: int, num_envs: int) -> int:
    """The number nearest to `wanted` of steps that `num_envs` environments can take together."""
    return num_envs * max(1, round(wanted / num_envs))


class RealWorld:
    """`num_envs` real environments of `task`, simulated by MuJoCo, in which a policy acts.

    `steps` counts the control steps of all of them. `returns` has, for each whole episode, the count at its end and its return.
    """

    def __init__(self, task: str, num_envs: int = 1, *, seed: int = 0, episode: int = 1000) -> None:
        """No step has been taken yet."""
        dynamics = TrueDynamics(find_task(task)[0].name, warm_start=False)  # so that a state alone fixes the next one
        self.env = TorchEnv(task, num_envs, checkpoint=dynamics, max_episode_steps=episode)
        self.steps = 0
        self.returns: list[tuple[int, float]] = []
        self._observation = self.env.reset(seed=seed)
        self._return = np.zeros(num_envs)
        self._random = np.random.default_rng(seed)

    def random(self, observation: Array) -> Array:
        """Uniformly random actions."""
        low, high = self.env.task.robot.control_range
        return self._random.uniform(low, high, (len(observation), len(low))).astype(np.float32)

    def collect(self, act: Act, steps: int) -> Transitions:
        """Take about `steps` real control steps under `act`. Returns the transitions, from which a model learns."""
        env = self.env
        before: list[Tensor] = []
        after: list[Tensor] = []
        actions: list[Tensor] = []
        readings: list[Tensor] = []
        for _ in range(steps_taken(steps, env.num_envs) // env.num_envs):
            state = env.state
            action = from_numpy(act(self._observation.float().numpy()))
            if not bool(action.isfinite().all()):
                raise FloatingPointError("The policy's actions are not finite; no real step can be taken.")
            step = env.step(action)
            reached = env.ended if env.ended is not None else env.state
            before.append(torch.cat((state.qpos, state.qvel), dim=-1))
            after.append(torch.cat((reached.qpos, reached.qvel), dim=-1))
            actions.append(env.core.clipped(action))
            readings.append(reached.sensors)
            self.steps += env.num_envs
            self._observation = step.observation
            self._return += step.reward.numpy()
            for row in whole_numbers((step.terminated | step.truncated).nonzero()[:, 0]):
                self.returns.append((self.steps, float(self._return[row])))
                self._return[row] = 0.0
        robot = env.task.robot
        sizes = robot.nq, robot.nv
        here, there = (torch.cat(parts).split_with_sizes(sizes, dim=-1) for parts in (before, after))
        return transitions_between(robot, here, torch.cat(actions), there, torch.cat(readings))

    def state(self) -> dict[str, Array]:
        """All that the next steps depend on."""
        arrays = {f"env/{name}": part for name, part in self.env.snapshot().items()}
        arrays |= {"observation": self._observation.numpy(), "return": self._return, "steps": np.array(self.steps)}
        return {**arrays, "returns": np.array(self.returns, np.float64).reshape(-1, 2)}

    def restore(self, arrays: Mapping[str, Array]) -> None:
        """Inverse of `state`, except that random actions begin anew."""
        self.env.resume({name.removeprefix("env/"): part for name, part in arrays.items() if name.startswith("env/")})
        self._observation = from_numpy(np.array(arrays["observation"]))
        self._return = np.array(arrays["return"])
        self.returns = [(int(steps), float(value)) for steps, value in arrays["returns"]]
        self.steps = int(arrays["steps"].item())
