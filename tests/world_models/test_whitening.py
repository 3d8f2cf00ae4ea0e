"""Whitening gives columns of mean 0 and deviation 1, and what is undone is bounded."""

from __future__ import annotations

import numpy as np
import torch

from mosim_gym.world_models.whitening import Whitening


def test_columns_are_whitened_and_constant_ones_are_kept_finite():
    rows = torch.randn(500, 3, generator=torch.Generator().manual_seed(0)) * torch.tensor([5.0, 0.1, 0.0]) + 2
    whitening = Whitening(3)
    whitening.fit(rows)
    found = whitening(rows)
    np.testing.assert_allclose(found.mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(found.std(0), [1, 1, 0], atol=1e-2)
    np.testing.assert_allclose(whitening.inverse(found), rows, rtol=1e-5)


def test_what_is_undone_lies_within_the_data():
    rows = torch.tensor([[-1.0], [3.0]])
    whitening = Whitening(1)
    whitening.fit(rows)
    assert whitening.inverse(torch.tensor([[-9.0], [0.0], [9.0]])).flatten().tolist() == [-1.0, 1.0, 3.0]
