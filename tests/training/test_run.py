"""Runs: checkpoints of one robot and of many, refined, and on a machine with little installed."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

import mosim_gym
from mosim_gym.mechanics.storage import FileFault
from mosim_gym.training.installing import score
from mosim_gym.training.run import train_all, train_checkpoint


@pytest.mark.slow
def test_robot_after_robot_into_few_files_and_finished_ones_are_kept(tmp_path):
    options = {"budget": 1.0, "folder": tmp_path / "run", "members": 1, "seed": 0, "device": "cpu", "install": False}
    first = train_all(["pendulum"], **options)
    again = train_all(["pendulum"], **options)
    assert [path.name for path in (tmp_path / "run").rglob("*")] == ["models-1.safetensors"]
    assert [outcome.card["benchmark"] for outcome in again] == [outcome.card["benchmark"] for outcome in first]
    assert again[0].card["box"]["qpos"] == [[None], [None]]  # it turns freely
    with pytest.raises(FileFault, match=r"holds pendulum of another run \(seeds \[0\], here \[1\]\); choose another"):
        train_all(["pendulum"], **{**options, "seed": 1})


BLOCKED = ("gymnasium", "dm_control", "shimmy", "stable_baselines3", "tyro", "tqdm", "tensorboard", "matplotlib", "PIL")


def test_training_needs_no_more_than_torch_and_mujoco(tmp_path):
    """As on a rented GPU."""
    script = f"""
import importlib.util, sys
BLOCKED = {BLOCKED!r}
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in BLOCKED:
            raise ModuleNotFoundError(name)
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name.split(".")[0] in BLOCKED else found(name, *rest)
sys.meta_path.insert(0, Missing())
sys.argv = ["training", "pendulum", "--budget", "2s", "--out", {str(tmp_path / "out")!r}]
from mosim_gym.training.__main__ import main
if __name__ == "__main__":
    main()
"""
    file = tmp_path / "script.py"
    file.write_text(script)
    done = subprocess.run([sys.executable, file], capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stderr
    assert "pendulum: raw MSE over 16 steps" in done.stdout
    assert "measuring pendulum   0 %: simulating the test of uniform actions" in done.stderr


def test_a_checkpoint_is_refined_and_says_so(tmp_path):
    before = mosim_gym.load("pendulum")
    refined = train_checkpoint("pendulum", budget=3.0, folder=tmp_path, start="pendulum", logs=False)
    assert refined.card["refined_from"] == f"pendulum {before.model.digest()}"
    assert refined.card["transitions"] > before.card["transitions"]
    assert refined.card["training_seconds"] > before.card["training_seconds"] + 1
    assert [stage["name"] for stage in refined.card["recipe"]["stages"]] == ["multistep"]
    # It began where that one ended: three seconds from random weights do not come so far.
    assert score(refined.card) < 1e-6
    other = shutil.copy(refined.path, tmp_path / "other.safetensors")
    with pytest.raises(FileFault, match="holds a run with another start"):
        train_checkpoint("pendulum", budget=3.0, folder=tmp_path, start=other, logs=False)


@pytest.mark.slow
def test_refining_goes_on_and_takes_a_rate(tmp_path):
    first = train_checkpoint("pendulum", budget=2.0, folder=tmp_path / "a", start="pendulum", logs=False)
    again = train_checkpoint("pendulum", budget=2.0, folder=tmp_path / "a", start="pendulum", logs=False)
    assert again.card["training_steps"] == first.card["training_steps"]  # it had ended
    how = {"start": "pendulum", "rate": 0.01, "horizon": 24, "logs": False}
    gently = train_checkpoint("pendulum", budget=1.0, folder=tmp_path / "b", **how)
    assert [(stage["rate"], stage["horizon"]) for stage in gently.card["recipe"]["stages"]] == [(0.01, 24)]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"start": "pendulum", "rate": 2.0},
            "The rate is 2.0; it is a share of ordinary training's, above 0 and at most 1",
        ),
        ({"rate": 0.1}, "A rate is for refining"),
        (
            {"horizon": 16},
            "A horizon is for rollouts of several steps: refine a checkpoint, or name the stage multistep",
        ),
        ({"start": "pendulum", "horizon": 41}, "segments of 40 control steps: give 2 to 40"),
        ({"start": "acrobot"}, "acrobot is a model of 'acrobot'; 'pendulum' cannot go on from it"),
        ({"start": "pendulum", "members": 2}, "leave preset and members out"),
    ],
)
def test_what_cannot_be_refined_is_one_sentence(tmp_path, change, said):
    with pytest.raises(ValueError, match=said):
        train_checkpoint("pendulum", budget=1.0, folder=tmp_path, **change)
