"""Checkpoints: written, read back, and refused when they are something else."""

from __future__ import annotations

import pickle  # noqa: TID251
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import mosim_gym
from mosim_gym.dynamics.config import preset
from mosim_gym.dynamics.mosim import MoSim
from mosim_gym.dynamics.simulator import Simulator
from mosim_gym.mechanics.storage import FileFault, load_arrays, save_arrays
from mosim_gym.robots import load_robot
from mosim_gym.training.run import combine, train_checkpoint
from mosim_gym.zoo import packaged
from mosim_gym.zoo.checkpoint import combine_checkpoints, load_checkpoint, round_to_half, save_checkpoint, saved_robot
from mosim_gym.zoo.names import WEIGHTS


def _checkpoint(folder: Path, robot="pendulum"):
    torch.manual_seed(0)
    return save_checkpoint(folder / "model.safetensors", MoSim(load_robot(robot), preset("smooth")), {"name": robot})


def test_a_checkpoint_predicts_what_the_model_did(tmp_path):
    path = _checkpoint(tmp_path)
    first, second = mosim_gym.load(path), mosim_gym.load(str(path))
    state = np.ones((3, 1)), np.zeros((3, 1)), np.zeros((3, 1))
    np.testing.assert_array_equal(first.step(*state).qpos, second.step(*state).qpos)
    assert first.card["name"] == "pendulum"
    assert first.timestep == 0.02


def test_everything_that_is_no_checkpoint_is_refused_in_one_sentence(tmp_path):
    with pytest.raises(FileFault, match="There is no checkpoint file at"):
        mosim_gym.load(tmp_path / "missing.safetensors")
    with pytest.raises(FileFault, match="There is no checkpoint file at"):
        mosim_gym.load("missing.safetensors")
    with pytest.raises(KeyError, match="Unknown checkpoint 'zebra'"):
        mosim_gym.load("zebra")
    with pytest.raises(KeyError, match=r"Unknown checkpoint 'Hopper'. Did you mean 'hopper'\? Valid: acrobot, "):
        mosim_gym.load("Hopper")
    with pytest.raises(
        KeyError, match=r"'CheetahRun'. It is a task; the checkpoint of its robot is 'cheetah'. Valid: acrobot, "
    ):
        mosim_gym.load("CheetahRun")
    pickled = tmp_path / "old.pt"
    pickled.write_bytes(pickle.dumps({"weights": [1, 2]}))
    with pytest.raises(FileFault, match="a checkpoint is never a pickle"):
        mosim_gym.load(pickled)
    robot = load_robot("pendulum").save(tmp_path / "robot.safetensors")
    with pytest.raises(FileFault, match="not a checkpoint written by mosim_gym"):
        mosim_gym.load(robot)
    path = _checkpoint(tmp_path)
    with pytest.raises(FileFault, match=r"was trained for the robot 'pendulum' .* 'cheetah'"):
        load_checkpoint(path, load_robot("cheetah"))
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(FileFault, match="not a readable safetensors file"):
        mosim_gym.load(path)


def test_weights_that_are_not_finite_are_refused(tmp_path):
    model = MoSim(load_robot("pendulum"), preset("smooth"))
    with torch.no_grad():
        model.correctors[0].first.weight[0, 0, 0] = float("nan")
    path = save_checkpoint(tmp_path / "nan.safetensors", model, {"name": "pendulum"})
    with pytest.raises(FileFault, match="weights that are not finite"):
        mosim_gym.load(path)


@pytest.mark.parametrize("name", packaged())
def test_packaged_checkpoints_keep_to_their_benchmark(name):
    """What a card claims is what the weights do, on fresh segments."""
    from mosim_gym.evaluation.heldout import random_test
    from mosim_gym.evaluation.prediction import prediction_errors

    simulator = mosim_gym.load(name)
    test = random_test(simulator.robot.name, "uniform", segments=100, steps=16, seed=77)
    claimed = simulator.card["benchmark"]["uniform"]["raw"]["16"]
    assert prediction_errors(simulator, test)["raw"]["16"] < 3 * claimed
    assert simulator.card["transitions"] > 0


def test_packaged_checkpoints_fit_the_package():
    assert sum(path.stat().st_size for path in WEIGHTS.glob("*")) < 30e6


def test_runs_of_different_seeds_become_one_ensemble(tmp_path):
    paths = []
    for seed in range(3):
        torch.manual_seed(seed)
        model = MoSim(load_robot("pendulum"), preset("smooth"))
        torch.nn.init.normal_(model.correctors[0].last.weight, std=0.1)
        paths.append(save_checkpoint(tmp_path / f"{seed}.safetensors", model, {"name": "pendulum", "seeds": [seed]}))
    ensemble, cards = combine_checkpoints(paths, load_robot("pendulum"))
    assert ensemble.config.members == 3
    assert [card["seeds"] for card in cards] == [[0], [1], [2]]
    state = np.full((5, 1), 0.3), np.full((5, 1), 2.0), np.ones((5, 1))
    for member, path in enumerate(paths):
        alone = mosim_gym.load(path).step(*state)
        np.testing.assert_array_equal(Simulator(ensemble, {}, ensemble=[member]).step(*state).qvel, alone.qvel)
    other = MoSim(load_robot("pendulum"), preset("smooth"))
    other.input_mean += 1e-5 * other.input_std  # the same data, in another order
    rounded = save_checkpoint(tmp_path / "rounded.safetensors", other, {"name": "pendulum", "seeds": [8]})
    assert combine_checkpoints([*paths, rounded], load_robot("pendulum"))[0].config.members == 4
    other.input_mean += 1
    paths.append(save_checkpoint(tmp_path / "other.safetensors", other, {"name": "pendulum", "seeds": [9]}))
    with pytest.raises(FileFault, match="does not fit into one ensemble"):
        combine_checkpoints(paths, load_robot("pendulum"))


def test_what_an_ensemble_or_a_refined_model_is_made_from_is_kept(tmp_path):
    paths = []
    for seed in range(2):
        model = MoSim(load_robot("pendulum"), preset("smooth"))
        card = {"name": "pendulum", "seeds": [seed]}
        paths.append(save_checkpoint(tmp_path / str(seed) / "checkpoint.safetensors", model, card))
    before = paths[0].read_bytes()
    with pytest.raises(ValueError, match="would be replaced by what is made from it; choose another folder"):
        combine(paths, folder=paths[0].parent)
    with pytest.raises(ValueError, match="would be replaced by what is made from it"):
        train_checkpoint("pendulum", budget=1.0, folder=paths[0].parent, start=paths[0], logs=False)
    assert paths[0].read_bytes() == before
    other = save_checkpoint(
        tmp_path / "other" / "checkpoint.safetensors", MoSim(load_robot("pendulum"), preset("smooth")), card
    )
    with pytest.raises(ValueError, match="is there already and would be replaced"):
        combine(paths, folder=other.parent)


def test_weights_that_float16_can_hold_take_half_the_space_and_come_back_the_same(tmp_path):
    model = mosim_gym.load("pendulum").model
    whole = save_checkpoint(tmp_path / "whole.safetensors", model, {"name": "pendulum"})
    round_to_half(model)
    half = save_checkpoint(tmp_path / "half.safetensors", model, {"name": "pendulum"})
    assert half.stat().st_size < 0.7 * whole.stat().st_size
    for name, value in mosim_gym.load(half).model.state_dict().items():
        torch.testing.assert_close(value, model.state_dict()[name], rtol=0, atol=0)


CART = """<mujoco model="cart"><option timestep="0.01"/><worldbody><geom name="floor" type="plane" size="1 1 1"/>
  <body name="cart" pos="0 0 1"><joint name="rail" type="slide" axis="1 0 0"/><geom type="box" size=".1 .1 .1" contype="0" conaffinity="0"/>
    <body name="pole"><joint name="pole" axis="0 1 0"/><geom name="pole" type="capsule" fromto="0 0 0 0 0 1" size=".04"/></body></body>
  </worldbody><actuator><motor name="drive" joint="rail" ctrlrange="-1 1"/></actuator></mujoco>"""
ELSEWHERE = """
import sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "mujoco":
            raise ImportError(name + " is blocked")
sys.meta_path.insert(0, Refuse())
import numpy as np, mosim_gym
sim = mosim_gym.load(sys.argv[1])
assert sim.robot.name == "cart" and sim.timestep == 0.02 and sim.robot.joints.names == ("rail", "pole")
data = np.load(sys.argv[2])
path = sim.rollout(data["qpos"], data["qvel"], data["actions"])
assert np.array_equal(path.qpos, data["then_qpos"]) and np.array_equal(path.qvel, data["then_qvel"])
"""


def _cart(folder, name=None, xml=CART):
    file = folder / "cart.xml"
    file.write_text(xml)
    torch.manual_seed(0)
    robot = mosim_gym.Robot.from_file(file, timestep=0.02, name=name)
    model = MoSim(robot, preset("default"))
    torch.nn.init.normal_(model.correctors[0].last.weight, std=0.1)
    return save_checkpoint(folder / "cart.safetensors", model, {"name": robot.name})


def test_the_model_of_a_robot_from_a_file_runs_without_the_file_and_without_mujoco(tmp_path, rng):
    path = _cart(tmp_path)
    qpos, qvel, actions = rng.normal(size=(3, 2)), rng.normal(size=(3, 2)), rng.uniform(-1, 1, (3, 20, 1))
    then = mosim_gym.load(path).rollout(qpos, qvel, actions)
    np.savez(tmp_path / "then.npz", qpos=qpos, qvel=qvel, actions=actions, then_qpos=then.qpos, then_qvel=then.qvel)
    (tmp_path / "cart.xml").unlink()
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE, str(path), str(tmp_path / "then.npz")],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_a_robot_of_a_file_that_is_called_like_a_packaged_one_stays_itself(tmp_path):
    simulator = mosim_gym.load(_cart(tmp_path, name="pendulum"))
    assert (simulator.robot.name, simulator.robot.nq) == ("pendulum", 2)


def test_checkpoints_of_packaged_robots_hold_no_description(tmp_path):
    assert saved_robot(_checkpoint(tmp_path)) is None
    for name in packaged():
        assert saved_robot(WEIGHTS / f"{name.replace(':', '+')}.safetensors") is None


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("bodies.parent", lambda a: a[::-1].copy(), "bodies.parent must name bodies that come before"),
        ("bodies.quat", lambda a: 0 * a, "bodies.quat must hold directions"),
        ("bodies.pos", lambda a: a[:, :2].copy(), "bodies.pos has the shape"),
        ("geoms.type", lambda a: a + 50, "geoms.type must hold MuJoCo's types of geoms"),
        ("joints.dof_start", lambda a: a + 1, "joints.dof_start does not fit the joints"),
        ("bodies.mass", lambda a: a * np.nan, "bodies.mass must hold finite numbers"),
        ("joints.axis", None, "its part 'joints.axis' is missing"),
    ],
)
def test_a_damaged_description_in_a_checkpoint_is_refused(name, change, said, tmp_path):
    path = _cart(tmp_path)
    arrays, header = load_arrays(path, "checkpoint")
    content = arrays.pop(f"robot/{name}")
    if change is not None:
        arrays[f"robot/{name}"] = change(content)
    save_arrays(path, "checkpoint", arrays, header)
    with pytest.raises(FileFault, match=said):
        mosim_gym.load(path)


def test_a_description_of_another_robot_or_none_at_all_is_refused(tmp_path):
    path = _cart(tmp_path)
    arrays, header = load_arrays(path, "checkpoint")
    heavier = {**arrays, "robot/bodies.mass": arrays["robot/bodies.mass"] * 2}
    save_arrays(path, "checkpoint", heavier, header)
    with pytest.raises(FileFault, match="was trained for the robot 'cart' with fingerprint"):
        mosim_gym.load(path)
    invariances = {"translations": ["rail", "nowhere"], "yaw": None}
    robot = {**header["robot"], "robot": {**header["robot"]["robot"], "invariances": invariances}}
    save_arrays(path, "checkpoint", arrays, {**header, "robot": robot})
    with pytest.raises(FileFault, match="its invariances name 'nowhere'"):
        mosim_gym.load(path)
    save_arrays(path, "checkpoint", arrays, {key: value for key, value in header.items() if key != "robot"})
    with pytest.raises(KeyError, match="Unknown robot 'cart'"):
        mosim_gym.load(path)
