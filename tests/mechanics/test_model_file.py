"""Reading robots' files: what MuJoCo can read is read, and what it cannot is one sentence."""

from __future__ import annotations

import os

import pytest

from mosim_gym.mechanics.model_file import read_model
from mosim_gym.mechanics.storage import FileFault

CUBE = "".join(f"v {x} {y} {z}\n" for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)) + (
    "f 1 2 4\nf 1 4 3\nf 5 7 8\nf 5 8 6\nf 1 5 6\nf 1 6 2\nf 3 4 8\nf 3 8 7\nf 1 3 7\nf 1 7 5\nf 2 6 8\nf 2 8 4\n"
)
INERTIA = '<inertial><mass value="1"/><inertia ixx=".1" iyy=".1" izz=".1" ixy="0" ixz="0" iyz="0"/></inertial>'
URDF = f"""<?xml version="1.0"?>
<robot name="My Arm">
  <link name="base">{INERTIA}</link>
  <link name="upper">{INERTIA}
    <visual><geometry><mesh filename="package://my_arm/meshes/upper.dae"/></geometry></visual>
    <collision><geometry><mesh filename="package://my_arm/meshes/cube.obj" scale=".1 .1 .1"/></geometry></collision></link>
  <link name="lower">{INERTIA}</link>
  <joint name="shoulder" type="revolute"><parent link="base"/><child link="upper"/><axis xyz="0 1 0"/>
    <limit lower="-1" upper="2" effort="30" velocity="5"/></joint>
  <joint name="elbow" type="continuous"><parent link="upper"/><child link="lower"/><axis xyz="0 1 0"/></joint>
</robot>"""
FLOATING = f"""<robot name="base"><link name="world"/><link name="base">{INERTIA}</link>
  <joint name="floating_base" type="floating"><parent link="world"/><child link="base"/></joint></robot>"""


def _write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_the_arm_of_a_ros_package_is_read_with_its_meshes_and_motors(tmp_path):
    _write(tmp_path / "my_arm" / "meshes" / "cube.obj", CUBE)
    found = read_model(_write(tmp_path / "my_arm" / "urdf" / "arm.urdf", URDF))
    model = found.model
    assert (found.name, model.nq, model.nu, model.nmesh) == ("My Arm", 2, 1, 1)
    assert model.actuator("shoulder").ctrlrange.tolist() == [-30, 30]
    assert found.notes == (
        "URDF has no actuators, so each of these joints got a motor (its control is N m or N): shoulder.",
        "These joints have no motor, because the URDF has no effort limit or transmission for them: elbow.",
    )


def test_the_joints_that_transmissions_name_get_motors(tmp_path):
    _write(tmp_path / "my_arm" / "meshes" / "cube.obj", CUBE)
    transmission = '<transmission name="t"><type>simple</type><joint name="elbow"/></transmission>'
    text = URDF.replace(
        "</robot>", f"{transmission}<!-- <transmission><joint name='shoulder'/></transmission> --></robot>"
    )
    model = read_model(_write(tmp_path / "my_arm" / "arm.urdf", text)).model
    assert (model.actuator(0).name, bool(model.actuator_ctrllimited[0]), model.nu) == ("elbow", False, 1)


def test_a_joint_that_mimics_another_has_no_motor_of_its_own(tmp_path):
    _write(tmp_path / "my_arm" / "meshes" / "cube.obj", CUBE)
    elbow = '<axis xyz="0 1 0"/><mimic joint="shoulder"/><limit effort="5" velocity="1" lower="-1" upper="1"/></joint>\n</robot>'
    text = URDF.replace('<axis xyz="0 1 0"/></joint>\n</robot>', elbow)
    model = read_model(_write(tmp_path / "my_arm" / "arm.urdf", text)).model
    assert (model.nq, model.nu, model.neq) == (2, 1, 1)


def test_a_floating_joint_of_a_urdf_is_a_free_base(tmp_path):
    model = read_model(_write(tmp_path / "base.urdf", FLOATING)).model
    assert (model.nq, model.nv, model.joint(0).name) == (7, 6, "floating_base")


def test_parts_without_names_get_names(tmp_path):
    xml = """<mujoco><worldbody><body><freejoint/><geom size=".1"/><body><joint/><geom size=".1"/></body>
      <body><joint name="joint1"/><geom size=".1"/></body></body></worldbody>
      <actuator><motor joint="joint1"/><motor joint="joint1"/></actuator></mujoco>"""
    found = read_model(_write(tmp_path / "thing.xml", xml))
    assert found.name == "thing"
    assert [found.model.joint(k).name for k in range(3)] == ["root", "joint1_", "joint1"]
    assert [found.model.actuator(k).name for k in range(2)] == ["joint1", "actuator1"]


def test_a_relative_path_with_includes_in_other_folders_is_read(tmp_path, monkeypatch):
    _write(
        tmp_path / "parts" / "arm.xml",
        '<mujoco><worldbody><body><joint name="j"/><geom size=".1"/></body></worldbody></mujoco>',
    )
    _write(tmp_path / "scenes" / "scene.xml", '<mujoco model="Scene 1"><include file="../parts/arm.xml"/></mujoco>')
    monkeypatch.chdir(tmp_path)
    assert read_model(os.path.join("scenes", "scene.xml")).model.nq == 1


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("part.xml", "<mujocoinclude/>", "is a part for other files to include"),
        ("arm.urdf.xacro", "<robot/>", "is a template; make a URDF of it first, by `xacro arm.urdf.xacro > arm.urdf`"),
        ("arm.obj", "v 0 0 0", "a robot's file is MJCF"),
        ("arm.xml", "<mujoco><body>", "MuJoCo cannot read"),
        ("arm.xml", "", "MuJoCo cannot read"),
        ("arm.urdf", URDF, "reads package://my_arm/meshes/cube.obj, and no folder above it"),
        ("arm.xml", '<mujoco><asset><mesh file="hull.stl"/></asset></mujoco>', "reads 'hull.stl', which is not there"),
        ("arm.xml", '<mujoco><include file="none.xml"/></mujoco>', "none.xml', which is not there"),
        ("arm.xml", "<mujoco><worldbody><body><joint/></body></worldbody></mujoco>", "mass and inertia"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_sentence(name, text, said, tmp_path):
    with pytest.raises(FileFault) as fault:
        read_model(_write(tmp_path / name, text))
    assert said in str(fault.value)
    assert "\n" not in str(fault.value)


def test_folders_and_absent_files_are_said_to_be_so(tmp_path):
    with pytest.raises(FileFault, match="There is no robot file at"):
        read_model(tmp_path / "none.xml")
    _write(tmp_path / "arm.xml", "<mujoco/>")
    with pytest.raises(FileFault, match=r"is a folder; name a robot's file. MJCF or URDF in it: arm.xml"):
        read_model(tmp_path)
