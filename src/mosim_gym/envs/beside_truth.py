"""`BesideTruth`: a model and the truth of one task, from the same state, under the same actions and the same shoves."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from mosim_gym.dynamics.shove import Shove
from mosim_gym.envs.backend import TRUTH, Checkpoint
from mosim_gym.envs.single import MoSimEnv
from mosim_gym.envs.spaces import Info
from mosim_gym.mechanics import ForwardKinematics
from mosim_gym.mechanics.names import UnknownName
from mosim_gym.mechanics.quantities import centre_of_mass
from mosim_gym.mechanics.typed_torch import vector_norm
from mosim_gym.robots import Task

Array = np.ndarray
TASK_ENDED = "the task ended the episode"


class Standing(NamedTuple):
    """Where both are."""

    model: Array
    """`qpos (nq,)` of the model"""
    truth: Array
    """`qpos (nq,)` of the truth"""
    goal: Array
    """`(goal_size,)`, that of both"""
    rewards: tuple[float, float]
    """of the last step, in the model and in truth; 0 before the first"""
    error: float
    """The mean distance of the bodies' centres of mass in the model from those in truth, m"""
    end: str | None = None
    """Why the model's episode is over, if it is"""


class BesideTruth:
    """`task` in a model, given by `checkpoint` as in `gym.make`, and in MuJoCo behind the same core.

    Both begin in the same state and get the same actions. Where the truth ends, it begins again in the model's state.
    """

    def __init__(self, task: str | Task, *, checkpoint: Checkpoint | None = None) -> None:
        """Open both. Call `reset` first."""
        self.model = MoSimEnv(task, checkpoint=checkpoint)
        self.truth = MoSimEnv(task, checkpoint=TRUTH)
        self.task, self.robot = self.model.task, self.model.task.robot
        self.bodies = self.robot.bodies.names[1:]
        """The names of the bodies, which `shove` takes."""
        self.observation: Array = np.zeros(0, np.float32)
        """The model's `(n,)`, which a policy reads."""
        self._shove = Shove(self.robot)
        every = [f"#{body}" for body in range(1, len(self.robot.bodies))]
        self._places = ForwardKinematics(self.robot, {"places": centre_of_mass(every)})
        self._infos: tuple[Info, Info] = ({}, {})
        self._rewards = 0.0, 0.0

    def reset(self, seed: int | None = None) -> Standing:
        """Begin an episode, in the model and in truth."""
        self.observation, info = self.model.reset(seed=seed)
        self._infos = info, self.truth.reset(options=info)[1]
        self._rewards = 0.0, 0.0
        return self.standing()

    def rejoin(self) -> Standing:
        """Put the truth into the model's state."""
        model = self._infos[0]
        self._infos = model, self.truth.reset(options=model)[1]
        return self.standing()

    def step(self, action: Any) -> Standing:
        """One control step of both under `action (nu,)`."""
        self.observation, reward, over, cut, info = self.model.step(action)
        _, true_reward, true_over, true_cut, true_info = self.truth.step(action)
        self._infos, self._rewards = (info, true_info), (reward, true_reward)
        end = TASK_ENDED if over else str(info["end"]) if cut else None
        if end is None and (true_over or true_cut):
            self.rejoin()
        return self.standing(end)

    def shove(self, body: str, velocity: Any) -> Standing:
        """Push `body` so that its centre of mass gets `velocity (3,)`, m/s in the world's axes, in addition to its own in that direction.

        The impulse follows from the robot's masses and the model's state. The truth gets the same one.
        """
        if body not in self.bodies:
            raise UnknownName("body", body, self.bodies)
        wanted = torch.zeros(1, len(self.bodies), 3)
        wanted[0, self.bodies.index(body)] = torch.as_tensor(np.asarray(velocity, np.float32))
        states = [torch.tensor(info["qpos"][None], dtype=torch.float32) for info in self._infos]
        impulses = self._shove.impulses(states[0], wanted)
        pushed: list[Info] = [
            {**info, "qvel": info["qvel"] + self._shove(state, impulses)[0].numpy()}
            for info, state in zip(self._infos, states, strict=True)
        ]
        self.observation, model = self.model.reset(options=pushed[0])
        self._infos = model, self.truth.reset(options=pushed[1])[1]
        return self.standing()

    def standing(self, end: str | None = None) -> Standing:
        """Where both are now, and the reason `end` why the model's episode is over."""
        model, truth = self._infos
        return Standing(model["qpos"], truth["qpos"], model["goal"], self._rewards, self._apart(), end)

    def _apart(self) -> float:
        states = np.stack([np.asarray(info["qpos"], np.float64) for info in self._infos])
        places: Tensor = self._places(torch.tensor(states))["places"]
        return float(vector_norm(places[0] - places[1], dim=-1).mean())
