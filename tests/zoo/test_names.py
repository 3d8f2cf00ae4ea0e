"""Names of checkpoints."""

from __future__ import annotations

import shutil

import pytest

import mosim_gym
from mosim_gym.mechanics.storage import FileFault
from mosim_gym.zoo.names import packaged_for, packaged_path, robot_at


def test_names_carry_the_step():
    assert robot_at("cheetah").control_step == 0.01
    assert robot_at("cheetah@0.02:narrow").substeps == 2
    with pytest.raises(ValueError, match="not a whole number of cheetah's physics steps"):
        robot_at("cheetah@0.015")


def test_the_folder_of_a_training_stands_for_its_checkpoint(tmp_path):
    with pytest.raises(FileFault, match=r"holds no checkpoint\.safetensors"):
        mosim_gym.load(tmp_path)
    shutil.copy(packaged_path("pendulum"), tmp_path / "checkpoint.safetensors")
    assert mosim_gym.load(tmp_path).robot.name == "pendulum"


def test_a_robot_without_a_model_of_its_steps_has_the_one_of_the_longest_shorter_steps():
    assert packaged_for("hopper") == "hopper"
    assert packaged_for("panda") == "panda@0.002"
    assert packaged_for("hand") is None
