"""SHAC: its targets and statistics are right, it learns by gradients through the model, and its policy is its actor."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mosim_gym.cli import main
from mosim_gym.envs.batch import TorchEnv
from mosim_gym.rl.learners.shac import Shac, ShacConfig, td_lambda

TASK = "PointMassEasy"


def made(
    task: str, tmp_path, *, num_envs: int = 16, checkpoint=None, outside_model: str = "truncate", **settings
) -> Shac:
    env = TorchEnv(
        task,
        num_envs,
        checkpoint=checkpoint,
        max_episode_steps=50,
        stagger=True,
        gradients=True,
        outside_model=outside_model,
    )
    return Shac(env, ShacConfig(**{"horizon": 8, "width": 32, **settings}), seed=0, folder=tmp_path)


def test_targets_are_those_of_td_lambda():
    rewards, values = [torch.tensor([1.0]), torch.tensor([2.0])], torch.tensor([[10.0], [20.0]])
    second = 2 + 0.9 * 20
    first = 1 + 0.9 * (0.5 * 10 + 0.5 * second)
    found = td_lambda(rewards, values, [torch.tensor([False])] * 2, discount=0.9, lam=0.5)
    torch.testing.assert_close(found, torch.tensor([[first], [second]]))
    cut = td_lambda(rewards, values, [torch.tensor([True]), torch.tensor([False])], discount=0.9, lam=0.5)
    assert float(cut[0, 0]) == pytest.approx(1 + 0.9 * 10)


@pytest.mark.parametrize(("saturation", "returns"), [(0.01, True), (0.0, False)])
def test_a_policy_that_wants_more_than_all_comes_back_to_where_it_can_learn(tmp_path, saturation, returns):
    learner = made(TASK, tmp_path, saturation=saturation)
    bias = learner.actor[-1].bias
    with torch.no_grad():
        learner.actor[-1].weight.zero_()
        bias.fill_(12.0)  # tanh is 1 and its slope 0 in float32
    learner.learn(3 * 8)
    assert bool((bias < 12).all()) == returns


@pytest.mark.parametrize(("outside_model", "beyond"), [("truncate", True), ("terminate", False), ("continue", True)])
def test_what_is_promised_where_the_model_is_left(tmp_path, outside_model, beyond):
    """A box that every state has left: the critic's estimate stands for the rest, or nothing does, or there is no box. The critic is then
    fitted to it: from a rest that is worth 100 it learns high values, from none it learns none.
    """
    learner = made("PendulumSwingup", tmp_path, outside_model=outside_model, critic_passes=60, critic_rate=0.02)
    if outside_model != "continue":
        learner.env.bounds.move({"qpos": [[None], [None]], "qvel": [[50.0], [60.0]]})
    with torch.no_grad():
        learner.target[-1].bias.fill_(100.0)
    seen = learner.normaliser(learner.env.observation())
    learner.learn(8)
    with torch.no_grad():
        assert bool(learner.critic(seen).mean() > 10) == beyond


def test_it_learns_and_its_policy_acts_as_its_actor(tmp_path):
    learner = made("CheetahRun", tmp_path, num_envs=32, width=64, horizon=16, checkpoint="cheetah:small")
    first = np.mean([learner.update() for _ in range(3)])
    for _ in range(40):
        learner.update()
    assert np.mean([learner.update() for _ in range(3)]) > first + 0.04
    observation = learner.env.observation().detach()
    action, _ = learner.policy({}).predict(observation.numpy())
    with torch.no_grad():
        wanted = torch.tanh(learner.actor(learner.normaliser(observation)))  # controls are from -1 to 1
    np.testing.assert_allclose(action, wanted.numpy(), atol=1e-4)


@pytest.mark.parametrize("outside_model", ["truncate", "terminate"])
def test_an_action_that_is_held_has_a_gradient_through_all_its_steps(outside_model):
    env = TorchEnv(TASK, 3, repeat=4, gradients=True, outside_model=outside_model)
    env.reset(seed=0)
    action = torch.full((3, 2), 0.3, requires_grad=True)
    step = env.step(action)
    gradient = torch.autograd.grad(env.state.qvel.sum() + 0 * step.reward.sum(), action)[0]
    once = TorchEnv(TASK, 3, gradients=True)
    once.reset(seed=0)
    once.step(action)
    assert bool((gradient.abs() > 2 * torch.autograd.grad(once.state.qvel.sum(), action)[0].abs()).all())


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"horizon": 1_000_000}, "horizon is 1000000; it must be positive and at most 1,000"),
        ({"actor_rate": 1e30}, r"actor_rate is 1e\+30; it must be positive and at most 1"),
        ({"width": 10_000_000}, "width is 10000000; it must be positive and at most 16,384"),
        ({"first_log_std": 1e5}, "first_log_std is 100000.0; it must be at least -20 and at most 5"),
    ],
)
def test_numbers_beyond_all_sense_are_refused(settings, sentence):
    with pytest.raises(ValueError, match=sentence):
        ShacConfig(**settings).check(4)


def test_on_the_truth_it_is_refused_in_one_sentence(tmp_path, capsys):
    typed = ["rl", "zero-shot", TASK, "--algo", "shac", "--checkpoint", "truth", "--budget", "2s"]
    with pytest.raises(SystemExit) as end:
        main([*typed, "--out", str(tmp_path)])
    assert end.value.code == 2
    error = capsys.readouterr().err
    assert "mosim-gym: The truth has no gradients; take a learned checkpoint" in error
    assert "Traceback" not in error
