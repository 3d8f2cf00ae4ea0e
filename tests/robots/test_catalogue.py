"""The catalogue, the packaged files, and robots from other packages."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap

import mujoco
import numpy as np
import pytest

import mosim_gym
from mosim_gym.mechanics import Robot
from mosim_gym.mechanics.compiling import compile_mjcf
from mosim_gym.mechanics.mjcf import inline_includes
from mosim_gym.robots import find_robot, find_task, load_robot, load_task, robot_definitions
from mosim_gym.robots.building import build_robot

ROBOTS = list(robot_definitions())


def test_task_ids_are_domain_and_task_in_camel_case():
    assert {"CheetahRun", "ReacherEasy", "ReacherHard", "AcrobotSwingupSparse", "PendulumSwingup"} <= set(
        mosim_gym.tasks()
    )
    assert mosim_gym.tasks() == sorted(mosim_gym.tasks())
    for name in mosim_gym.tasks():
        assert load_task(name).id() == name


def test_tags_select():
    from mosim_gym.robots.catalogue import tasks

    assert set(tasks("benchmarking")) == {name for name in tasks() if find_task(name)[1].in_dm_control}


def test_the_group_paper_holds_the_tasks_of_the_papers_robots():
    from mosim_gym.robots.catalogue import tasks

    of_the_papers = {"acrobot", "cheetah", "go2", "hopper", "humanoid", "panda", "reacher"}
    assert {find_task(name)[0].name for name in tasks("paper")} == of_the_papers
    assert set(tasks("paper")) == {
        name for name in tasks() if find_task(name)[0].name in of_the_papers and not name.endswith("Sparse")
    }


def test_unknown_names_list_the_valid_ones():
    with pytest.raises(KeyError, match=r"Unknown task 'CheetaRun'. Did you mean 'CheetahRun'\? Valid: Acrobot"):
        find_task("CheetaRun")
    with pytest.raises(KeyError, match=r"Unknown robot 'chetah'. Did you mean 'cheetah'"):
        find_robot("chetah")


@pytest.mark.parametrize("name", ROBOTS)
def test_packaged_files_are_what_their_source_has_today(name):
    definition = find_robot(name)
    fresh = compile_mjcf(inline_includes(*definition.model()), name=name, control_step=definition.control_step)
    packaged = load_robot(name)
    exported = mujoco.MjModel.from_xml_path(str(definition.mjcf_file))
    assert packaged.fingerprint == fresh.fingerprint
    assert exported.nq == packaged.nq
    assert packaged.invariances == definition.invariances
    for task in definition.tasks:
        bank = packaged.reset_banks[task.name]
        assert bank.qpos.shape == (definition.bank_size, packaged.nq)
        assert np.isfinite(bank.qpos).all()
        assert np.isfinite(bank.qvel).all()


def test_building_writes_both_files_and_is_repeatable(tmp_path):
    description, mjcf = build_robot(find_robot("pendulum"), tmp_path)
    again, _ = build_robot(find_robot("pendulum"), tmp_path / "again")
    assert description.read_bytes() == again.read_bytes()
    assert mujoco.MjModel.from_xml_path(str(mjcf)).nu == 1
    assert Robot.load(description).fingerprint == load_robot("pendulum").fingerprint


TOY = '''
"""A cart on a rail, from another package."""
from pathlib import Path
import torch
from mosim_gym.mechanics import Invariances
from mosim_gym.robots import RobotDefinition, Start, Task, mjcf_file, tolerance

HERE = Path(__file__).parent

class ToyCentre(Task):
    """Stay in the middle."""
    domain, name, in_dm_control = "toy", "centre", False
    def observation(self, features, goal, sensors):
        return {"position": features.qpos, "velocity": features.qvel}
    def reward(self, features, action, goal, sensors):
        return tolerance(features.joint("slide")[..., 0], margin=1)
    def sample_start(self, generator, n):
        qpos = torch.rand(n, 1, generator=generator, dtype=torch.float64)
        return Start(qpos, torch.zeros_like(qpos), self.sample_goal(generator, n))

ROBOT = RobotDefinition(name="toy", model=mjcf_file(HERE / "cart.xml"), control_step=0.02, tasks=(ToyCentre,),
                        invariances=Invariances(translations=("slide",)), assets=HERE / "built", bank_size=8)
'''
CART = """
<mujoco><option timestep="0.01"/><include file="floor.xml"/>
  <worldbody><body><joint name="slide" type="slide" axis="1 0 0"/><geom size=".1"/></body></worldbody>
  <actuator><motor joint="slide" ctrlrange="-1 1" ctrllimited="true"/></actuator></mujoco>
"""


def test_a_robot_from_another_package_is_built_listed_and_stepped(tmp_path):
    """As a user would: a package with an entry point, `mosim-gym build-robot`, then `gym.make`."""
    package = tmp_path / "toy_robots"
    package.mkdir()
    (package / "__init__.py").write_text(textwrap.dedent(TOY))
    (package / "cart.xml").write_text(CART)
    (package / "floor.xml").write_text(
        '<mujoco><worldbody><geom type="plane" size="1 1 1" pos="0 0 -1"/></worldbody></mujoco>'
    )
    info = tmp_path / "toy_robots-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: toy-robots\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[mosim_gym.robots]\ntoy = toy_robots:ROBOT\n")
    script = """
import sys; sys.path.insert(0, sys.argv[1])
import numpy as np, gymnasium as gym, mosim_gym
from mosim_gym.cli import main
assert "ToyCentre" in mosim_gym.tasks()
try:
    gym.make("MoSim/ToyCentre-v0", checkpoint="truth")
except FileNotFoundError as error:
    assert "mosim-gym build-robot toy" in str(error), error
else:
    raise AssertionError("an unbuilt robot was loaded")
main(["build-robot", "toy"])
try:
    gym.make("MoSim/ToyCentre-v0")
except FileNotFoundError as error:
    assert "No checkpoint is packaged for the robot 'toy'. Valid: checkpoint='truth'" in str(error), error
else:
    raise AssertionError("there is a checkpoint")
env = gym.make("MoSim/ToyCentre-v0", checkpoint="truth", disable_env_checker=True)
start, _ = env.reset(seed=0)
for _ in range(50):
    observation, reward, *_ = env.step(np.ones(1, np.float32))
assert observation[0] > start[0] and observation.shape == (2,) and 0 <= reward <= 1
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_bad_entry_point_is_left_out_and_named(tmp_path):
    info = tmp_path / "bad_robots-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: bad-robots\nVersion: 1.0\n")
    entries = "[mosim_gym.robots]\nagain = mosim_gym.robots.cheetah:ROBOT\nodd = math:pi\n"
    (info / "entry_points.txt").write_text(entries)
    script = """
import sys; sys.path.insert(0, sys.argv[1])
from mosim_gym.robots import find_robot, robot_definitions
assert robot_definitions()["cheetah"] is find_robot("cheetah") and "again" not in robot_definitions()
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "left out: Two robots are named 'cheetah'" in done.stderr
    assert re.search(r"entry point odd = math:pi is left out: .* needs a RobotDefinition", done.stderr)
