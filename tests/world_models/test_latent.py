"""Latent dynamics with steps of several control steps."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tests.world_models.small import small

from mosim_gym.data.recipe_motion import RecipeMotion
from mosim_gym.mechanics.motion import History, Segments
from mosim_gym.truth.dynamics import TrueDynamics
from mosim_gym.world_models.latent import LatentConfig, SimNorm


class Held:
    """Motion of the pendulum whose actions hold for two control steps."""

    robot = "pendulum"

    def blocks(self):
        generator = np.random.default_rng(0)
        q, v = generator.uniform(-3, 3, (100, 1)), generator.normal(size=(100, 1))
        actions = generator.uniform(-1, 1, (100, 10, 1)).repeat(2, axis=1)
        path = TrueDynamics(self.robot).rollout(q, v, actions)
        states = (np.concatenate((a[:, None], b), axis=1) for a, b in ((q, path.qpos), (v, path.qvel)))
        yield Segments(*states, actions, np.zeros((100, 20, 0)))


def test_a_step_of_the_model_is_several_control_steps():
    model = small("latent", action_repeat=2, steps=3)
    data = Held()
    with pytest.raises(ValueError, match="action_repeat is 2, but the data's actions change"):
        model.fit(RecipeMotion("pendulum", segments=10), budget=0.0, seed=0)
    model.fit(data, budget=0.0, seed=0)
    block = next(iter(data.blocks()))
    known = History(block.qpos[:, :1], block.qvel[:, :1], block.actions[:, :0])
    path = model.rollout(known, block.actions[:, :5])
    assert path.qpos.shape == (100, 5, 1)
    between = (block.qvel[:, 0] + path.qvel[:, 1]) / 2
    np.testing.assert_allclose(path.qvel[:, 0], between, rtol=1e-4, atol=1e-5)
    q, v, a = (torch.from_numpy(part).float() for part in (block.qpos[:, 0], block.qvel[:, 0], block.actions[:, :6]))
    with torch.no_grad():
        assert model.network.foreseen(q, v, a).shape == (100, 3, model.config.latent)


def test_groups_of_a_latent_add_up_to_one():
    np.testing.assert_allclose(SimNorm(4)(torch.randn(3, 8)).unflatten(-1, (2, 4)).sum(-1), 1, rtol=1e-5)
    with pytest.raises(ValueError, match="latent is 20; it must be a multiple of group, 8"):
        LatentConfig(latent=20)
