"""Fully connected networks with a norm before each activation."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn


def perceptron(
    inputs: int,
    width: int,
    layers: int,
    outputs: int,
    *,
    norm: Callable[[int], nn.Module],
    activation: Callable[[], nn.Module],
) -> nn.Sequential:
    """`layers` hidden layers of `width` units, each with a norm and an activation, then a linear layer."""
    parts: list[nn.Module] = []
    for _ in range(layers):
        parts += [nn.Linear(inputs, width), norm(width), activation()]
        inputs = width
    return nn.Sequential(*parts, nn.Linear(inputs, outputs))
