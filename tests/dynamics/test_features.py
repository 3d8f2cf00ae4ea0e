"""Contacts foreseen within a control step: exact where points move uniformly, and part of what a model is told."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest
import torch

from mosim_gym.data.resets import reset_sampler
from mosim_gym.dynamics.config import MoSimConfig, preset
from mosim_gym.dynamics.contact_features import DEEP, ContactFeatures
from mosim_gym.dynamics.features import InputFeatures
from mosim_gym.dynamics.mosim import MoSim
from mosim_gym.dynamics.shapes import model_shapes
from mosim_gym.dynamics.simulator import Simulator
from mosim_gym.mechanics import ForwardKinematics, contact_clearance, integrate, limit_distance
from mosim_gym.mechanics.compiling import compile_robot
from mosim_gym.mechanics.servo_forces import ServoForces
from mosim_gym.robots import find_robot, load_robot
from mosim_gym.training.model_choice import model_for
from mosim_gym.zoo.checkpoint import save_checkpoint
from mosim_gym.zoo.names import load


@pytest.mark.parametrize("name", ["hopper", "walker", "humanoid"])
def test_foreseen_contacts_are_those_of_uniform_motion(name):
    robot = load_robot(name)
    features = InputFeatures(robot, preset("substeps", foresight=(), ahead=2)).double()
    kinematics = ForwardKinematics(robot, features.quantities)
    states = reset_sampler("wide", find_robot(name))(np.random.default_rng(0), 200)
    qpos, qvel = torch.from_numpy(states[0]), torch.zeros(200, robot.nv, dtype=torch.float64)
    qvel[:, robot.dofs.index("root.z" if name == "humanoid" else "rootz")] = -1.5
    told = features(qpos, qvel, torch.zeros(200, robot.nu, dtype=torch.float64), kinematics(qpos, qvel))
    later = integrate(robot, qpos, qvel, robot.control_step)
    points = contact_clearance(robot, kinematics(later, qvel))[0]
    count = points.shape[1] + limit_distance(robot, later).shape[1]
    touching, depth = told[:, -2 * count : -count], told[:, -count:]
    foreseen = depth[:, : points.shape[1]]
    torch.testing.assert_close(foreseen, (-points).clamp(0, 5 * DEEP), atol=1e-6, rtol=1e-5)
    clear = points.abs() > 1e-6
    assert torch.equal(touching[:, : points.shape[1]][clear] > 0, (points < 0)[clear])
    assert 0.005 < float((foreseen > 0).double().mean()) < 0.9


def test_steps_of_joint_velocities_are_told_where_dry_friction_is_asked_for(rng):
    robot = load_robot("humanoid")
    plain, rubbing = (
        InputFeatures(robot, preset("default", nonsmooth=False, friction=speeds)) for speeds in ((), (0.1, 2.0))
    )
    qpos = torch.tensor(robot.qpos0, dtype=torch.float32).expand(3, -1)
    qvel = torch.from_numpy(rng.normal(size=(3, robot.nv))).float()
    state = qpos, qvel, torch.zeros(3, robot.nu), {}
    end = plain.position_size + plain.velocity_size
    hinges = robot.nv - 6
    told = rubbing(*state)[:, end : end + 2 * hinges]
    expected = torch.cat([torch.tanh(qvel[:, 6:] / speed) for speed in (0.1, 2.0)], dim=1)
    torch.testing.assert_close(told, expected)
    torch.testing.assert_close(rubbing(*state)[:, :end], plain(*state)[:, :end])
    assert rubbing.size == plain.size + 2 * hinges


TENDON_ARM = """<mujoco><worldbody><site name="peg" pos=".1 0 .2"/>
    <body><joint name="j" axis="0 1 0" range="-1 1" limited="true"/>
      <geom name="round" type="cylinder" size=".05 .1" euler="90 0 0" contype="0"/>
      <geom size=".1" pos="0 0 -.3" contype="0"/><site name="end" pos=".02 0 -.3"/></body></worldbody>
  <tendon><spatial name="t" limited="true" range="0 .5"><site site="peg"/><geom geom="round"/><site site="end"/></spatial></tendon>
  <actuator><motor tendon="t" gear="7" ctrlrange="-1 0"/></actuator></mujoco>"""


def _tendon_states(rng):
    model = mujoco.MjModel.from_xml_string(TENDON_ARM)
    robot, data = compile_robot(model, name="arm", substeps=10), mujoco.MjData(model)
    states, truth = (rng.uniform(-1, 1, (50, 1)), rng.normal(size=(50, 1)), rng.uniform(-1, 0, (50, 1))), []
    for q, v, a in zip(*states, strict=True):
        data.qpos[:], data.qvel[:], data.ctrl[:] = q, v, a
        mujoco.mj_forward(model, data)
        truth.append([*data.ten_length, *data.ten_velocity, *data.qfrc_actuator])
    return robot, [torch.tensor(part, dtype=torch.float32) for part in states], torch.tensor(truth, dtype=torch.float32)


def test_lengths_rates_and_pulls_of_tendons_are_told(rng):
    robot, (qpos, qvel, action), truth = _tendon_states(rng)
    features = InputFeatures(robot, preset("smooth", tendons=("t",)))
    told = features(qpos, qvel, action, ForwardKinematics(robot, features.quantities)(qpos, qvel))
    assert (features.position_size, features.velocity_size, features.action_size) == (2, 3, 2)
    assert told.shape == (50, features.size)
    length, rate, pull = told[:, 1], told[:, 4], told[:, 6]
    torch.testing.assert_close(torch.stack((length, rate, pull), dim=1), truth, atol=1e-4, rtol=1e-4)


def test_limits_of_tendons_are_gaps(rng):
    robot, (qpos, qvel, _), truth = _tendon_states(rng)
    contact = ContactFeatures(robot, preset("smooth", tendons=("t",)), body_frame=False)
    values = ForwardKinematics(robot, contact.quantities)(qpos, qvel)
    gaps = contact.gaps(qpos, qvel, values, [])
    assert contact.gap_count == 4
    torch.testing.assert_close(
        gaps.gap[:, 2:], torch.stack((truth[:, 0], 0.5 - truth[:, 0]), dim=1), atol=1e-5, rtol=1e-5
    )
    torch.testing.assert_close(gaps.rate[:, 2:], torch.stack((truth[:, 1], -truth[:, 1]), dim=1), atol=1e-4, rtol=1e-4)
    assert ContactFeatures(robot, preset("smooth"), body_frame=False).gap_count == 2


@pytest.mark.parametrize("name", ["smooth", "substeps", "measured"])
def test_models_with_tendons_step_have_gradients_and_the_shapes_that_are_foretold(name, rng):
    robot, states, _ = _tendon_states(rng)
    config = preset(name, tendons=("t",), memory=1 if name == "measured" else 0)
    model = MoSim(robot, config)
    assert {key: tuple(value.shape) for key, value in model.state_dict().items()} == model_shapes(robot, config)
    assert MoSimConfig.from_dict(config.to_dict()) == config
    if config.memory:
        return
    qpos = states[0].requires_grad_()
    step = Simulator(model, {}).step(qpos, *states[1:])
    (gradient,) = torch.autograd.grad(step.qvel.sum(), qpos)
    assert bool(gradient.isfinite().all())
    assert float(gradient.abs().max()) > 0


@pytest.mark.parametrize("name", ["panda", "go2_pd"])
def test_forces_of_servos_are_told_and_a_model_that_sees_them_survives_its_file(name, tmp_path, rng):
    robot, config = load_robot(name), model_for(name)
    model = MoSim(robot, config)
    assert config.servos
    assert {key: tuple(value.shape) for key, value in model.state_dict().items()} == model_shapes(robot, config)
    qpos, qvel = np.tile(robot.qpos0, (3, 1)), 0.1 * rng.normal(size=(3, robot.nv))
    action = 0.02 * rng.normal(size=(3, robot.nu))
    state = [torch.as_tensor(x, dtype=torch.float32) for x in (qpos, qvel, action)]
    inputs = model.features(*state, ForwardKinematics(robot, model.features.quantities)(*state[:2]))
    forces = ServoForces(robot)(*state)
    end = model.features.smooth_size
    torch.testing.assert_close(inputs[:, end - forces.shape[-1] : end], forces)
    before, path = Simulator(model, {}), tmp_path / "checkpoint.safetensors"
    save_checkpoint(path, model, {"name": name})
    np.testing.assert_array_equal(load(path).step(qpos, qvel, action).qvel, before.step(qpos, qvel, action).qvel)
