"""Policies to keep and to share: SB3's zips, and our own small files that hold an actor and nothing else."""

from __future__ import annotations

import zipfile
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sb3_contrib import TQC
from stable_baselines3 import A2C, PPO, SAC, TD3
from stable_baselines3.common.base_class import BaseAlgorithm

from mosim_gym.mechanics.names import UnknownName
from mosim_gym.mechanics.storage import FileFault, load_arrays, save_arrays
from mosim_gym.rl.observations import Whitened, folded
from mosim_gym.robots import find_task

Array = np.ndarray
KIND, VERSION = "policy", 1
ALGORITHMS: dict[str, type[BaseAlgorithm]] = {"sac": SAC, "tqc": TQC, "td3": TD3, "ppo": PPO, "a2c": A2C}


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


def load_policy(path: str | PathLike[str], *, device: str = "cpu") -> Any:
    """Something with SB3's `predict`: an SB3 zip, whose algorithm is found out, or a file of `ActorPolicy.save`."""
    path = Path(path)
    if not path.is_file():
        raise FileFault(f"There is no policy file at {path}.")
    if zipfile.is_zipfile(path):
        return _load_zip(path, device)
    arrays, header = load_arrays(path, KIND)
    if header.get("version") != VERSION:
        raise FileFault(f"{path} has policy format {header.get('version')}; this version of mosim_gym reads {VERSION}.")
    layers = sum(name.startswith("w") for name in arrays)
    if "card" not in header or not layers or not {"low", "high", *(f"b{i}" for i in range(layers))} <= set(arrays):
        raise FileFault(f"{path} is no policy of this package: its card or its layers are missing.")
    weights = [(arrays[f"w{i}"], arrays[f"b{i}"]) for i in range(layers)]
    if not all(np.isfinite(array).all() for array in arrays.values()):
        raise FileFault(f"{path} is damaged: it holds weights that are not finite.")
    return ActorPolicy(weights, arrays["low"], arrays["high"], header["card"])


def _load_zip(path: Path, device: str) -> BaseAlgorithm:
    """Load with the algorithm whose policy the archive names; SB3's format holds pickles, so load only what you trust."""
    with zipfile.ZipFile(path) as archive:
        if "data" not in archive.namelist():
            raise FileFault(f"{path} is a zip file, but not one of Stable-Baselines3.")
        text = archive.read("data").decode()
    known = (("tqc", "sb3_contrib.tqc"), ("sac", ".sac."), ("td3", ".td3."), ("ppo", '"n_epochs"'))
    name = next((name for name, module in known if module in text), "a2c")
    try:
        return ALGORITHMS[name].load(path, device=device)
    except (KeyError, ValueError) as error:
        raise FileFault(f"{path} cannot be read as a {name.upper()} of Stable-Baselines3: {error}.") from error


def algorithm(name: str) -> type[BaseAlgorithm]:
    """SB3's or sb3-contrib's class of that name; an unknown one raises with the valid ones."""
    if name.lower() not in ALGORITHMS:
        raise UnknownName("algorithm", name, list(ALGORITHMS))
    return ALGORITHMS[name.lower()]


def check_policy(policy: Any, task: str) -> None:
    """Raise, in one sentence, if `policy` says that it was trained on other spaces than `task` has."""
    from mosim_gym.truth.spaces import action_space, observation_space

    find_task(task)
    for name, wanted in (("observation_space", observation_space(task)), ("action_space", action_space(task))):
        found = getattr(policy, name, None)
        if found is not None and found != wanted:
            raise ValueError(f"The policy's {name} is {found}; {task} has {wanted}.")
