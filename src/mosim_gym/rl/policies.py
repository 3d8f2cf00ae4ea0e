"""Policies to keep and to share: SB3's zips, and our own small files that hold an actor and nothing else."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sb3_contrib import ARS, TQC, TRPO, CrossQ
from stable_baselines3 import A2C, PPO, SAC, TD3
from stable_baselines3.common.base_class import BaseAlgorithm

from mosim_gym.adapters.sb3_zip import load_zip, read_description
from mosim_gym.mechanics.names import UnknownName
from mosim_gym.mechanics.schema import check, each, one_of, record, text
from mosim_gym.mechanics.storage import FileFault, is_safetensors, load_arrays, save_arrays
from mosim_gym.mechanics.weights import check_weights
from mosim_gym.rl.learners.observations import Whitened, folded
from mosim_gym.robots import find_task

Array = np.ndarray
KIND, VERSION = "policy", 1
ALGORITHMS: dict[str, type[BaseAlgorithm]] = {"sac": SAC, "tqc": TQC, "td3": TD3, "ppo": PPO, "a2c": A2C}
WRITERS: dict[str, type[BaseAlgorithm]] = {kind.__name__: kind for kind in (TQC, SAC, CrossQ, TD3, ARS, TRPO, PPO, A2C)}
HEADER = record(
    {
        "version": one_of(VERSION),
        "card": record({}, {"task": text(), "config": record({}, {"ends": text()}), "curve": each(record({}))}),
    }
)
"""What the header of a policy's file may hold."""


class ActorPolicy:
    """A deterministic multi-layer perceptron: `middle + half · tanh(Wₙ relu(… relu(W₀ x + b₀) …) + bₙ)`, with SB3's `predict`."""

    def __init__(self, weights: list[tuple[Array, Array]], low: Array, high: Array, card: dict[str, Any]) -> None:
        """`weights` are `(W (out, in), b (out,))` of each layer; `low`, `high (nu,)` the controls' range."""
        self.layers = [(np.asarray(w, np.float32), np.asarray(b, np.float32)) for w, b in weights]
        self._middle, self._half = (high + low) / 2, (high - low) / 2
        self._low, self._high = np.asarray(low, np.float32), np.asarray(high, np.float32)
        self.card = dict(card)

    def predict(
        self, observation: Any, state: Any = None, episode_start: Any = None, deterministic: bool = True
    ) -> tuple[Array, None]:
        """The control `(nu,)` or `(B, nu)` for one observation or many; there is no other than the deterministic one."""
        x = np.asarray(observation, np.float32)
        size = self.layers[0][0].shape[1]
        if x.shape[-1:] != (size,) or x.ndim > 2:
            raise ValueError(
                f"The observation has shape {x.shape}; this policy was trained on ({size},), the flat one of {self.card.get('task')}."
            )
        for weight, bias in self.layers[:-1]:
            x = np.maximum(x @ weight.T + bias, 0)
        weight, bias = self.layers[-1]
        action = self._middle + self._half * np.tanh(x @ weight.T + bias)
        return np.clip(action, self._low, self._high).astype(np.float32), None

    def save(self, path: str | Path, *, half: bool = False) -> Path:
        """Write weights and card as one safetensors file; with `half`, weights are rounded to float16, in half the space."""
        precision = np.float16 if half else np.float32
        arrays: dict[str, Array] = {"low": self._low, "high": self._high}
        for index, (weight, bias) in enumerate(self.layers):
            arrays[f"w{index}"], arrays[f"b{index}"] = weight.astype(precision), bias.astype(precision)
        return save_arrays(Path(path), KIND, arrays, {"version": VERSION, "card": self.card})


def actor_of(model: SAC | TQC, card: dict[str, Any]) -> ActorPolicy:
    """The actor of a trained SAC or TQC, on its own."""
    actor = model.policy.actor
    layers = [m for m in actor.latent_pi if isinstance(m, torch.nn.Linear)]
    others = {type(m).__name__ for m in actor.latent_pi} - {"Linear", "ReLU"}
    if others or not isinstance(actor.mu, torch.nn.Linear):
        raise ValueError(
            f"An actor with {', '.join(sorted(others)) or 'state-dependent exploration'} is not a plain one."
        )
    weights = [
        (m.weight.detach().cpu().numpy().copy(), m.bias.detach().cpu().numpy().copy()) for m in (*layers, actor.mu)
    ]
    if isinstance(actor.features_extractor, Whitened):
        weights[0] = folded(*weights[0], actor.features_extractor)
    space = model.action_space
    return ActorPolicy(weights, space.low, space.high, card)  # type: ignore[attr-defined]


def load_policy(path: str | PathLike[str], *, device: str = "cpu", trusted: bool = False) -> Any:
    """Something with SB3's `predict`: the actor in a file of `ActorPolicy.save`, or in a zip of Stable-Baselines3 named `*.zip`.

    Files are data: nothing that they hold is run. Of a zip, weights and readable text alone are used, which tell the deterministic policies
    of SAC, TQC, CrossQ, TD3, PPO, A2C, TRPO and ARS with SB3's own multi-layer perceptrons. With `trusted` SB3 itself loads a zip, whole,
    sampling and all: it opens pickles, which run whatever code the file's author put there, as you.
    """
    path = Path(path)
    if not path.is_file():
        raise FileFault(f"There is no policy file at {path}.")
    if path.suffix.lower() == ".zip" and not is_safetensors(path):
        return _trusted_zip(path, device) if trusted else load_zip(path, device)
    arrays, header = load_arrays(path, KIND)
    if header.get("version") != VERSION:
        raise FileFault(
            f"{path} has policy format {header.get('version')!r}; this version of mosim_gym reads {VERSION}."
        )
    if "card" not in header or not {"w0", "b0", "low", "high"} <= set(arrays):
        raise FileFault(f"{path} is no policy of this package: its card or its layers are missing.")
    check(path, "header", header, HEADER)
    weights = [
        (arrays[f"w{i}"], arrays[f"b{i}"])
        for i in range((len(arrays) - 2) // 2)
        if f"w{i}" in arrays and f"b{i}" in arrays
    ]
    shapes, low, high = _shapes(path, weights), arrays["low"], arrays["high"]
    if not low.shape == high.shape == shapes["low"]:
        raise FileFault(f"{path} is damaged: its controls' range does not fit its last layer.")
    check_weights(path, arrays, shapes)
    if not (low < high).all():
        raise FileFault(f"{path} is damaged: its lowest controls are not below the highest.")
    return ActorPolicy(weights, low, high, header["card"])


def _shapes(path: Path, weights: list[tuple[Array, Array]]) -> dict[str, tuple[int, ...]]:
    """What the file must hold, if its layers fit each other."""
    widths = [weights[0][0].shape[1:], *(bias.shape for _, bias in weights)]
    if any(
        weight.shape != after + before for (weight, _), before, after in zip(weights, widths, widths[1:], strict=False)
    ):
        raise FileFault(f"{path} is damaged: its layers do not fit each other.")
    shapes = {f"b{i}": bias.shape for i, (_, bias) in enumerate(weights)}
    shapes |= {f"w{i}": weight.shape for i, (weight, _) in enumerate(weights)}
    return {**shapes, "low": widths[-1], "high": widths[-1]}


def _trusted_zip(path: Path, device: str) -> BaseAlgorithm:
    """What SB3 makes of it, with the algorithm whose signs the archive bears."""
    found = WRITERS[read_description(path)[0]]
    try:
        return found.load(path, device=device)
    except (KeyError, ValueError, RuntimeError, TypeError, AttributeError) as error:
        raise FileFault(f"{path} cannot be read as a {found.__name__} of Stable-Baselines3: {error}.") from error


def algorithm(name: str) -> type[BaseAlgorithm]:
    """SB3's or sb3-contrib's class of that name; an unknown one raises with the valid ones."""
    if name.lower() not in ALGORITHMS:
        raise UnknownName("algorithm", name, list(ALGORITHMS))
    return ALGORITHMS[name.lower()]


def check_policy(policy: Any, task: str) -> None:
    """Raise, in one sentence, if `policy` says that it was trained on other spaces than `task` has."""
    from mosim_gym.envs.spaces import action_space, observation_space

    find_task(task)
    for name, wanted in (("observation_space", observation_space(task)), ("action_space", action_space(task))):
        found = getattr(policy, name, None)
        if found is not None and found != wanted:
            raise ValueError(f"The policy's {name} is {found}; {task} has {wanted}.")
