"""Checks of the arguments of `reset` and of environments' constructors, for the learned, the true and the real environment."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from torch import Tensor

from mosim_gym.mechanics.names import UnknownName
from mosim_gym.mechanics.numbers import whole_number
from mosim_gym.robots import Task

RENDER_MODES = ("rgb_array",)
LARGEST_PICTURE = 16_384
"""Pixels of a picture's longer side, at most."""
FURTHEST = 1e18
"""Numbers of states and goals must be smaller."""
FAR = 1e9
"""A state with a larger number (m, rad, m/s or rad/s) has diverged, and rewards of it may overflow."""
EPISODE_STEPS = 1000
"""dm_control's time limit, the same number of control steps for every task."""
ENDLESS = 2**31 - 1
"""The number of control steps that stands for no limit."""
UNIT = 1e-9
"""A quaternion whose norm differs from 1 by less than this is not normalised, so that a saved state continues bit for bit."""
IN_BATCHES: Mapping[str, str] = dict.fromkeys(
    ("num_envs", "max_episode_steps", "autoreset_mode", "stagger", "gradients"), "It is an argument of gym.make_vec."
)
IN_TORCH: Mapping[str, str] = dict.fromkeys(
    ("outside_model", "penalties", "repeat", "autoreset"), "It is an argument of TorchEnv, in mosim_gym.envs."
)
IN_SINGLE: Mapping[str, str] = {"backend": "It is an argument of gym.make: torch moves all batches."}
"""Where arguments belong that an environment does not have."""
Array = np.ndarray


def step_limit(max_episode_steps: int | None) -> int:
    """The number of control steps after which an episode is cut, from `gymnasium.make`'s argument: None is `EPISODE_STEPS`, -1 is never."""
    if max_episode_steps is None:
        return EPISODE_STEPS
    steps = whole_number(max_episode_steps)
    if steps is None or (steps < 1 and steps != -1):
        raise ValueError(
            f"max_episode_steps is {max_episode_steps!r}; it must be a whole number, at least 1, or -1 for no limit, or None for "
            f"{EPISODE_STEPS}."
        )
    return ENDLESS if steps == -1 else steps


def checked_options(
    options: Mapping[str, object] | None,
    task: Task,
    *,
    rows: int,
    warm_start: bool = False,
    memory: int = 0,
    called: str = "options",
) -> dict[str, Array]:
    """The given ones of `qpos`, `qvel` and `goal` as float64 `(rows, k)`, and `previous` as `(rows, memory, nu)`. Raises for wrong names,
    shapes and numbers.

    Each may be one row for all environments or one row for each. Velocities default to zero where positions are given. Quaternions are
    normalised. `options` may be the whole `info` of a step. Its `end` is ignored, and so are its `warm_start` unless `warm_start` is true,
    and its `previous` for dynamics without memory. Messages say `called` for `options`.
    """
    robot = task.robot
    shapes: dict[str, tuple[int, ...]] = {
        "qpos": (robot.nq,),
        "qvel": (robot.nv,),
        "goal": (task.goal_size,),
        "warm_start": (robot.nv,),
    }
    if memory:
        shapes["previous"] = (memory, robot.nu)
    if options is None:
        return {}
    _check_mapping(options, called, ", ".join(shapes))
    given: dict[str, Array] = {}
    for name, value in options.items():
        if name == "end" or (name.startswith("_") and name[1:] in options) or (name == "previous" and not memory):
            continue  # why the last episode was cut; and in which rows of a vector environment's `info` an entry is set
        if name not in shapes:
            raise UnknownName("reset option" if called == "options" else f"part of {called}", name, list(shapes))
        if value is not None:
            given[name] = _rows(name, value, shapes[name], rows, task, called)
    if not warm_start:
        given.pop("warm_start", None)
    if "qpos" in given:
        given.setdefault("qvel", np.zeros((rows, robot.nv)))
        for quaternion in robot.quaternion_slices:
            part = given["qpos"][:, quaternion]
            norm = np.linalg.norm(part, axis=1, keepdims=True)
            if (norm < 1e-8).any():
                raise ValueError(f"{called}['qpos'] holds a zero quaternion; a rotation needs a non-zero one.")
            part /= np.where(np.abs(norm - 1) > UNIT, norm, 1.0)
    return given


def _check_mapping(options: object, called: str, names: str) -> None:
    if not isinstance(options, Mapping):
        raise TypeError(f"{called} is a {type(options).__name__}; it must be a dict with {names}.")


def _rows(name: str, value: object, shape: tuple[int, ...], rows: int, task: Task, called: str) -> Array:
    plain = value.detach().cpu().numpy() if isinstance(value, Tensor) else np.asarray(value)
    if plain.dtype.kind not in "fiub":
        raise TypeError(f"{called}[{name!r}] holds {plain.dtype} values; it needs numbers.")
    if plain.shape not in (shape, (1, *shape), (rows, *shape)):
        wanted = f"{shape}" if rows == 1 else f"{shape} or {(rows, *shape)}"
        raise ValueError(f"{called}[{name!r}] has shape {plain.shape}; {task.id()} needs {wanted}.")
    array = np.array(np.broadcast_to(plain, (rows, *shape)), np.float64)
    known = array[~np.isnan(array)] if name == "previous" else array  # NaN stands for no command yet
    if not np.isfinite(known).all():
        raise ValueError(f"{called}[{name!r}] holds numbers that are not finite.")
    if not (np.abs(known) < FURTHEST).all():
        raise ValueError(
            f"{called}[{name!r}] holds numbers of {FURTHEST:g} and more, whose squares are not finite in float32."
        )
    return array


def checked_picture(render_mode: str | None, width: object, height: object) -> None:
    """Raise `ValueError` for an unknown mode or an impossible size of pictures."""
    if render_mode is not None and render_mode not in RENDER_MODES:
        raise ValueError(f"Unknown render_mode {render_mode!r}. Valid: None, {', '.join(RENDER_MODES)}.")
    for name, size in (("width", width), ("height", height)):
        if not isinstance(size, int) or not 1 <= size <= LARGEST_PICTURE:
            raise ValueError(
                f"{name} is {size!r}; a picture needs a whole number of pixels, at least 1 and at most {LARGEST_PICTURE:,}."
            )
