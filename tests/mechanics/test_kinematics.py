"""Forward kinematics is MuJoCo's, for every joint tree of dm_control's suite that has a task."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest
import torch

from mosim_gym.evaluation.kinematics import DOMAINS, every_quantity, kinematics_error
from mosim_gym.mechanics import ForwardKinematics
from mosim_gym.mechanics.compiling import compile_robot
from mosim_gym.truth.reference import ReferenceKinematics, suite_robot

# Slides that turn with hinges, offset anchors, ball joints below free bodies, several joints in one body, tilted frames.
HARD_TREE = """
<mujoco>
  <worldbody>
    <body name="a" pos="0.1 0.2 0.3" quat="0.9 0.1 -0.3 0.2">
      <freejoint name="root"/>
      <geom name="a" type="box" size="0.1 0.2 0.3" pos="0.05 0 0" euler="10 20 30"/>
      <body name="b" pos="0 0.3 0" euler="40 -20 10">
        <joint name="b_ball" type="ball" pos="0.02 0.01 -0.03"/>
        <geom name="b" type="capsule" size="0.05 0.2"/>
        <body name="c" pos="0.2 0 0.1" quat="0.5 0.5 -0.5 0.5">
          <joint name="c_slide" type="slide" axis="1 2 3" ref="0.2"/>
          <joint name="c_hinge" type="hinge" axis="1 -1 0" pos="0.1 0.2 0" ref="15"/>
          <joint name="c_slide2" type="slide" axis="0 1 0"/>
          <geom name="c" type="cylinder" size="0.05 0.1" pos="0 0 0.1"/>
          <site name="tip" pos="0.1 0.2 0.3" euler="5 6 7"/>
        </body>
      </body>
    </body>
    <body name="d" pos="1 0 0">
      <joint name="d_hinge" axis="0 0 1"/>
      <joint name="d_slide" type="slide" axis="1 0 0"/>
      <geom name="d" type="sphere" size="0.1" pos="0.3 0 0"/>
      <body name="e" pos="0.2 0 0"><geom name="e" type="ellipsoid" size="0.1 0.05 0.2" pos="0 0.1 0"/></body>
    </body>
  </worldbody>
</mujoco>
"""


@pytest.mark.parametrize("domain", DOMAINS)
def test_equals_mujoco_on_thousands_of_states(domain):
    robot, model = suite_robot(domain)
    errors = kinematics_error(robot, model, states=2000, seed=1)
    assert max(errors["float64"].values()) < 1e-10, errors["float64"]
    assert max(errors["float32"].values()) < 1e-5, errors["float32"]


def test_equals_mujoco_on_a_tree_with_every_joint_type():
    model = mujoco.MjModel.from_xml_string(HARD_TREE)
    robot = compile_robot(model, name="hard", substeps=1)
    errors = kinematics_error(robot, model, states=1000, seed=2)
    assert max(errors["float64"].values()) < 1e-10, errors["float64"]


def test_anchors_and_axes_of_joints_are_mujocos(rng):
    from mosim_gym.mechanics import position, rotation

    model = mujoco.MjModel.from_xml_string(HARD_TREE)
    robot, data = compile_robot(model, name="hard", substeps=1), mujoco.MjData(model)
    qpos, _ = ReferenceKinematics(robot, model).random_states(rng, 20)
    hinges, slides = (
        [name for name, kind in zip(robot.joints.names, robot.joints.type, strict=True) if kind == wanted]
        for wanted in (3, 2)
    )
    names = [*hinges, *slides]
    found = ForwardKinematics(robot, {"anchors": position("joint", hinges), "frames": rotation("joint", names)})(
        torch.from_numpy(qpos)
    )
    for row, q in enumerate(qpos):
        data.qpos[:] = q
        mujoco.mj_kinematics(model, data)
        for number, name in enumerate(names):
            joint = data.joint(name)
            own = model.joint(name).axis if name in hinges else np.array([1.0, 0, 0])
            np.testing.assert_allclose(found["frames"][row, number].numpy() @ own, joint.xaxis, atol=1e-10)
            if name in hinges:
                np.testing.assert_allclose(found["anchors"][row, number], joint.xanchor, atol=1e-10)


@pytest.mark.parametrize("domain", DOMAINS)
def test_any_batch_shape_gives_the_same_numbers(domain, rng):
    robot, model = suite_robot(domain)
    qpos, qvel = map(torch.from_numpy, ReferenceKinematics(robot, model).random_states(rng, 12))
    kinematics = ForwardKinematics(robot, every_quantity(robot))
    flat = kinematics(qpos, qvel)
    folded = kinematics(qpos.reshape(3, 2, 2, -1), qvel.reshape(3, 2, 2, -1))
    single = kinematics(qpos[5], qvel[5])
    for name, value in flat.items():
        assert folded[name].shape == (3, 2, 2, *value.shape[1:])
        torch.testing.assert_close(folded[name].reshape(value.shape), value)
        torch.testing.assert_close(single[name], value[5])


@pytest.mark.parametrize("domain", ["cheetah", "humanoid", "fish"])
def test_velocities_are_the_derivative_of_positions(domain, rng):
    """Automatic differentiation along the manifold agrees with the velocities that are computed directly."""
    from mosim_gym.mechanics import integrate, position, velocity

    robot, model = suite_robot(domain)
    qpos, qvel = map(torch.from_numpy, ReferenceKinematics(robot, model).random_states(rng, 8))
    names = [name for name in robot.geoms.names if name]
    kinematics = ForwardKinematics(robot, {"x": position("geom", names), "v": velocity("geom", names)})
    moved = lambda dt: kinematics(integrate(robot, qpos, qvel * dt, 1.0), qvel)["x"]  # noqa: E731
    _, derivative = torch.func.jvp(moved, (torch.zeros(1, dtype=qpos.dtype),), (torch.ones(1, dtype=qpos.dtype),))
    torch.testing.assert_close(derivative, kinematics(qpos, qvel)["v"], rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("domain", ["walker", "humanoid"])
def test_gradients_equal_finite_differences(domain, rng):
    from mosim_gym.mechanics import contact_quantities, subtree_velocity

    robot, model = suite_robot(domain)
    qpos, qvel = map(torch.from_numpy, ReferenceKinematics(robot, model).random_states(rng, 2))
    wanted = {**contact_quantities(robot), "v": subtree_velocity("torso")}
    kinematics = ForwardKinematics(robot, wanted)
    outputs = lambda q, v: tuple(kinematics(q, v).values())  # noqa: E731
    assert torch.autograd.gradcheck(outputs, (qpos.requires_grad_(), qvel.requires_grad_()), fast_mode=True)


def test_first_call_of_a_process_is_as_exact_as_any_other():
    """The vector mathematics below torch starts up in a race; importing the package must have settled it."""
    import subprocess
    import sys

    code = (
        "import mosim_gym, torch, numpy as np; torch.set_num_threads(2);"
        "x = np.random.default_rng(0).normal(size=(4096, 14)) * 5;"
        "assert np.abs(torch.cos(torch.tensor(x)).numpy() - np.cos(x)).max() < 1e-14"
    )
    for _ in range(3):
        subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_wrong_shapes_are_named(rng):
    robot, _ = suite_robot("cheetah")
    kinematics = ForwardKinematics(robot, every_quantity(robot))
    with pytest.raises(ValueError, match=r"qpos has shape \(8,\); cheetah needs \(\.\.\., 9\)"):
        kinematics(torch.zeros(8), torch.zeros(9))
    with pytest.raises(ValueError, match="qvel has shape None"):
        kinematics(torch.zeros(9))


def test_unknown_names_suggest_the_nearest():
    from mosim_gym.mechanics import position

    robot, _ = suite_robot("cheetah")
    with pytest.raises(KeyError, match="Did you mean 'torso'"):
        ForwardKinematics(robot, {"x": position("body", "torsoo")})


def test_only_what_is_asked_for_is_computed():
    from mosim_gym.mechanics import position
    from mosim_gym.mechanics.linear_form import JointTree
    from mosim_gym.mechanics.spatial import SpatialKinematics

    robot, _ = suite_robot("humanoid")
    head = ForwardKinematics(robot, {"x": position("geom", "head")})
    assert set(head(torch.zeros(4, robot.nq) + 0.1)) == {"x"}
    tree = JointTree(robot)
    levels = {name: SpatialKinematics(tree, [position("geom", name)]).levels for name in ("head", "left_right_foot")}
    assert len(levels["head"]) < len(levels["left_right_foot"])
    assert np.prod(head(torch.rand(4, robot.nq))["x"].shape) == 12


def test_use_under_inference_mode_leaves_gradients_alone():
    from mosim_gym.mechanics import contact_clearance, contact_quantities, limit_distance

    for domain in ("cheetah", "humanoid"):
        robot, _ = suite_robot(domain)
        kinematics = ForwardKinematics(robot, contact_quantities(robot))
        state = torch.zeros(2, robot.nq) + 0.1, torch.zeros(2, robot.nv)
        with torch.inference_mode():
            contact_clearance(robot, kinematics(*state))
            limit_distance(robot, state[0])
        qpos = state[0].clone().requires_grad_()
        (
            contact_clearance(robot, kinematics(qpos, state[1]))[0].sum() + limit_distance(robot, qpos).square().sum()
        ).backward()
        assert torch.isfinite(qpos.grad).all()


def test_empty_requests_are_refused():
    from mosim_gym.mechanics import position

    with pytest.raises(ValueError, match="A position of bodys needs at least one name"):
        position("body", [])
