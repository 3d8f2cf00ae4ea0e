"""Our tolerance is dm_control's."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mosim_gym.robots import tolerance

rewards = pytest.importorskip("dm_control.utils.rewards")
SIGMOIDS = ("gaussian", "hyperbolic", "long_tail", "reciprocal", "cosine", "linear", "quadratic", "tanh_squared")


@pytest.mark.parametrize("sigmoid", SIGMOIDS)
@pytest.mark.parametrize(("bounds", "margin"), [((0, 0), 1.0), ((-1, 2), 0.5), ((3, np.inf), 4.0), ((0, 1), 0.0)])
@pytest.mark.parametrize("value_at_margin", [0.0, 0.1, 0.7])
def test_equals_dm_control(sigmoid, bounds, margin, value_at_margin, rng):
    x = np.concatenate((rng.normal(size=500) * 4, [bounds[0], bounds[0] - margin, 0.0]))
    arguments = {"margin": margin, "sigmoid": sigmoid, "value_at_margin": value_at_margin}
    try:
        expected = rewards.tolerance(x, bounds, **arguments)
    except ValueError:
        with pytest.raises(ValueError, match="value_at_margin"):
            tolerance(torch.from_numpy(x), bounds, **arguments)
        return
    np.testing.assert_allclose(tolerance(torch.from_numpy(x), bounds, **arguments), expected, atol=1e-12)


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="lower ≤ upper"):
        tolerance(torch.zeros(1), (1, 0))
    with pytest.raises(ValueError, match="Unknown sigmoid 'sine'"):
        tolerance(torch.zeros(1), margin=1, sigmoid="sine")
