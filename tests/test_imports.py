"""What runs without any simulator, and how heavy the package is to import."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import mosim_gym
from mosim_gym.mechanics.packages import MissingExtra

SIMULATORS = ("mujoco", "dm_control", "shimmy")

BLOCKED = f"""
import sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {SIMULATORS}:
            raise ImportError(name + " is blocked")
sys.meta_path.insert(0, Refuse())

import gymnasium as gym, numpy as np, torch, mosim_gym
from mosim_gym.envs.core import Core
from mosim_gym.mechanics import integrate
from mosim_gym.mechanics.motion import Step
from mosim_gym.robots import find_task, load_robot, load_task, robot_definitions
from mosim_gym.robots.spaces import sensor_count

class Coast(mosim_gym.Dynamics):
    def __init__(self, robot, sensors):
        self.robot, self.sensors = robot, sensors
    def step(self, qpos, qvel, action, features=None):
        return Step(integrate(self.robot, qpos, qvel, self.timestep), qvel, qpos.new_zeros(len(qpos), self.sensors))

packaged = {{name for name, definition in robot_definitions().items() if definition.extra is None}}
for name in packaged:
    assert load_robot(name).reset_banks
for name in mosim_gym.tasks():
    if find_task(name)[0].name not in packaged:  # MuJoCo builds it
        continue
    task = load_task(name)
    core = Core(task, sensor_count=sensor_count(name))
    state = core.reset(torch.Generator().manual_seed(0), 4)
    after = core.step(state, torch.zeros(4, task.robot.nu), Coast(task.robot, sensor_count(name)))
    assert torch.isfinite(after.reward).all()
    env = gym.make(f"MoSim/{{name}}-v0", checkpoint=Coast(task.robot, sensor_count(name)), render_mode="rgb_array")
    observation, _ = env.reset(seed=0)
    observation, reward, *_ = env.step(env.action_space.sample())
    assert env.observation_space.contains(observation)
    assert env.render().shape[2] == 3
assert not set(sys.modules) & set({SIMULATORS})
print("ran", len(mosim_gym.tasks()))
"""


def test_everything_but_the_truth_runs_with_all_simulators_blocked():
    done = subprocess.run([sys.executable, "-c", BLOCKED], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("ran ")


WITHOUT_DM_CONTROL = """
import sys
class Without:
    def __init__(self, finder):
        self.finder = finder
    def __getattr__(self, name):
        return getattr(self.finder, name)
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] not in ("dm_control", "shimmy"):
            return self.finder.find_spec(name, path, target)
sys.meta_path[:] = [Without(finder) for finder in sys.meta_path]

from pathlib import Path
import gymnasium as gym, mosim_gym
from mosim_gym.cli import main
from mosim_gym.data.dataset import collect_dataset
from mosim_gym.evaluation.heldout import random_test
from mosim_gym.evaluation.prediction import prediction_errors
from mosim_gym.training.run import train_checkpoint

out = Path(sys.argv[1])
data = collect_dataset("pendulum", out / "data", segments=8)
assert data.transitions == 320
assert train_checkpoint("pendulum", budget=1.0, folder=out / "model", logs=False).path.exists()

env = gym.make("MoSim/CheetahRun-v0", checkpoint="truth", render_mode="rgb_array")
env.reset(seed=0)
assert env.step(env.action_space.sample())[1] >= 0
assert env.render().shape[2] == 3

test = random_test("pendulum", "uniform", segments=4, steps=20, seed=0)
assert prediction_errors(mosim_gym.load("pendulum"), test)["raw"]["16"] < 0.1

words = "rl zero-shot PendulumSwingup --algo shac --budget 1s --episodes 1 --out".split()
main([*words, str(out / "policy")])
assert mosim_gym.load_policy(out / "policy" / "policy.safetensors").card["real_steps"] == 0
try:
    main(["rl", "zero-shot", "PendulumSwingup", "--shimmy", "1", "--out", str(out / "shimmy")])
except SystemExit as end:
    assert end.code == 2

try:
    mosim_gym.make_real("CheetahRun")
except ModuleNotFoundError as error:
    print(error)
for words in (["evaluate", "parity"], ["build-robot", "cheetah"]):
    try:
        main([*words, "--out", str(out / words[0])])
    except SystemExit as end:
        assert end.code == 2
"""


def test_without_dm_control_all_but_parity_make_real_and_building_robots_works(tmp_path):
    """As on Python 3.13 and later, where dm_control cannot be installed."""
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_DM_CONTROL, str(tmp_path)],
        env={**os.environ, "MUJOCO_GL": "off", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    why = "dm_control is not installed: dm_control and shimmy come with mosim_gym on Python 3.11 and 3.12 only"
    assert done.stdout.splitlines()[-1].startswith(why)
    assert done.stderr.count(f"mosim-gym: {why}") == 2
    assert done.stderr.count("mosim-gym: shimmy is not installed") == 1
    assert done.stderr.count("its tasks are played in MuJoCo behind this package's core") == 1


EVERY_MODULE = """
import pkgutil, mosim_gym
from importlib import import_module
from mosim_gym.mechanics.packages import MissingExtra
names = [m.name for m in pkgutil.walk_packages(mosim_gym.__path__, "mosim_gym.") if not m.name.endswith("__main__")]
for name in names:
    try:
        import_module(name)
    except MissingExtra:  # the library that it is an adapter for
        assert name.startswith("mosim_gym.adapters."), name
print(mosim_gym.__file__, len(names))
"""


def test_every_module_is_imported_where_there_is_nothing_of_the_repository_but_the_package(tmp_path):
    package = Path(mosim_gym.__file__).parent
    shutil.copytree(package, tmp_path / "mosim_gym", ignore=shutil.ignore_patterns("__pycache__", "*.safetensors"))
    done = subprocess.run(
        [sys.executable, "-c", EVERY_MODULE],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(tmp_path))


READ_ONLY = """
import os, sys
written = []
def watch(event, arguments):
    if event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) or event in ("os.mkdir", "os.rename", "os.remove"):
        written.append(os.fsdecode(arguments[0]) if isinstance(arguments[0], (str, bytes, os.PathLike)) else "")
sys.addaudithook(watch)
import gymnasium as gym, mosim_gym
for make in (gym.make, lambda name: gym.make_vec(name, num_envs=4)):
    env = make("MoSim/CheetahRun-v0")
    env.reset(seed=0)
    for _ in range(3):
        env.step(env.action_space.sample())
mosim_gym.load("pendulum")
package = os.path.dirname(mosim_gym.__file__)
print(sorted({path for path in written if path.startswith(package)}))
"""


def test_nothing_is_written_into_the_package_and_nobody_needs_a_home(tmp_path):
    """As where `site-packages` is read-only, for a user without HOME."""
    homes = ("HOME", "USERPROFILE", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "MPLCONFIGDIR")
    done = subprocess.run(
        [sys.executable, "-B", "-c", READ_ONLY],
        cwd=tmp_path,
        env={name: value for name, value in os.environ.items() if name not in homes},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "[]\n"


def test_importing_the_package_imports_no_simulator_no_model_and_no_learner():
    code = (
        "import sys, mosim_gym;"
        "heavy = {'mujoco', 'dm_control', 'shimmy', 'stable_baselines3', 'matplotlib', 'tensorboard', 'imageio'};"
        "heavy |= {'mosim_gym.dynamics', 'mosim_gym.zoo', 'mosim_gym.training', 'mosim_gym.rl'};"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


@pytest.mark.parametrize(
    ("module", "package", "extra"),
    [("torchrl", "torchrl", "torchrl"), ("rsl_rl", "rsl_rl", "rsl-rl"), ("ray", "ray", "ray")],
)
def test_an_adapter_whose_library_is_missing_names_the_extra(module, package, extra, monkeypatch):
    class Refuse:
        def find_spec(self, name, path=None, target=None):
            if name == package:
                raise ModuleNotFoundError(name=package)

    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, f"mosim_gym.adapters.{module}", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Refuse(), *sys.meta_path])
    with pytest.raises(MissingExtra, match=rf"{package} is not installed: .* `pip install '\.\[{extra}\]'`"):
        import_module(f"mosim_gym.adapters.{module}").executor("ray")
