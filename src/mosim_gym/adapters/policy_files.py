"""Policies from files: actor files of this package, and zips of Stable-Baselines3."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Any

from sb3_contrib import ARS, TQC, TRPO, CrossQ
from stable_baselines3 import A2C, PPO, SAC, TD3
from stable_baselines3.common.base_class import BaseAlgorithm

from mosim_gym.adapters.sb3_zip import load_zip, read_description
from mosim_gym.envs.spaces import action_space, observation_space
from mosim_gym.mechanics.storage import FileFault, is_safetensors
from mosim_gym.policies.actor import load_actor
from mosim_gym.robots import find_task
from mosim_gym.zoo.hub import hub_file, is_on_hub

WRITERS: dict[str, type[BaseAlgorithm]] = {kind.__name__: kind for kind in (TQC, SAC, CrossQ, TD3, ARS, TRPO, PPO, A2C)}
"""The algorithms whose zips are read."""
POLICY = "policy.safetensors"
"""The file of a policy in the folder of its training, and on the hub."""


def load_policy(path: str | PathLike[str], *, device: str = "cpu", trusted: bool = False) -> Any:
    """A policy with SB3's `predict`: the actor in a file of `ActorPolicy.save`, or in a zip of Stable-Baselines3 named `*.zip`.

    `hf:owner/name` stands for the file policy.safetensors of that repository on the Hugging Face hub.

    Files are data: nothing that they hold is run. Only the weights and the readable text of a zip are used. They define the deterministic
    policies of SAC, TQC, CrossQ, TD3, PPO, A2C, TRPO and ARS with SB3's own multi-layer perceptrons. With `trusted` SB3 itself loads the
    whole zip, so that its policy can also sample. It opens pickles, which run any code that the file's author put there, with your rights.
    """
    path = hub_file(str(path), POLICY) if is_on_hub(path) else Path(path)
    if not path.is_file():
        raise FileFault(f"There is no policy file at {path}.")
    if path.suffix.lower() == ".zip" and not is_safetensors(path):
        return _trusted_zip(path, device) if trusted else load_zip(path, device)
    return load_actor(path)


def _trusted_zip(path: Path, device: str) -> BaseAlgorithm:
    """The algorithm that SB3 loads from the zip. Its kind follows from the readable part of the archive."""
    found = WRITERS[read_description(path)[0]]
    try:
        return found.load(path, device=device)
    except (KeyError, ValueError, RuntimeError, TypeError, AttributeError) as error:
        raise FileFault(f"{path} cannot be read as a {found.__name__} of Stable-Baselines3: {error}.") from error


def check_policy(policy: Any, task: str) -> None:
    """Raise `ValueError` if `policy` was trained on other spaces than `task` has."""
    find_task(task)
    for name, wanted in (("observation_space", observation_space(task)), ("action_space", action_space(task))):
        found = getattr(policy, name, None)
        if found is not None and found != wanted:
            raise ValueError(f"The policy's {name} is {found}; {task} has {wanted}.")
