"""A model and the truth side by side begin alike, get the same actions and shoves, and drift apart by the model's error."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest

from mosim_gym.envs.beside_truth import BesideTruth
from mosim_gym.envs.registration import env_id
from mosim_gym.mechanics.names import UnknownName
from mosim_gym.robots import find_task, tasks
from mosim_gym.zoo import packaged

pytest.importorskip("mujoco")
ROBOTS = {find_task(task)[0].name: task for task in reversed(tasks())}
LEARNED = [task for robot, task in sorted(ROBOTS.items()) if robot in packaged()]
"""A task of each robot with a packaged checkpoint"""


def test_both_follow_their_own_environments_from_the_same_start():
    pair = BesideTruth("ReacherEasy")
    start = pair.reset(seed=3)
    assert start.error < 1e-6
    options = {"qpos": start.truth, "goal": start.goal, "qvel": pair.truth.reset(seed=3)[1]["qvel"]}
    pair.reset(seed=3)
    envs = [gym.make(env_id("ReacherEasy"), checkpoint=kind) for kind in (None, "truth")]
    for env in envs:
        env.reset(options=options)
    for _ in range(20):
        now = pair.step(np.array([0.5, -0.2], np.float32))
        infos = [env.step(np.array([0.5, -0.2], np.float32))[4] for env in envs]
    np.testing.assert_allclose(now.model, infos[0]["qpos"], atol=1e-4)
    np.testing.assert_allclose(now.truth, infos[1]["qpos"], atol=1e-4)
    assert 0 < now.error < 0.1


def test_the_truth_beside_itself_has_no_error_even_after_a_shove():
    pair = BesideTruth("CheetahRun", checkpoint="truth")
    pair.reset(seed=0)
    pair.shove("torso", [2.0, 0.0, 1.0])
    for _ in range(10):
        now = pair.step(np.zeros(6, np.float32))
    assert now.error < 1e-6


def test_a_shove_moves_the_robot_the_way_it_is_pushed():
    pair = BesideTruth("CheetahRun")
    before = pair.reset(seed=0)
    pair.shove("torso", [2.5, 0.0, 0.0])
    for _ in range(10):
        now = pair.step(np.zeros(6, np.float32))
    for state in (now.model, now.truth):
        assert state[0] - before.model[0] > 0.1  # 2.5 m/s for 0.1 s would be 0.25 m


def test_the_truth_rejoins_the_model():
    pair = BesideTruth("CheetahRun")
    pair.reset(seed=0)
    for _ in range(30):
        apart = pair.step(np.ones(6, np.float32))
    assert pair.rejoin().error < 1e-6 < apart.error
    np.testing.assert_allclose(pair.standing().truth, apart.model)


def test_an_unknown_body_is_named_with_the_valid_ones():
    pair = BesideTruth("CheetahRun")
    pair.reset(seed=0)
    with pytest.raises(UnknownName, match=r"Did you mean 'torso'.*bfoot"):
        pair.shove("trunk_torso", [1, 0, 0])


@pytest.mark.slow
@pytest.mark.parametrize("task", LEARNED)
def test_every_packaged_robot_stays_near_its_truth_and_can_be_shoved(task):
    pair = BesideTruth(task)
    pair.reset(seed=0)
    low, high = pair.model.action_space.low, pair.model.action_space.high
    middle = np.clip((low + high) / 2, -1, 1)
    for _ in range(3):
        near = pair.step(middle)
    pair.shove(pair.bodies[int(pair.robot.bodies.mass[1:].argmax())], [0.3, 0.0, 0.1])
    for _ in range(3):
        pushed = pair.step(middle)
    assert near.end is pushed.end is None
    assert near.error < 0.02
    assert pushed.error < 0.05
