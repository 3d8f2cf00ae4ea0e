"""Muon: orthogonal updates that solve a regression."""

from __future__ import annotations

import torch

from mosim_gym.training.muon import Muon, orthogonalised


def test_orthogonalised_matrices_have_singular_values_near_one(rng):
    for shape in ((3, 20, 20), (1, 30, 10), (1, 10, 30)):
        values = torch.linalg.svdvals(orthogonalised(torch.from_numpy(rng.normal(size=shape)).float()))
        assert values.min() > 0.4
        assert values.max() < 1.4


def test_muon_solves_a_regression(rng):
    truth = torch.from_numpy(rng.normal(size=(8, 8))).float()
    weight = torch.nn.Parameter(torch.zeros(1, 8, 8))
    optimiser = Muon([weight], lr=0.1, weight_decay=0.0)
    x = torch.from_numpy(rng.normal(size=(500, 8))).float()
    for step in range(400):
        optimiser.param_groups[0]["lr"] = 0.1 * (1 - step / 400)
        optimiser.zero_grad()
        loss = ((x @ weight[0].T - x @ truth.T) ** 2).mean()
        loss.backward()
        optimiser.step()
    assert float(loss.detach()) < 1e-2
