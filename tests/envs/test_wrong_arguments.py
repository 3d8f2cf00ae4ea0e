"""What no environment can use is one sentence, on every surface, before anything is computed."""

from __future__ import annotations

import gymnasium as gym
import pytest
import torch

import mosim_gym
from mosim_gym.envs.batch import TorchEnv
from mosim_gym.mechanics.storage import FileFault

TASK, ID = "PendulumSwingup", "MoSim/PendulumSwingup-v0"


@pytest.mark.parametrize("solver", ["", "euler9", ["rk4"], 4])
def test_an_unknown_solver_is_named_with_the_valid_ones(solver):
    with pytest.raises(KeyError, match=r"Unknown solver .*Valid: .*semi_implicit"):
        mosim_gym.load("pendulum", solver=solver)


@pytest.mark.parametrize(("name", "value"), [("stagger", "yes"), ("gradients", "yes"), ("gradients", 2)])
def test_what_is_true_or_false_must_be_that(name, value):
    with pytest.raises(TypeError, match=f"{name} is {value!r}; it must be True or False"):
        gym.make_vec(ID, num_envs=2, **{name: value})


@pytest.mark.parametrize("name", ["x" * 300, "y" * 5000 + "/z"])
def test_a_checkpoint_whose_name_no_file_can_have_is_not_there(name):
    with pytest.raises((KeyError, FileFault), match=r"Unknown checkpoint|There is no checkpoint file"):
        mosim_gym.load(name)


@pytest.mark.parametrize("side", ["width", "height"])
def test_a_picture_has_an_end(side):
    with pytest.raises(ValueError, match=f"{side} is 1000000000; .* at most 16,384"):
        gym.make(ID, render_mode="rgb_array", **{side: 10**9})


@pytest.mark.parametrize(
    ("task", "options"),
    [
        ("FingerTurnEasy", {"goal": [1e30, 0.0]}),
        ("AcrobotSwingup", {"qpos": [3e38, 0.0]}),
        ("PendulumSwingup", {"qpos": [0.0], "qvel": [-2e18]}),
    ],
)
def test_a_start_from_which_motion_overflows_is_refused(task, options):
    env = gym.make(f"MoSim/{task}-v0")
    with pytest.raises(ValueError, match=r"holds numbers of 1e.18 and more"):
        env.reset(seed=0, options=options)


@pytest.mark.parametrize("kind", [torch.float64, torch.bfloat16, torch.int64])
@pytest.mark.parametrize("rows", [4, 600])
def test_actions_of_any_kind_of_number_do_what_float32_ones_do(kind, rows):
    moved = []
    for dtype in (torch.float32, kind):
        env = TorchEnv(TASK, rows)
        env.reset(seed=0)
        for action in (torch.zeros(rows, 1), torch.ones(rows, 1), torch.zeros(rows, 1)):
            env.step(action)
        moved.append(env.step(torch.ones(rows, 1, dtype=dtype)).observation)
    torch.testing.assert_close(*moved)


def test_an_action_that_is_not_finite_is_named_and_not_taken_for_a_lost_state():
    env = TorchEnv(TASK, 3)
    env.reset(seed=0)
    action = torch.tensor([[0.0], [torch.nan], [1.0]])
    with pytest.raises(ValueError, match=r"The action of environment 1, \[nan\], holds numbers that are not finite"):
        env.step(action)
