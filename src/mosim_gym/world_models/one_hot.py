"""Discrete latents: one-hot vectors with gradients, and how far two distributions of them differ."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def mixed_log_probabilities(logits: Tensor, uniform: float) -> Tensor:
    """Log-probabilities `(..., classes)` of a softmax that is mixed with a share `uniform` of the uniform distribution."""
    return torch.log((1 - uniform) * logits.softmax(-1) + uniform / logits.shape[-1])


def straight_through(log_probabilities: Tensor, generator: torch.Generator | None) -> Tensor:
    """One-hot draws `(..., classes)`, the likeliest class without a generator; their gradient is that of the probabilities."""
    probabilities = log_probabilities.exp()
    if generator is None:
        chosen = probabilities.argmax(-1)
    else:
        rows = probabilities.detach().flatten(0, -2)
        chosen = torch.multinomial(rows, 1, generator=generator).reshape(probabilities.shape[:-1])
    drawn = nn.functional.one_hot(chosen, probabilities.shape[-1]).to(probabilities.dtype)
    return drawn + probabilities - probabilities.detach()


def divergence(first: Tensor, second: Tensor) -> Tensor:
    """KL divergence `(...)` in nats from log-probabilities `(..., latents, classes)`, summed over the latents."""
    return (first.exp() * (first - second)).sum((-2, -1))
