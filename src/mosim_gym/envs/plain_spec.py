"""`PlainSpec`: a mixin by which an environment's specification can be written as JSON, unless its arguments hold arrays or objects."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from enum import Enum

import numpy as np
import torch
from gymnasium.envs.registration import EnvSpec


class PlainSpec:
    """Turns the arguments in an environment's `spec`, which `gymnasium.make` sets, into plain values.

    Paths, devices, numpy numbers and members of enumerations become text and numbers that JSON can hold.
    """

    _spec: EnvSpec | None = None

    @property
    def spec(self) -> EnvSpec | None:
        """The specification from which the environment was made."""
        return self._spec

    @spec.setter
    def spec(self, spec: EnvSpec | None) -> None:
        self._spec = None if spec is None else replace(spec, kwargs=_plain(spec.kwargs))


def _plain(kwargs: Mapping[str, object]) -> dict[str, object]:
    """Paths and devices as text, numpy's numbers as Python's, members of an enumeration as their values, and all others unchanged."""
    plain: dict[str, object] = {}
    for name, value in kwargs.items():
        if isinstance(value, os.PathLike):
            value = os.fspath(value)
        elif isinstance(value, torch.device):
            value = str(value)
        elif isinstance(value, np.generic) or (name == "ensemble" and isinstance(value, np.ndarray)):
            value = value.tolist()
        elif isinstance(value, Enum):
            value = value.value
        plain[name] = value
    return plain
