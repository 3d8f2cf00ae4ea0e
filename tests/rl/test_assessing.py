"""`mosim_gym.assess`: may this policy run on my robot?"""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest
import torch

import mosim_gym
from mosim_gym.mechanics.motion import Step
from mosim_gym.robots import load_robot

BOX = {"qpos": [[-1.0, -1.0], [1.0, 1.0]], "qvel": [[-1.0, -1.0], [1.0, 1.0]]}


class Drift(mosim_gym.Dynamics):
    """A cart that goes on by a tenth in each step, in member 1 by two tenths."""

    members = 2

    def __init__(self, card=None):
        self.robot, self.card = load_robot("cartpole"), {"box": BOX} if card is None else card

    def step(self, qpos, qvel, action, features=None):
        pace = 0.1 * (1 + torch.arange(len(qpos)) % 2)
        qpos = qpos.clone()
        qpos[:, 0] += pace
        return Step(qpos, torch.zeros_like(qvel), qpos.new_zeros(len(qpos), 0))


class Full:
    """Always the highest command."""

    def predict(self, observation, *, deterministic=False):
        return np.ones((len(observation), 1), np.float32), None


def _assess(card=None, **options):
    return mosim_gym.assess(
        Full(),
        Drift(card),
        lambda f, a: f.joint("slider"),
        reset=(np.zeros((1, 2)), np.zeros((1, 2))),
        episodes=3,
        **{"max_episode_steps": 10, **options},
    )


def test_each_member_has_returns_of_its_own():
    found = _assess()
    assert found.returns.shape == (2, 3)
    np.testing.assert_allclose(found.returns, [[5.5] * 3, [11.0] * 3], rtol=1e-5)
    assert found.interval == pytest.approx((5.5, 11.0))
    assert found.mean == pytest.approx(8.25)
    assert bool((found.lengths == 10).all())


def test_steps_outside_the_data_are_counted_and_named():
    found = _assess()
    assert found.outside == pytest.approx(0.25, abs=0.051)  # 5 of 10 steps of one member, and rounding at the edge
    (only,) = found.excursions
    assert only.name == "position of slider"
    assert only.data == (-1.0, 1.0)
    assert only.reached == pytest.approx((0.1, 2.0), rel=1e-5)
    assert found.first_outside == pytest.approx(6 * 0.01, abs=0.021)


def test_limits_of_position_speed_and_command_are_counted():
    found = {(limit.kind, limit.name): limit for limit in _assess().limits}
    assert found["command", "slide, upper"].share == 1.0
    assert found["position", "slider, upper"].limit == pytest.approx(1.8)
    assert found["position", "slider, upper"].share == pytest.approx(0.1)
    assert not [kind for kind, _ in found if kind == "speed"]
    with pytest.raises(KeyError, match="Unknown joint with a speed limit 'slidr'"):
        _assess(speed_limits={"slidr": 1.0})


def test_it_says_in_words_what_was_found_and_what_to_do():
    said = str(_assess())
    assert "Return        8.25, between 5.5 and 11 by member (2 × 3 episodes of 0.1 s on average)" in said
    assert "position of slider: " in said
    assert "command of slide, upper (1): 100.0% of the steps" in said
    assert "→ Do not run it yet" in said
    assert "→ The members disagree" in said
    calm = _assess({"box": {"qpos": [[-9.0, -9.0], [9.0, 9.0]], "qvel": BOX["qvel"]}}, max_episode_steps=2)
    assert "none of the steps" not in str(calm)
    assert calm.outside == 0
    assert "does not say where its data are" in str(_assess({}))


@pytest.mark.parametrize("make", [gym.make, gym.make_vec])
def test_environments_bring_their_task_their_starts_and_their_limit(make):
    env = make("MoSim/CartpoleSwingup-v0", max_episode_steps=5)
    found = mosim_gym.assess(Full(), env, episodes=2)
    assert found.returns.shape == (
        env.unwrapped.dynamics.members if make is gym.make else env.torch.dynamics.members,
        2,
    )
    assert found.lengths.max() == 5
    assert found.has_box


def test_what_cannot_be_assessed_is_refused():
    with pytest.raises(ValueError, match="assess needs a reward"):
        mosim_gym.assess(Full(), "cartpole")
    with pytest.raises(TypeError, match="env is of int; it must be an environment of mosim_gym"):
        mosim_gym.assess(Full(), 3)
    with pytest.raises(ValueError, match="reward: the environment has its own"):
        mosim_gym.assess(Full(), gym.make("MoSim/CartpoleSwingup-v0"), lambda f, a: f.qvel[:, 0])
    with pytest.raises(TypeError, match=r"policy is of str; .* as what mosim_gym\.load_policy\(path\) returns"):
        mosim_gym.assess("policy.safetensors", gym.make("MoSim/CartpoleSwingup-v0"))  # pyright: ignore[reportArgumentType]
