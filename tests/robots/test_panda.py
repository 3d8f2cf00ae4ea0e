"""The Panda is what MuJoCo makes of its file, and its file has the published figures."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import gymnasium as gym
import mujoco
import numpy as np
import pytest
import torch

from mosim_gym.mechanics.compiling import load_model
from mosim_gym.robots import find_robot, load_robot, load_task
from mosim_gym.robots.panda import ARRIVED, READY

SUBSTEPS = 10


@pytest.fixture(scope="module")
def model():
    return load_model(find_robot("panda").mjcf_file.read_text())


def _reward(distance, speed):
    """The reward as the task's documentation has it."""
    beyond = np.maximum(distance - 0.02, 0) / 0.3
    return 1 / (9 * beyond**2 + 1) * (4 + 0.1 ** (speed**2)) / 5


def _point(model, data):
    """Place and speed of the point between the fingers."""
    velocity = np.zeros(6)
    mujoco.mj_objectVelocity(model, data, mujoco.mjtObj.mjOBJ_SITE, model.site("tcp").id, velocity, 0)
    return data.site("tcp").xpos.copy(), float(np.linalg.norm(velocity[3:]))


def test_observations_and_rewards_are_mujocos(model, rng):
    task, data = load_task("PandaReach"), mujoco.MjData(model)
    qpos, qvel = (
        rng.uniform(*model.jnt_range.T, (200, 9)),
        rng.normal(size=(200, 9)) * rng.choice([0, 0.3, 3], (200, 1)),
    )
    goal = task.sample_goal(torch.Generator().manual_seed(0), 200).numpy()
    places, speeds = [], []
    for q, v in zip(qpos, qvel, strict=True):
        data.qpos[:], data.qvel[:] = q, v
        mujoco.mj_forward(model, data)
        place, speed = _point(model, data)
        places.append(place)
        speeds.append(speed)
    goal[:50] = np.array(places)[:50] + rng.normal(size=(50, 3)) * ARRIVED
    features, none = task.features(torch.tensor(qpos), torch.tensor(qvel)), torch.zeros(200, 0)
    observation = task.observation(features, torch.tensor(goal), none)
    reward = task.reward(features, torch.zeros(200, 8), torch.tensor(goal), none).numpy()
    np.testing.assert_allclose(observation["to_target"], goal - np.array(places), atol=1e-12)
    np.testing.assert_allclose(reward, _reward(np.linalg.norm(goal - places, axis=1), np.array(speeds)), atol=1e-12)
    assert reward.min() < 0.1
    assert reward.max() > 0.9


def test_steps_and_rewards_of_the_environment_are_mujocos(model, rng):
    env, data = gym.make("MoSim/PandaReach-v0", checkpoint="truth"), mujoco.MjData(model)
    _, info = env.reset(seed=3)
    data.qpos[:], data.qvel[:] = info["qpos"], info["qvel"]
    for _ in range(20):
        data.ctrl[:] = action = rng.uniform(env.action_space.low, env.action_space.high).astype(np.float32)
        _, reward, _, _, info = env.step(action)
        mujoco.mj_step(model, data, SUBSTEPS)
        np.testing.assert_allclose(info["qpos"], data.qpos, atol=1e-9)
        np.testing.assert_allclose(info["qvel"], data.qvel, atol=1e-7)
        mujoco.mj_forward(model, data)
        place, speed = _point(model, data)
        assert reward == pytest.approx(_reward(np.linalg.norm(info["goal"] - place), speed), abs=1e-5)


def test_commands_span_the_ranges_of_the_joints_and_both_fingers_close_together(model):
    env = gym.make("MoSim/PandaReach-v0", checkpoint="truth")
    *_, info = env.reset(seed=0)
    command = np.array([0.1, -0.3, 0.1, -0.3, 0, 0.1, 0.2, -0.5], np.float32)
    for _ in range(100):
        *_, info = env.step(command)
        assert abs(info["qpos"][7] - info["qpos"][8]) < 1e-3
    low, high = model.jnt_range[:8].T
    np.testing.assert_allclose(info["qpos"][:8], (low + high + command * (high - low)) / 2, atol=5e-3)


def test_episodes_begin_near_the_ready_pose_whose_place_franka_publishes(model):
    start = load_task("PandaReach").sample_start(torch.Generator().manual_seed(0), 500)
    turned = start.qpos[:, :7] - torch.tensor(list(READY.values()))
    assert float(turned.abs().max()) <= 0.1
    assert bool((start.qpos[:, 7] == start.qpos[:, 8]).all())
    assert not start.qvel.any()
    data = mujoco.MjData(model)
    data.qpos[:7] = list(READY.values())
    mujoco.mj_kinematics(model, data)
    np.testing.assert_allclose(data.site("tcp").xpos, [0.3069, 0, 0.4869], atol=1e-4)


def test_goals_are_where_the_arm_can_reach(model):
    goals = load_task("PandaReach").sample_goal(torch.Generator().manual_seed(0), 25).numpy()
    data, jacobian, low_high = mujoco.MjData(model), np.zeros((3, 9)), model.jnt_range[:7].T
    for goal in goals:
        data.qpos[:7] = list(READY.values())
        data.qpos[0] = np.arctan2(goal[1], goal[0])
        for _ in range(100):
            mujoco.mj_kinematics(model, data)
            mujoco.mj_comPos(model, data)
            away = goal - data.site("tcp").xpos
            mujoco.mj_jacSite(model, data, jacobian, None, model.site("tcp").id)
            arm = jacobian[:, :7]
            data.qpos[:7] = np.clip(
                data.qpos[:7] + arm.T @ np.linalg.solve(arm @ arm.T + 1e-3 * np.eye(3), away), *low_high
            )
        assert np.linalg.norm(away) < ARRIVED


def test_figures_agree_with_those_of_dm_robotics():
    found = importlib.util.find_spec("dm_robotics") and importlib.util.find_spec("dm_robotics.panda")
    if not found:
        pytest.skip("dm-robotics-panda is not installed")
    folder = Path(next(iter(found.submodule_search_locations))) / "assets" / "panda"
    theirs, ours = mujoco.MjModel.from_xml_path(str(folder / "panda.xml")), load_robot("panda")
    for number in range(1, 8):
        link, joint = theirs.body(f"panda_link{number}"), theirs.joint(f"panda_joint{number}")
        row, mine = ours.bodies.index(f"link{number}"), ours.joints.index(f"joint{number}")
        assert ours.bodies.mass[row] == pytest.approx(link.mass[0], rel=1e-6)
        np.testing.assert_allclose(ours.bodies.pos[row], link.pos, atol=1e-6)
        np.testing.assert_allclose(ours.bodies.ipos[row], link.ipos, atol=1e-6)
        np.testing.assert_allclose(ours.bodies.inertia[row], link.inertia, rtol=1e-4)
        np.testing.assert_allclose(ours.joints.range[mine], joint.range, atol=1e-3)
    hand = mujoco.MjModel.from_xml_path(str(folder / "panda_hand.xml"))
    assert ours.bodies.mass[ours.bodies.index("hand")] == pytest.approx(hand.body("panda_hand").mass[0])
    finger = ours.bodies.index("left_finger")
    np.testing.assert_allclose(ours.bodies.inertia[finger], hand.body("panda_leftfinger").inertia, rtol=1e-3)
