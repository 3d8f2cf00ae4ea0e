"""The RSSM predicts after one true state as well as after several."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tests.world_models.small import small

from mosim_gym.data.recipe_motion import RecipeMotion
from mosim_gym.evaluation.heldout import random_test
from mosim_gym.world_models.rssm import RSSMModel, symlog


@pytest.mark.parametrize("context", [1, 5])
def test_a_prediction_begins_with_as_many_true_states_as_asked(context):
    model = small("rssm", context=context, steps=1)
    assert isinstance(model, RSSMModel)
    model.fit(RecipeMotion("pendulum", segments=5), budget=0.0, seed=0)
    test = random_test("pendulum", "uniform", segments=3, steps=4, seed=0)
    path = model.rollout(test.history.latest(model.context), test.actions)
    assert model.context == context
    assert path.qvel.shape == (3, 4, 1)
    earlier = test.history._replace(qvel=test.history.qvel.copy())
    earlier.qvel[:, -4] += 3
    changed = model.rollout(earlier, test.actions)
    assert np.array_equal(changed.qvel, path.qvel) == (context == 1)


def test_symlog_is_odd_and_grows_slowly():
    np.testing.assert_allclose(
        symlog(torch.tensor([-1.0, 0.0, 1.0, 99.0])), [-np.log(2), 0, np.log(2), np.log(100)], rtol=1e-6
    )
