"""The ensemble tells how much its members differ, and samples paths."""

from __future__ import annotations

import numpy as np
from tests.world_models.small import small

from mosim_gym.data.recipe_motion import RecipeMotion
from mosim_gym.evaluation.heldout import random_test


def test_members_differ_more_far_from_the_data():
    model = small("pets")
    model.fit(RecipeMotion("pendulum", segments=100), budget=0.0, seed=0)
    q, rest, action = np.zeros((4, 1)), np.zeros((4, 1)), np.full((4, 1), 0.5)
    near, far = model.spread(q, rest, action), model.spread(q, rest + 100, action)
    assert near.shape == (4, 1)
    assert far.mean() > 3 * near.mean()


def test_sampled_paths_differ_and_repeat():
    test = random_test("pendulum", "uniform", segments=5, steps=4, seed=0)
    same = type(test.history)(*(part[:1].repeat(5, axis=0) for part in test.history))
    actions = test.actions[:1].repeat(5, axis=0)
    model = small("pets", rollout="sample", steps=20)
    model.fit(RecipeMotion("pendulum", segments=20), budget=0.0, seed=0)
    first, again = (model.rollout(same, actions).qvel for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert first[:, 0].std() > 0
