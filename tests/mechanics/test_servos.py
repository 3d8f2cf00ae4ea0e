"""Forces of servos equal MuJoCo's, and a damaged description of them is refused."""

from __future__ import annotations

import dataclasses

import mujoco
import numpy as np
import pytest
import torch

from mosim_gym.mechanics import Robot
from mosim_gym.mechanics.compiling import compile_robot, load_model
from mosim_gym.mechanics.servo_forces import ServoForces
from mosim_gym.mechanics.storage import FileFault
from mosim_gym.robots import find_robot, load_robot, robot_definitions

ARM = """
<mujoco>
  <worldbody>
    <body>
      <joint name="swing" axis="0 1 0"/><geom size=".1" pos=".3 0 0"/>
      <body pos=".5 0 0"><joint name="reach" type="slide" axis="1 0 0"/><geom size=".1"/></body>
    </body>
    <body pos="0 1 0"><joint name="ball" type="ball"/><geom size=".1" pos=".3 0 0"/></body>
  </worldbody>
  <tendon><fixed name="both"><joint joint="swing" coef="2"/><joint joint="reach" coef="-1"/></fixed></tendon>
  <actuator>
    <motor name="motor" joint="swing" gear="3"/>
    <position name="hold" joint="swing" kp="40" kv="3" gear="2" forcerange="-1 5"/>
    <velocity name="steady" joint="reach" kv="7"/>
    <position name="together" tendon="both" kp="5"/>
    <position name="turn" joint="ball" kp="5" gear="1 0 0 0 0 0"/>
  </actuator>
</mujoco>
"""


def test_forces_equal_mujocos_at_and_between_their_limits():
    model = mujoco.MjModel.from_xml_string(ARM)
    data, robot = mujoco.MjData(model), compile_robot(model, name="arm", substeps=1)
    assert robot.servos.names == ("hold", "steady", "together")
    forces, rng, flags = ServoForces(robot), np.random.default_rng(0), []
    for _ in range(50):
        data.qpos[:2] = 0.1 * rng.normal(size=2)
        data.qvel[:] = 0.1 * rng.normal(size=model.nv)
        data.ctrl[:] = 0.1 * rng.normal(size=model.nu)
        mujoco.mj_forward(model, data)
        state = (torch.as_tensor(x, dtype=torch.float32) for x in (data.qpos, data.qvel, data.ctrl))
        found = forces(*state).numpy()
        np.testing.assert_allclose(found[:3], data.actuator_force[robot.servos.actuator], atol=1e-5)
        assert (found[3:] == [-1 < data.actuator_force[1] < 5, True, True]).all()
        flags.append(found[3])
    assert 0 < np.mean(flags) < 1


@pytest.mark.parametrize("name", [name for name in robot_definitions() if len(load_robot(name).servos)])
def test_packaged_robots_servos_are_mujocos(name):
    robot = load_robot(name)
    model = load_model(find_robot(name).mjcf_file.read_text())
    data, rng = mujoco.MjData(model), np.random.default_rng(0)
    data.qvel[:] = 0.1 * rng.normal(size=model.nv)
    data.ctrl[:] = rng.uniform(-1, 1, model.nu)
    mujoco.mj_forward(model, data)
    found = ServoForces(robot)(*(torch.as_tensor(x, dtype=torch.float32) for x in (data.qpos, data.qvel, data.ctrl)))
    np.testing.assert_allclose(
        found[: len(robot.servos)], data.actuator_force[robot.servos.actuator], rtol=1e-5, atol=1e-6
    )


def test_servos_are_saved_and_a_robot_without_them_has_none(tmp_path):
    robot = compile_robot(mujoco.MjModel.from_xml_string(ARM), name="arm", substeps=1)
    loaded = Robot.load(robot.save(tmp_path / "arm.safetensors"))
    for field in dataclasses.fields(robot.servos):
        assert np.array_equal(getattr(loaded.servos, field.name), getattr(robot.servos, field.name)), field.name
    assert loaded.fingerprint == dataclasses.replace(robot, servos=load_robot("cheetah").servos).fingerprint
    assert len(load_robot("cheetah").servos) == 0


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("actuator", lambda rows: rows + 9),
        ("rates", lambda rates: rates[:, :2]),
        ("bias", lambda bias: bias[:, :2]),
        ("gain", lambda gain: gain * np.nan),
    ],
)
def test_damaged_servos_are_refused(tmp_path, field, change):
    robot = compile_robot(mujoco.MjModel.from_xml_string(ARM), name="arm", substeps=1)
    damaged = dataclasses.replace(robot.servos, **{field: change(getattr(robot.servos, field))})
    path = dataclasses.replace(robot, servos=damaged).save(tmp_path / "arm.safetensors")
    with pytest.raises(FileFault, match=rf"is damaged: servos\.{field}"):
        Robot.load(path)
