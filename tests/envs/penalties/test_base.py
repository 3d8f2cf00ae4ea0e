"""The contract of penalties, which every registered one keeps: for single environments, batches and gradients alike."""

from __future__ import annotations

import copy

import gymnasium as gym
import numpy as np
import pytest
import torch

from mosim_gym.envs.batch import TorchEnv
from mosim_gym.envs.penalties import DensityPenalty
from mosim_gym.envs.penalties.base import PENALTIES, Charge, Penalty
from mosim_gym.envs.penalties.wrappers import penalise

TASK, MODEL = "CheetahRun", "cheetah:narrow"
FAST = {"qpos": np.zeros(9), "qvel": np.full(9, 15.0)}


class Effort(Penalty):
    """A penalty of one's own: the squared action."""

    def bind(self, core, dynamics):
        self.robot = core.robot.name

    def charge(self, state, action):
        effort = action.square().sum(-1)
        return Charge(effort, effort > 5.0, {"effort": effort})


@pytest.fixture(params=["density", "disagreement", "effort"])
def kind(request):
    PENALTIES.add("effort", Effort)
    yield PENALTIES.find(request.param)
    PENALTIES.remove("effort")


def test_a_single_environment_pays_what_a_row_of_a_batch_pays(kind):
    single = penalise(gym.make(f"MoSim/{TASK}-v0", checkpoint=MODEL, ensemble=[0, 1]), kind())
    batch = penalise(gym.make_vec(f"MoSim/{TASK}-v0", num_envs=2, checkpoint=MODEL, ensemble=[0, 1]), kind())
    single.reset(seed=0, options=FAST)
    batch.reset(seed=0, options=FAST)
    action = np.full(6, 1.0, np.float32)
    _, reward, _, truncated, info = single.step(action)
    _, rewards, _, truncations, infos = batch.step(np.stack([action, action]))
    assert info["penalty"] > 0
    assert reward == pytest.approx(info["raw_reward"] - info["penalty"], abs=1e-5)
    assert rewards[0] == pytest.approx(reward, abs=1e-4)
    assert truncations[0] == truncated
    assert set(info) - {"end"} == {name for name in infos if not name.startswith("_")} - {"end"}


def test_learners_by_gradients_pay_it_too(kind):
    env = TorchEnv(TASK, 4, checkpoint=MODEL, penalties=[kind()], gradients=True)
    env.reset(seed=0, options=FAST)
    action = torch.full((4, 6), 0.5, requires_grad=True)
    step = env.step(action)
    torch.testing.assert_close(step.reward.detach(), env.raw_reward - env.penalty.detach())
    assert bool(torch.autograd.grad(step.reward.sum(), action)[0].isfinite().all())


def test_a_penalised_batch_as_tensors_pays_it_with_gradients(kind):
    """Whatever is wrapped around; the batch without its wrapper pays nothing."""
    venv = gym.make_vec(f"MoSim/{TASK}-v0", num_envs=4, checkpoint=MODEL, gradients=True)
    envs = penalise(penalise(venv, Effort()), kind())
    envs.reset(seed=0, options=FAST)
    action = torch.full((4, 6), 0.5, requires_grad=True)
    twin = copy.deepcopy(envs)
    step = envs.torch.step(action)
    paid = envs.torch.penalty.detach()
    assert bool((paid > 1.5).all())  # the effort of 6 * 0.5², and the other
    torch.testing.assert_close(step.reward.detach(), envs.torch.raw_reward - paid)
    assert bool((torch.autograd.grad(step.reward.sum(), action)[0].abs().sum(1) > 0).all())
    assert bool((twin.torch.step(action).reward == step.reward).all())
    envs.unwrapped.torch.step(action)
    assert not envs.torch.penalty.any()


def test_the_gradient_of_a_density_penalty_is_its_slope():
    env = TorchEnv(TASK, 2, checkpoint=MODEL, penalties=[DensityPenalty(threshold=0.0, scale=20.0)], gradients=True)
    env.reset(seed=0, options={"qpos": np.zeros(9), "qvel": np.full(9, 0.5)})
    state, action = env.state, torch.full((2, 6), 0.2, requires_grad=True)
    slope = torch.autograd.grad(env.penalties.charge(state, action).penalty.sum(), action)[0]
    shift = torch.zeros(2, 6)
    shift[:, 0] = 1e-2
    with torch.no_grad():
        high, low = (env.penalties.charge(state, action + sign * shift).penalty for sign in (1, -1))
    assert bool((slope[:, 0].abs() > 1e-6).all())
    torch.testing.assert_close(slope[:, 0], (high - low) / 2e-2, rtol=0.05, atol=1e-5)


def test_a_penalty_of_the_wrong_shape_is_refused():
    class Column(Effort):
        def charge(self, state, action):
            effort = action.square().sum(-1, keepdim=True)
            return Charge(effort, effort > 5.0, {})

    env = TorchEnv(TASK, 3, penalties=[Column()])
    env.reset(seed=0)
    with pytest.raises(ValueError, match=r"Column returned penalties of shape \(3, 1\) .* both must be \(3,\)"):
        env.step(torch.zeros(3, 6))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_a_penalty_that_is_not_finite_is_refused_by_its_name(value):
    class Broken(Effort):
        def charge(self, state, action):
            effort = action.square().sum(-1)
            return Charge(effort * 0 + value, effort < 0, {})

    said = f"Broken takes {value} off a reward; a penalty must be finite"
    batch = TorchEnv("PendulumSwingup", 3, penalties=[Broken()])
    batch.reset(seed=0)
    with pytest.raises(FloatingPointError, match=said):
        batch.step(torch.zeros(3, 1))
    single = penalise(gym.make("MoSim/PendulumSwingup-v0"), Broken())
    single.reset(seed=0)
    with pytest.raises(FloatingPointError, match=said):
        single.step(np.zeros(1, np.float32))


def test_an_action_that_is_no_number_is_no_fault_of_the_penalty():
    env = TorchEnv("PendulumSwingup", 2, penalties=[Effort()])
    env.reset(seed=0)
    with pytest.raises(ValueError, match="The action of environment 1"):
        env.step(torch.tensor([[0.0], [torch.nan]]))


def test_without_a_penalty_info_has_the_state_alone():
    env = gym.make(f"MoSim/{TASK}-v0")
    env.reset(seed=0)
    assert set(env.step(env.action_space.sample())[4]) == {"qpos", "qvel", "goal"}


def test_unknown_penalties_and_what_is_none_are_one_sentence():
    with pytest.raises(
        KeyError, match=r"Unknown penalty 'densty'. Did you mean 'density'\? Valid: density, disagreement"
    ):
        PENALTIES.find("densty")
    with pytest.raises(TypeError, match="is not a penalty: it must be a class derived from Penalty"):
        PENALTIES.add("dict", dict)
    with pytest.raises(ValueError, match="Two entries of the kind penalty are named 'density'"):
        PENALTIES.add("density", Effort)
    with pytest.raises(TypeError, match=r"it must come from gym\.make or gym\.make_vec of a MoSim id"):
        penalise(None, Effort())
    with pytest.raises(TypeError, match=r"A penalty needs an environment of mosim_gym, .* not PendulumEnv"):
        penalise(gym.make("Pendulum-v1"), Effort())


@pytest.mark.parametrize(
    ("charge", "said"),
    [
        (
            lambda n: Charge(np.zeros(n), torch.zeros(n) > 0, {}),
            "Odd returned a ndarray as penalty; it must be a torch tensor",
        ),
        (
            lambda n: Charge(torch.zeros(n), torch.zeros(n) > 0, {"x": 0.5}),
            "Odd returned a float as x; it must be a torch",
        ),
        (
            lambda n: Charge(torch.zeros(n), torch.zeros(n), {}),
            "Odd returned torch.float32 as cut; it must be torch.bool",
        ),
        (lambda n: torch.zeros(n), r"Odd returned a Tensor; its charge must return a Charge\(penalty, cut, info\)"),
    ],
)
def test_a_charge_of_a_wrong_kind_is_one_sentence(charge, said):
    class Odd(Effort):
        def charge(self, state, action):
            return charge(len(action))

    for env in (penalise(gym.make(f"MoSim/{TASK}-v0"), Odd()), penalise(gym.make_vec(f"MoSim/{TASK}-v0", 2), Odd())):
        env.reset(seed=0)
        with pytest.raises(TypeError, match=said):
            env.step(np.zeros(env.action_space.shape, np.float32))
        with pytest.raises(TypeError, match="penalty is the class Odd; give an object of it"):
            penalise(env, Odd)
