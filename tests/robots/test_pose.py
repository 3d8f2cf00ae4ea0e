"""Poses are drawn within the joints' ranges and rewarded by how near each joint is."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest
import torch

from mosim_gym.mechanics.compiling import compile_robot
from mosim_gym.robots.pose import ARRIVED, NEARBY, Pose

XML = """<mujoco><worldbody><body><joint name="a" range="0 90" limited="true"/><geom size=".1"/>
  <body><joint name="b" range="-30 30" limited="true"/><geom size=".1"/></body></body></worldbody>
  <actuator><motor joint="a" ctrlrange="-1 1"/></actuator></mujoco>"""


class ArmPose(Pose):
    """Bring the arm to a pose."""

    domain = "arm"


@pytest.fixture(scope="module")
def task():
    return ArmPose(compile_robot(mujoco.MjModel.from_xml_string(XML), name="arm", substeps=1))


def _reward(task, qpos, goal):
    qpos, none = torch.tensor(qpos, dtype=torch.float64), torch.zeros(len(qpos), 0)
    features = task.features(qpos, torch.zeros_like(qpos))
    return task.reward(features, torch.zeros(len(qpos), 1), torch.tensor(goal, dtype=torch.float64), none).tolist()


def test_the_goal_has_an_angle_for_each_joint_in_the_middle_of_its_range(task):
    assert task.goal_names == ("goal_a", "goal_b")
    goals = task.sample_goal(torch.Generator().manual_seed(0), 1000).numpy()
    np.testing.assert_allclose(goals.min(0), np.deg2rad([9, -24]), atol=0.02)
    np.testing.assert_allclose(goals.max(0), np.deg2rad([81, 24]), atol=0.02)


def test_starts_are_anywhere_in_the_ranges_and_at_rest(task):
    start = task.sample_start(torch.Generator().manual_seed(0), 1000)
    low, high = task.robot.joints.range.T
    assert (start.qpos.numpy() >= low).all()
    assert (start.qpos.numpy() <= high).all()
    assert start.qpos[:, 0].min() < 0.05
    assert not start.qvel.any()


def test_the_reward_is_one_at_the_goal_and_a_tenth_at_the_margin(task):
    far = ARRIVED + NEARBY
    assert _reward(
        task, [[0.5, 0.1], [0.5 + ARRIVED, 0.1], [0.5 + far, 0.1 - far], [0.5 + far, 0.1]], [[0.5, 0.1]] * 4
    ) == pytest.approx([1, 1, 0.1, 0.55])


def test_the_observation_says_the_way_to_the_goal(task):
    qpos, goal = torch.tensor([[0.2, 0.1]]), torch.tensor([[0.5, -0.1]])
    seen = task.observation(task.features(qpos, torch.ones(1, 2)), goal, torch.zeros(1, 0))
    torch.testing.assert_close(seen["to_goal"], torch.tensor([[0.3, -0.2]]))
    assert list(seen) == ["position", "to_goal", "velocity"]
