"""The networks of learners that are written here: an actor under tanh, a smooth critic, and the policy that an actor is.

a = middle + half · tanh(μ(x) + σ ε),    x the whitened observation
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from mosim_gym.envs.batch import TorchEnv
from mosim_gym.envs.spaces import action_space
from mosim_gym.mechanics.typed_torch import from_numpy
from mosim_gym.policies.actor import ActorPolicy
from mosim_gym.rl.learners.running_statistics import Normaliser


def actor_network(inputs: int, width: int, outputs: int) -> nn.Sequential:
    """μ, with two hidden layers."""
    return nn.Sequential(
        nn.Linear(inputs, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, outputs)
    )


def critic_network(inputs: int, width: int) -> nn.Sequential:
    """A critic that is smooth, because an actor may climb its slope, and has layer norms, because its targets move with it."""
    hidden = [nn.Linear(inputs, width), nn.LayerNorm(width), nn.SiLU(), nn.Linear(width, width), nn.LayerNorm(width)]
    return nn.Sequential(*hidden, nn.SiLU(), nn.Linear(width, 1))


def actor_policy(actor: nn.Sequential, normaliser: Normaliser, env: TorchEnv, card: Mapping[str, Any]) -> ActorPolicy:
    """The actor without noise, in the task of `env`. The whitening of observations is folded into its first layer."""
    layers = [layer for layer in actor if isinstance(layer, nn.Linear)]
    weights = [(layer.weight.detach().numpy().copy(), layer.bias.detach().numpy().copy()) for layer in layers]
    std = (normaliser.var + 1e-5).sqrt().numpy()
    first, bias = weights[0]
    weights[0] = (first / std, bias - (first / std) @ normaliser.mean.numpy())
    space = action_space(env.task)
    return ActorPolicy(weights, space.low, space.high, card)


@torch.no_grad()
def take_policy(actor: nn.Sequential, normaliser: Normaliser, policy: ActorPolicy) -> None:
    """Inverse of `actor_policy`: give `actor` the weights with which it is `policy` behind `normaliser`."""
    layers = [layer for layer in actor if isinstance(layer, nn.Linear)]
    for layer, (weight, bias) in zip(layers, policy.layers, strict=True):
        layer.weight.copy_(from_numpy(weight))
        layer.bias.copy_(from_numpy(bias))
    first = layers[0]
    first.bias.add_(first.weight @ normaliser.mean)
    first.weight.mul_((normaliser.var + 1e-5).sqrt())
