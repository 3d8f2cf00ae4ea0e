"""Where models are started when nobody says where."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

import mosim_gym
from mosim_gym.envs.known_starts import known_starts
from mosim_gym.robots import load_robot


class Still(mosim_gym.Dynamics):
    def __init__(self, robot, card):
        self.robot, self.card = robot, card

    def step(self, qpos, qvel, action, features=None):
        raise AssertionError("Starts are known without a step.")


def _starts(card, name="cartpole", **changes):
    return known_starts(Still(replace(load_robot(name), **changes), card))


def test_a_cards_own_starts_come_first():
    qpos, qvel = _starts({"starts": {"qpos": [[1, 2]], "qvel": [[3, 4]]}, "box": None})
    assert (qpos.tolist(), qvel.tolist()) == ([[1, 2]], [[3, 4]])


def test_packaged_robots_start_as_their_tasks_do():
    assert len(_starts({})[0]) == sum(len(bank.qpos) for bank in load_robot("cartpole").reset_banks.values())


def test_other_robots_start_at_rest_or_where_the_data_are():
    bare = {"reset_banks": {}}
    np.testing.assert_array_equal(_starts({}, **bare)[0], load_robot("cartpole").qpos0[None])
    around = {"qpos": [[-1.0, None], [1.0, None]], "qvel": [[-1.0, -1.0], [1.0, 1.0]]}
    assert len(_starts({"box": around}, **bare)[0]) == 1
    beside = {"qpos": [[0.5, None], [1.0, None]], "qvel": [[-1.0, -1.0], [1.0, 1.0]]}
    qpos, qvel = _starts({"box": beside}, **bare)
    assert len(qpos) > 1000
    assert 0.5 <= qpos[:, 0].min() < qpos[:, 0].max() <= 1.0
    assert bool((qpos[:, 1] == 0).all())
    assert np.abs(qvel).max() <= 1
