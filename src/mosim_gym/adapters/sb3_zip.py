"""Policies in Stable-Baselines3's zips, rebuilt from weights and readable text alone. No pickle in the file is opened.

A zip holds `policy.pth`, the weights, which torch's own loader reads as plain tensors. It also holds `data`, a JSON object that has a
readable description beside each pickle. Together they define the actor, for a closed list of architectures.
"""

from __future__ import annotations

import json
import pickle  # noqa: TID251  # for the name of the error with which torch refuses one
import struct
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any, NotRequired, TypedDict

import numpy as np
import torch
from gymnasium.spaces import Box

from mosim_gym.adapters.sb3_actor import UnknownActor, build_actor
from mosim_gym.adapters.zip_policy import ZipPolicy
from mosim_gym.mechanics.archive import LARGEST, is_plain_archive, read_members
from mosim_gym.mechanics.json_values import JSON
from mosim_gym.mechanics.schema import checked, each, one_of, record, text, whole
from mosim_gym.mechanics.storage import FileFault

DATA, WEIGHTS = "data", "policy.pth"
LONGEST_TEXT = 64 * 2**20
SIGNS = {
    "TQC": {"top_quantiles_to_drop_per_net"},
    "SAC": {"target_entropy", "target_update_interval"},
    "CrossQ": {"target_entropy", "policy_delay"},
    "TD3": {"target_policy_noise"},
    "ARS": {"delta_std_schedule"},
    "TRPO": {"cg_max_steps"},
    "PPO": {"n_epochs"},
    "A2C": {"gae_lambda"},
}
"""The keys in a zip's JSON by which its algorithm is known: the first algorithm with all its keys there wrote the zip."""

STRANGE = (".recurrent.", ".maskable.")  # modules of policies that have PPO's keys, but are not PPO's
_SPACE = record(
    {"dtype": one_of("float32", "float64"), "_shape": each(whole(1, 100_000), 1, 1)}, {"low": text(), "high": text()}
)
_DATA = record(
    {
        "policy_class": record({"__module__": text()}),
        "policy_kwargs": record({}),
        "observation_space": record({}),
        "action_space": record({}),
    },
    {"use_sde": one_of(True, False)},
)
_REFUSALS = (
    pickle.UnpicklingError, RuntimeError, EOFError, LookupError, TypeError, ValueError, AttributeError, AssertionError, ArithmeticError,
    struct.error,
)  # fmt: skip
"""What torch's loader of tensors raises for other content."""


class SpaceRecord(TypedDict):
    """A flat box as SB3 describes it; of long arrays `low` and `high` are shortened, and the others say what all their numbers are."""

    dtype: str
    _shape: list[int]
    low: NotRequired[str]
    high: NotRequired[str]
    low_repr: NotRequired[str]
    high_repr: NotRequired[str]


class Description(TypedDict):
    """What is read of the JSON in a zip."""

    policy_class: Mapping[str, Any]
    policy_kwargs: Mapping[str, Any]
    observation_space: JSON
    action_space: JSON
    use_sde: NotRequired[bool]


def read_description(path: Path) -> tuple[str, dict[str, JSON]]:
    """The name of the algorithm that wrote the archive at `path`, and the archive's JSON."""
    members = read_members(path, {DATA: LONGEST_TEXT})
    if DATA not in members:
        raise FileFault(f"{path} is a zip file, but Stable-Baselines3 did not write it.")
    try:
        content = members[DATA].decode()
        held: JSON = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise FileFault(f"{path} is damaged: its description of the algorithm is not readable ({error}).") from error
    if not isinstance(held, dict):
        raise FileFault(f"{path} is damaged: its description of the algorithm is not an object.")
    found = next((name for name, signs in SIGNS.items() if signs <= held.keys()), None)
    if found is None or any(part in content for part in STRANGE):
        raise FileFault(f"{path} holds a policy of an unknown algorithm; known are {', '.join(SIGNS)}.")
    return found, held


def load_zip(path: Path, device: str) -> ZipPolicy:
    """The policy in the archive at `path`, without running anything in it. Raises `FileFault` for a policy that cannot be rebuilt so."""
    name, found = read_description(path)
    held = checked(path, DATA, found, _DATA, Description)
    action = _space(path, "action_space", held["action_space"])
    observation = _space(path, "observation_space", held["observation_space"])
    if action is None or observation is None:
        raise _needs_trust(path, "its spaces are not flat boxes")
    try:
        actor = build_actor(held, _weights(path), observation.shape[0], action.shape[0])
    except UnknownActor as error:
        raise _needs_trust(path, str(error)) from error
    if actor.squashed and not bool(np.isfinite([action.low, action.high]).all()):
        raise FileFault(f"{path} is damaged: its actions have no finite range.")
    return ZipPolicy(name, actor.network.to(device), actor.squashed, observation, action)


def _needs_trust(path: Path, why: str) -> FileFault:
    return FileFault(
        f"{path} cannot be rebuilt from its weights alone: {why}. load_policy(path, trusted=True), or --trusted, lets "
        "Stable-Baselines3 load it, which runs any code in the file: only for files whose author you trust."
    )


def _space(path: Path, name: str, given: JSON) -> Box | None:
    """A flat box from its readable description; None for spaces of another kind."""
    if _SPACE(given) is not None:
        return None
    said = checked(path, name, given, _SPACE, SpaceRecord)
    size, kind = said["_shape"][0], np.dtype(said["dtype"])
    sides = [_side(said.get("low"), said.get("low_repr"), size), _side(said.get("high"), said.get("high_repr"), size)]
    if any(side is None for side in sides):
        return None
    low, high = (np.asarray(side, kind) for side in sides)
    if not (low <= high).all():
        raise FileFault(f"{path} is damaged: the lowest values of its {name} are above the highest.")
    return Box(low, high, dtype=kind.type)


def _side(said: str | None, alike: str | None, size: int) -> list[float] | None:
    """The bounds on one side. numpy shortens the text of long arrays, so their bounds are known only if all are equal."""
    words = (said or "").strip("[] \n").split()
    if "..." in words:
        words = [str(alike)] * size
    try:
        numbers = [float(word) for word in words]
    except ValueError:
        return None
    return numbers if len(numbers) == size and not np.isnan(numbers).any() else None


def _weights(path: Path) -> dict[str, torch.Tensor]:
    """The tensors of `policy.pth`, each no larger than the file."""
    content = read_members(path, {WEIGHTS: LARGEST}).get(WEIGHTS)
    if content is None or not is_plain_archive(content):
        raise FileFault(f"{path} is damaged: it has no {WEIGHTS} as torch writes it.")
    try:
        state = torch.load(BytesIO(content), map_location="cpu", weights_only=True)  # noqa: TID251  # tensors alone
    except _REFUSALS as error:
        raise FileFault(f"{path} is damaged: its {WEIGHTS} must hold plain tensors only.") from error
    if not isinstance(state, dict):
        raise FileFault(f"{path} is damaged: its {WEIGHTS} is not a table of tensors.")
    for name, value in state.items():
        plain = isinstance(name, str) and type(value) in (torch.Tensor, torch.nn.Parameter)
        if not plain or value.layout != torch.strided or value.device.type != "cpu":
            raise FileFault(f"{path} is damaged: its {WEIGHTS} holds {type(value).__name__} beside plain tensors.")
        if not value.is_contiguous() or value.numel() * value.element_size() > len(content):
            raise FileFault(f"{path} is damaged: a tensor of its {WEIGHTS} is larger than the file.")
    return state
