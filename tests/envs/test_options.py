"""What people hand to environments by mistake has one clear sentence, and what they may reasonably hand over works."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest
import torch

import mosim_gym
from mosim_gym.envs.batch import TorchEnv
from mosim_gym.mechanics.storage import FileFault
from mosim_gym.truth.dynamics import TrueDynamics

ID = "MoSim/PendulumSwingup-v0"


@pytest.mark.parametrize("ensemble", ["a", [0, "x"], 1.5, [], [9], True, [True, False]])
def test_members_that_are_not_there(ensemble):
    with pytest.raises(ValueError, match="this checkpoint has 3 members: give how many to use, or which"):
        gym.make("MoSim/CheetahRun-v0", ensemble=ensemble)


@pytest.mark.parametrize("count", [2.5, "3", 0, True])
def test_numbers_of_environments_that_cannot_be(count):
    with pytest.raises(ValueError, match="must be a whole number, at least 1"):
        gym.make_vec(ID, num_envs=count)


def test_states_to_start_from_as_one_array():
    states = np.array([[0.3, 1.0], [-0.4, 0.0]])
    env = TorchEnv("PendulumSwingup", 20, reset_from=states)
    env.reset(seed=0)
    found = torch.cat((env.state.qpos, env.state.qvel), dim=1).numpy()
    assert {tuple(row) for row in found.round(4).tolist()} == {
        tuple(row) for row in states.astype(np.float32).round(4).tolist()
    }
    with pytest.raises(ValueError, match=r"has shape \(2, 3\); PendulumSwingup needs \(N, 2\)"):
        TorchEnv("PendulumSwingup", 2, reset_from=np.zeros((2, 3)))
    with pytest.raises(ValueError, match="holds no states"):
        TorchEnv("PendulumSwingup", 2, reset_from=(np.zeros((0, 1)), np.zeros((0, 1))))


def test_what_reset_says_can_be_given_back_to_it():
    env = gym.make_vec(ID, num_envs=3)
    _, info = env.reset(seed=0)
    again = gym.make_vec(ID, num_envs=3)
    _, repeated = again.reset(seed=1, options=info)
    np.testing.assert_array_equal(repeated["qpos"], info["qpos"])


def test_actions_as_numpy_are_taken_by_the_torch_surface():
    steps = []
    for action in (np.full((2, 1), 0.5, np.float32), torch.full((2, 1), 0.5)):
        env = TorchEnv("PendulumSwingup", 2)
        env.reset(seed=0)
        steps.append(env.step(action).observation)
    torch.testing.assert_close(*steps)


def test_numbers_may_be_numpys():
    env = gym.make_vec(
        "MoSim/CheetahRun-v0", num_envs=np.int64(3), ensemble=np.array([0, 2]), max_episode_steps=np.int32(7)
    )
    assert env.reset(seed=0)[0].shape == (3, 17)
    assert env.torch.dynamics.members == 2
    assert gym.make("MoSim/CheetahRun-v0", ensemble=np.int64(1)).unwrapped.dynamics.members == 1


def _length(env, rows=None):
    """Steps until the first episode ends, at most 1,005."""
    env.reset(seed=0)
    action = np.zeros((1,) if rows is None else (rows, 1), np.float32)
    for step in range(1, 1006):
        *_, truncated, _ = env.step(action)
        if np.any(truncated):
            return step
    return None


@pytest.mark.parametrize(("steps", "length"), [(None, 1000), (-1, None), (3, 3)])
def test_time_limits_mean_the_same_everywhere(steps, length):
    assert _length(gym.make(ID, max_episode_steps=steps)) == length
    assert _length(gym.make_vec(ID, num_envs=2, max_episode_steps=steps), rows=2) == length
    assert _length(mosim_gym.make_real("PendulumSwingup", max_episode_steps=steps)) == length


@pytest.mark.parametrize("steps", [0, -2, 2.5, "3", True])
def test_time_limits_that_cannot_be(steps):
    for make in (
        lambda: gym.make_vec(ID, max_episode_steps=steps),
        lambda: mosim_gym.make_real("PendulumSwingup", max_episode_steps=steps),
    ):
        with pytest.raises(ValueError, match="at least 1, or -1 for no limit, or None for 1000"):
            make()


@pytest.mark.parametrize("checkpoint", [None, "truth"])
@pytest.mark.parametrize("device", ["banana", None, "cuda:99"])
@pytest.mark.parametrize("make", [gym.make, gym.make_vec])
def test_devices_that_are_not_there(make, device, checkpoint):
    with pytest.raises(ValueError, match=r"(is not a device|cannot be used on this machine)\. Valid: cpu"):
        make(ID, device=device, checkpoint=checkpoint)


@pytest.mark.parametrize("checkpoint", ["truth", TrueDynamics("pendulum")])
def test_the_truth_has_no_gradients(checkpoint):
    with pytest.raises(ValueError, match="The truth has no gradients; take a learned checkpoint"):
        TorchEnv("PendulumSwingup", 2, checkpoint=checkpoint, gradients=True)


@pytest.mark.parametrize(
    ("checkpoint", "text"),
    [
        ("Pendulum", r"Did you mean 'pendulum'\? Valid: truth, acrobot, "),
        ("TRUTH", r"Did you mean 'truth'\?"),
        ("PendulumSwingup", r"It is a task; the checkpoint of its robot is 'pendulum'\. Valid: truth, "),
    ],
)
def test_checkpoints_by_a_wrong_name(checkpoint, text):
    with pytest.raises(KeyError, match=f"Unknown checkpoint '{checkpoint}'. {text}"):
        gym.make(ID, checkpoint=checkpoint)


@pytest.mark.parametrize(
    "mask",
    [
        torch.ones(2, dtype=torch.bool),
        torch.ones(4, dtype=torch.bool),
        torch.ones(3),
        torch.ones(3, 1, dtype=torch.bool),
    ],
)
def test_masks_that_are_none(mask):
    env = TorchEnv("PendulumSwingup", 3)
    env.reset(seed=0)
    with pytest.raises(
        ValueError, match=r"mask is torch\.\w+ of shape .*; these environments need torch.bool of shape \(3,\)"
    ):
        env.reset(mask=mask)


def test_a_mask_may_be_numpys_and_may_name_nobody():
    env = TorchEnv("PendulumSwingup", 3)
    before = env.reset(seed=[1, 2, 3])
    assert torch.equal(env.reset(mask=torch.zeros(3, dtype=torch.bool)), before)
    after = env.reset(mask=np.array([False, True, False]))
    assert ((after != before).any(dim=1) == torch.tensor([False, True, False])).all()


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
        env = TorchEnv("PendulumSwingup", rows)
        env.reset(seed=0)
        for action in (torch.zeros(rows, 1), torch.ones(rows, 1), torch.zeros(rows, 1)):
            env.step(action)
        moved.append(env.step(torch.ones(rows, 1, dtype=dtype)).observation)
    torch.testing.assert_close(*moved)


def test_an_action_that_is_not_finite_is_named_and_not_taken_for_a_lost_state():
    env = TorchEnv("PendulumSwingup", 3)
    env.reset(seed=0)
    action = torch.tensor([[0.0], [torch.nan], [1.0]])
    with pytest.raises(ValueError, match=r"The action of environment 1, \[nan\], holds numbers that are not finite"):
        env.step(action)
