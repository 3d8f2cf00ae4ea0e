"""Dynamics for tests of what happens to states that are not finite."""

from __future__ import annotations

import torch

import mosim_gym
from mosim_gym.mechanics.motion import Step
from mosim_gym.robots import load_robot


class Broken(mosim_gym.Dynamics):
    """Dynamics that say what they are told."""

    differentiable = True

    def __init__(self, card=None, robot="pendulum", readings=None):
        self.robot = load_robot(robot)
        self.card, self.readings = card or {}, readings
        self.rows = []

    def step(self, qpos, qvel, action, features=None):
        q, v = qpos + 0.1, qvel.clone()
        for row in self.rows:
            q[row] = float("nan")
        return Step(q, v, q.new_zeros(len(q), 0) if self.readings is None else torch.tensor(self.readings))
