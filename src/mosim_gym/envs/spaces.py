"""Gymnasium spaces of a task. They are equal for the learned, the true and the real environment, so that a policy loads on all of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from gymnasium import spaces
from torch import Tensor

from mosim_gym.robots import Task
from mosim_gym.robots.catalogue import as_task
from mosim_gym.robots.spaces import observation_shapes

Info = dict[str, Any]
"""What `reset` and `step` tell beside the observation, by name: the type that Gymnasium's signatures ask for."""
ObservationKind = Literal["flat", "dict"]
OBSERVATION_KINDS: tuple[ObservationKind, ...] = ("flat", "dict")


def action_space(task: str | Task) -> spaces.Box:
    """Controls within the actuators' range, float32."""
    low, high = as_task(task).robot.control_range
    return spaces.Box(low, high, dtype=np.float32)


def observation_space(task: str | Task, kind: ObservationKind = "flat") -> spaces.Space[Any]:
    """The space of observations. `flat`: one unbounded float32 vector in dm_control's order. `dict`: Shimmy's, sorted keys, float64."""
    shapes = observation_shapes(task)
    if kind == "flat":
        size = sum(int(np.prod(shape)) for shape in shapes.values())
        return spaces.Box(-np.inf, np.inf, (size,), np.float32)
    if kind == "dict":
        return spaces.Dict({name: spaces.Box(-np.inf, np.inf, shapes[name], np.float64) for name in sorted(shapes)})
    raise ValueError(f"Unknown obs {kind!r}. Valid: {', '.join(OBSERVATION_KINDS)}.")


def pack_observation(parts: Mapping[str, np.ndarray], kind: ObservationKind) -> Any:
    """One environment's named parts, in dm_control's order, as a newly allocated element of `observation_space`."""
    if kind == "flat":
        return np.concatenate([np.ravel(part) for part in parts.values()]).astype(np.float32)
    return {name: np.array(parts[name], np.float64) for name in sorted(parts)}


def unflatten_observation(flat: np.ndarray, shapes: Mapping[str, tuple[int, ...]] | None) -> Any:
    """Flat observations `(…, n)` as newly allocated elements of `observation_space`: `dict` with the parts' `shapes`, else `flat`."""
    if shapes is None:
        return np.array(flat, np.float32)
    parts: dict[str, np.ndarray] = {}
    start = 0
    for name, shape in shapes.items():
        size = int(np.prod(shape))
        parts[name] = np.array(flat[..., start : start + size].reshape((*flat.shape[:-1], *shape)), np.float64)
        start += size
    return {name: parts[name] for name in sorted(parts)}


def checked_action(action: Any, space: spaces.Box) -> np.ndarray:
    """`action` as float32 of the space's shape. Raises for another shape or dtype, and for numbers that are not finite."""
    array = _as_array(action)
    if array.shape != space.shape:
        raise ValueError(f"The action has shape {array.shape}; this environment needs {space.shape}.")
    if array.dtype.kind not in "fiub":
        raise TypeError(f"The action has dtype {array.dtype}; this environment needs float32.")
    array = array.astype(np.float32)
    if not np.isfinite(array).all():
        raise ValueError(f"The action {array.tolist()} holds numbers that are not finite.")
    return array


def checked_actions(actions: Any, space: spaces.Box, rows: int) -> np.ndarray:
    """`actions` of a batch as float32 `(rows, nu)`. Raises for another shape or dtype, and for numbers that are not finite."""
    array = _as_array(actions)
    if array.shape != (rows, *space.shape):
        raise ValueError(f"The actions have shape {array.shape}; these environments need {(rows, *space.shape)}.")
    if array.dtype.kind not in "fiub":
        raise TypeError(f"The actions have dtype {array.dtype}; these environments need float32.")
    array = array.astype(np.float32)
    if not np.isfinite(array).all():
        row = int(np.flatnonzero(~np.isfinite(array).all(axis=1))[0])
        raise ValueError(f"The action of environment {row}, {array[row].tolist()}, holds numbers that are not finite.")
    return array


def _as_array(action: Any) -> np.ndarray:
    """`action` as an array. Tensors leave their gradients and their device, and those of floats become float32."""
    if not isinstance(action, Tensor):
        return np.asarray(action)
    plain = action.detach().cpu()
    return (plain.float() if plain.is_floating_point() else plain).numpy()
