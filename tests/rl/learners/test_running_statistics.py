"""Mean and deviation of observations as they come."""

from __future__ import annotations

import torch

from mosim_gym.rl.learners.running_statistics import Normaliser


def test_the_normaliser_knows_mean_and_deviation(generator):
    normaliser, data = Normaliser(3), torch.randn(500, 3, generator=generator) * torch.tensor([1.0, 5.0, 0.1]) + 2.0
    for part in data.split(50):
        normaliser.update(part)
    torch.testing.assert_close(normaliser.mean, data.mean(0), atol=1e-3, rtol=0)
    torch.testing.assert_close(normaliser.var, data.var(0, unbiased=False), rtol=1e-3, atol=1e-5)
