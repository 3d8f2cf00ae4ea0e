"""Fully connected networks have as many layers as asked."""

from __future__ import annotations

import torch
from torch import nn

from mosim_gym.world_models.perceptrons import perceptron


def test_hidden_layers_have_a_norm_and_an_activation():
    network = perceptron(3, 8, 2, 5, norm=nn.LayerNorm, activation=nn.Mish)
    assert network(torch.zeros(4, 3)).shape == (4, 5)
    assert sum(isinstance(layer, nn.LayerNorm) for layer in network) == 2
    assert sum(isinstance(layer, nn.Linear) for layer in network) == 3
