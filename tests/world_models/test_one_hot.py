"""One-hot latents with gradients."""

from __future__ import annotations

import numpy as np
import torch

from mosim_gym.world_models.one_hot import divergence, mixed_log_probabilities, straight_through


def test_probabilities_are_mixed_with_the_uniform_ones():
    found = mixed_log_probabilities(torch.tensor([100.0, 0.0, 0.0, 0.0]), 0.1).exp()
    np.testing.assert_allclose(found, [0.925, 0.025, 0.025, 0.025], rtol=1e-5)


def test_draws_are_one_hot_and_have_the_gradient_of_the_probabilities():
    logits = torch.zeros(500, 2, 4, requires_grad=True)
    logs = mixed_log_probabilities(logits, 0.01)
    drawn = straight_through(logs, torch.Generator().manual_seed(0))
    np.testing.assert_allclose(drawn.detach().sum(-1), 1, atol=1e-6)
    np.testing.assert_allclose(drawn.detach().mean((0, 1)), 0.25, atol=0.05)
    drawn[..., 0].sum().backward()
    assert float(logits.grad.abs().sum()) > 0


def test_without_a_generator_the_likeliest_class_is_taken():
    assert straight_through(torch.tensor([0.2, 0.5, 0.3]).log(), None).round().tolist() == [0, 1, 0]


def test_the_divergence_of_equal_distributions_is_zero():
    first = mixed_log_probabilities(torch.tensor([[1.0, 2.0], [0.0, 5.0]]), 0.01)
    second = mixed_log_probabilities(torch.tensor([[2.0, 1.0], [0.0, 5.0]]), 0.01)
    assert float(divergence(first, first)) == 0
    assert float(divergence(first, second)) > 0.1
