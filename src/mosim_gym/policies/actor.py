"""`ActorPolicy`: a deterministic policy, saved as a small file that holds only the actor and its card."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypedDict

import numpy as np

from mosim_gym.mechanics.schema import checked, each, one_of, record, text
from mosim_gym.mechanics.storage import FileFault, load_arrays, save_arrays
from mosim_gym.mechanics.weights import check_weights

Array = np.ndarray
KIND, VERSION = "policy", 1
HEADER = record(
    {
        "version": one_of(VERSION),
        "card": record({}, {"task": text(), "config": record({}, {"ends": text()}), "curve": each(record({}))}),
    }
)
"""What the header of a policy's file may hold."""


class _Header(TypedDict):
    card: Mapping[str, Any]


class ActorPolicy:
    """A deterministic multi-layer perceptron: `middle + half · tanh(Wₙ relu(… relu(W₀ x + b₀) …) + bₙ)`, with SB3's `predict`."""

    def __init__(self, weights: list[tuple[Array, Array]], low: Array, high: Array, card: Mapping[str, Any]) -> None:
        """`weights` are `(W (out, in), b (out,))` of each layer. `low` and `high (nu,)` are the controls' range."""
        self.layers = [(np.asarray(w, np.float32), np.asarray(b, np.float32)) for w, b in weights]
        self.low, self.high = np.asarray(low, np.float32), np.asarray(high, np.float32)
        self._middle, self._half = (self.high + self.low) / 2, (self.high - self.low) / 2
        self.card = dict(card)

    def predict(
        self, observation: Any, state: Any = None, episode_start: Any = None, deterministic: bool = True
    ) -> tuple[Array, None]:
        """The deterministic control `(nu,)` for one observation, or `(B, nu)` for B of them. `deterministic` has no effect."""
        x = np.asarray(observation, np.float32)
        size = self.layers[0][0].shape[1]
        if x.shape[-1:] != (size,) or x.ndim > 2:
            raise ValueError(
                f"The observation has shape {x.shape}; this policy needs ({size},), the flat observation of {self.card.get('task')}."
            )
        for weight, bias in self.layers[:-1]:
            x = np.maximum(x @ weight.T + bias, 0)
        weight, bias = self.layers[-1]
        action = self._middle + self._half * np.tanh(x @ weight.T + bias)
        return np.clip(action, self.low, self.high).astype(np.float32), None

    def save(self, path: str | Path, *, half: bool = False) -> Path:
        """Write weights and card as one safetensors file. With `half`, weights are rounded to float16, in half the space."""
        precision = np.float16 if half else np.float32
        arrays: dict[str, Array] = {"low": self.low, "high": self.high}
        for index, (weight, bias) in enumerate(self.layers):
            arrays[f"w{index}"], arrays[f"b{index}"] = weight.astype(precision), bias.astype(precision)
        return save_arrays(Path(path), KIND, arrays, {"version": VERSION, "card": self.card})


def load_actor(path: Path) -> ActorPolicy:
    """The policy in a file of `ActorPolicy.save`."""
    arrays, header = load_arrays(path, KIND)
    if header.get("version") != VERSION:
        raise FileFault(
            f"{path} has policy format {header.get('version')!r}; this version of mosim_gym reads {VERSION}."
        )
    if "card" not in header or not {"w0", "b0", "low", "high"} <= set(arrays):
        raise FileFault(f"{path} is not a policy of this package: its card or its layers are missing.")
    card = checked(path, "header", header, HEADER, _Header)["card"]
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
    return ActorPolicy(weights, low, high, card)


def _shapes(path: Path, weights: list[tuple[Array, Array]]) -> dict[str, tuple[int, ...]]:
    """The shapes that the file's arrays must have. Raises `FileFault` if the layers do not fit each other."""
    widths = [weights[0][0].shape[1:], *(bias.shape for _, bias in weights)]
    if any(
        weight.ndim != 2 or weight.shape != after + before
        for (weight, _), before, after in zip(weights, widths, widths[1:], strict=False)
    ):
        raise FileFault(f"{path} is damaged: its layers do not fit each other.")
    shapes = {f"b{i}": bias.shape for i, (_, bias) in enumerate(weights)}
    shapes |= {f"w{i}": weight.shape for i, (weight, _) in enumerate(weights)}
    return {**shapes, "low": widths[-1], "high": widths[-1]}
