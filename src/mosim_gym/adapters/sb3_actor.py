"""Actors of Stable-Baselines3's algorithms as plain networks, made from a policy's tensors and the readable part of its settings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from mosim_gym.mechanics.schema import LARGEST

FLAT = "<class 'stable_baselines3.common.torch_layers.FlattenExtractor'>"
WHITENED = "<class 'mosim_gym.rl.learners.observations.Whitened'>"
ACTIVATIONS: dict[str, type[nn.Module]] = {
    f"<class '{kind.__module__}.{kind.__name__}'>": kind
    for kind in (
        nn.ReLU,
        nn.Tanh,
        nn.ELU,
        nn.LeakyReLU,
        nn.SiLU,
        nn.GELU,
        nn.Sigmoid,
        nn.Softplus,
        nn.Softsign,
        nn.SELU,
    )
}


@dataclass(frozen=True)
class Family:
    """Policies whose actors have the same structure: the names of their layers among the policy's tensors, and what follows them."""

    hidden: str  # each linear map in it is followed by the activation
    output: str  # one linear map, or the last of `hidden` if they are the same
    extractor: str
    ignored: tuple[str, ...]  # beginnings of the names of tensors that the actor does not use
    activation: type[nn.Module] = nn.ReLU
    squashed: bool = True


_SAC = Family("actor.latent_pi", "actor.mu", "actor.features_extractor", ("critic", "actor.log_std"))
_PPO = Family(
    "mlp_extractor.policy_net",
    "action_net",
    "pi_features_extractor",
    ("mlp_extractor.value_net.", "value_net.", "log_std", "features_extractor.", "vf_features_extractor."),
    nn.Tanh,
    squashed=False,
)
FAMILIES = {
    "stable_baselines3.sac.policies": _SAC,
    "sb3_contrib.tqc.policies": _SAC,
    "sb3_contrib.crossq.policies": _SAC,
    "mosim_gym.rl.learners.critics": _SAC,
    "stable_baselines3.td3.policies": Family(
        "actor.mu", "actor.mu", "actor.features_extractor", ("critic", "actor_target.")
    ),
    "stable_baselines3.common.policies": _PPO,
    "sb3_contrib.ars.policies": Family("action_net", "action_net", "features_extractor", ()),
}
"""The family of an actor, by the module of its policy class."""


class UnknownActor(ValueError):
    """An actor that cannot be rebuilt."""


@dataclass(frozen=True)
class Actor:
    """`network` maps observations `(B, n)` to actions `(B, nu)`. `squashed` actions are in [-1, 1] and need scaling to their range."""

    network: nn.Module
    squashed: bool


class Scaled(nn.Module):
    """`(x - mean) / deviation`, and with `scale` and `shift` also `scale · x + shift` of that."""

    mean: Tensor
    deviation: Tensor
    scale: Tensor | None
    shift: Tensor | None

    def __init__(
        self, mean: Tensor, deviation: Tensor, scale: Tensor | None = None, shift: Tensor | None = None
    ) -> None:
        """All arguments are `(n,)`."""
        super().__init__()
        for name, value in (("mean", mean), ("deviation", deviation), ("scale", scale), ("shift", shift)):
            self.register_buffer(name, value)

    def forward(self, x: Tensor) -> Tensor:
        """The scaled `x (B, n)`."""
        x = (x - self.mean) / self.deviation
        return x if self.scale is None or self.shift is None else self.scale * x + self.shift


def build_actor(held: Mapping[str, Any], tensors: Mapping[str, Tensor], observations: int, actions: int) -> Actor:
    """The actor of the policy whose JSON is `held` and whose state is `tensors`. Raises `UnknownActor` for one of no `Family`."""
    kind, settings = held["policy_class"], held["policy_kwargs"]
    family = FAMILIES.get(kind["__module__"])
    if family is None:
        raise UnknownActor(f"its policy is a class of {str(kind['__module__'])[:60]}")
    used = {name: value for name, value in tensors.items() if not name.startswith(family.ignored)}
    whitened = _whitened(settings, family, used)
    activation = _activation(settings, family)
    shared = family.hidden == family.output
    steps: list[nn.Module] = [] if whitened is None else [whitened]
    hidden = _take(used, family.hidden)
    steps += _layers(hidden, activation, _setting(settings, "batch_norm_eps", 0.001), last_is_output=shared)
    if not shared:
        output = _take(used, family.output)
        clipped = set(output) == {0} and bool(held.get("use_sde"))
        steps.append(_linear(output[0] if clipped else output.get(None, {})))
        if clipped:
            limit = _setting(settings, "clip_mean", 2.0)
            steps.append(nn.Hardtanh(-limit, limit))
    squashed = _squashes(family, kind, settings, shared)
    if used:
        raise UnknownActor(f"its {next(iter(used))[:60]} does not belong to a multi-layer perceptron")
    if squashed:
        steps.append(nn.Tanh())
    network = nn.Sequential(*steps)
    _check(network, observations, actions)
    return Actor(network, squashed)


def _squashes(family: Family, kind: Mapping[str, Any], settings: Mapping[str, Any], shared: bool) -> bool:
    if family is _PPO:
        return _flag(settings, "squash_output", False)
    if family is FAMILIES["sb3_contrib.ars.policies"]:
        return _flag(settings, "squash_output", "ARSLinearPolicy" not in str(kind.get("__init__")))
    return True


def _whitened(settings: Mapping[str, Any], family: Family, used: dict[str, Tensor]) -> Scaled | None:
    """This package's features extractor, if the policy has it; None for one that only flattens."""
    extractor = settings.get("features_extractor_class", FLAT)
    if extractor == FLAT:
        return None
    mean, std = (used.pop(f"{family.extractor}.{part}", None) for part in ("mean", "std"))
    if extractor != WHITENED or mean is None or std is None or not bool((std > 0).all()):
        raise UnknownActor(f"its features extractor is {str(extractor)[:60]}")
    return Scaled(mean, std)


def _activation(settings: Mapping[str, Any], family: Family) -> type[nn.Module]:
    said = settings.get("activation_fn")
    found = family.activation if said is None else ACTIVATIONS.get(said) if isinstance(said, str) else None
    if found is None:
        raise UnknownActor(f"its activation is {str(said)[:60]}")
    return found


def _setting(settings: Mapping[str, Any], name: str, usual: float) -> float:
    value = settings.get(name, usual)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < LARGEST:
        raise UnknownActor(f"its {name} is {str(value)[:60]}")
    return float(value)


def _flag(settings: Mapping[str, Any], name: str, usual: bool) -> bool:
    value = settings.get(name, usual)
    if not isinstance(value, bool):
        raise UnknownActor(f"its {name} is {str(value)[:60]}")
    return value


def _take(used: dict[str, Tensor], prefix: str) -> dict[int | None, dict[str, Tensor]]:
    """The tensors under `prefix`, taken out of `used`, by the number of their module in a sequence; None if there is no sequence."""
    found: dict[int | None, dict[str, Tensor]] = defaultdict(dict)
    for name in [name for name in used if name.startswith(f"{prefix}.")]:
        number, _, part = name[len(prefix) + 1 :].rpartition(".")
        if number == "" or (number.isascii() and number.isdecimal() and len(number) < 6):
            found[int(number) if number else None][part] = used.pop(name)
    return found


def _layers(
    modules: dict[int | None, dict[str, Tensor]], activation: type[nn.Module], eps: float, *, last_is_output: bool
) -> list[nn.Module]:
    """The modules in order. An activation follows each linear map but the output, and leaves a gap in the numbers."""
    steps: list[nn.Module] = []
    numbers = sorted(number for number in modules if number is not None)
    expected = 0
    for number in numbers:
        if number != expected:
            break
        parts = modules[number]
        expected += 1
        if "ra_mean" in parts:
            steps.append(_renormed(parts, eps))
            continue
        steps.append(_linear(parts))
        if not (last_is_output and number == numbers[-1]):
            steps.append(activation())
            expected += 1
    if len(numbers) != len(modules) or sum(not isinstance(s, activation) for s in steps) != len(numbers):
        raise UnknownActor("its layers are not those of a multi-layer perceptron")
    return steps


def _linear(parts: Mapping[str, Tensor]) -> nn.Linear:
    weight, bias = parts.get("weight"), parts.get("bias")
    if weight is None or weight.ndim != 2 or not parts.keys() <= {"weight", "bias"}:
        raise UnknownActor("one of its layers is not a linear map")
    if bias is not None and bias.shape != weight.shape[:1]:
        raise UnknownActor("its layers do not fit each other")
    layer = nn.Linear(1, 1, bias=bias is not None)
    layer.in_features, layer.out_features = weight.shape[1], weight.shape[0]
    layer.weight = nn.Parameter(weight)
    if bias is not None:
        layer.bias = nn.Parameter(bias)
    return layer


def _renormed(parts: Mapping[str, Tensor], eps: float) -> Scaled:
    """CrossQ's normalisation as it acts outside training."""
    if parts.keys() != {"scale", "bias", "ra_mean", "ra_var", "steps"} or not bool((parts["ra_var"] >= 0).all()):
        raise UnknownActor("one of its normalisations is not CrossQ's")
    return Scaled(parts["ra_mean"], (parts["ra_var"] + eps).sqrt(), parts["scale"], parts["bias"])


def _check(network: nn.Sequential, observations: int, actions: int) -> None:
    """Raise `UnknownActor` unless the layers fit each other and the weights are finite and of sane size."""
    size = observations
    for step in network:
        if isinstance(step, nn.Linear):
            if step.in_features != size:
                raise UnknownActor("its layers do not fit each other")
            size = step.out_features
        elif isinstance(step, Scaled) and any(value.shape != (size,) for value in step.buffers()):
            raise UnknownActor("its layers do not fit each other")
    if size != actions:
        raise UnknownActor("its last layer does not fit its actions")
    for value in network.state_dict().values():
        if value.dtype != torch.float32 or not bool((value.abs() <= LARGEST).all()):
            raise UnknownActor("its weights are not all finite float32 numbers")
