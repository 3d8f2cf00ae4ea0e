"""`predicted`: the motion that a world model predicts, with the shapes that were asked for."""

from __future__ import annotations

import numpy as np
from torch import Tensor

from mosim_gym.mechanics.motion import Array, History, Trajectory
from mosim_gym.mechanics.world_model import WorldModel


def predicted(model: WorldModel, history: History, actions: Array) -> Trajectory:
    """The model's rollout under `actions (B, T, nu)` from as much of `history` as it needs, as numpy arrays.

    Raises `TypeError` or `ValueError` that names the model, for anything but positions `(B, T, nq)` and velocities `(B, T, nv)`.
    """
    path = model.rollout(history.latest(model.context), actions)
    who = f"The world model {model.title!r}"
    if not isinstance(path, Trajectory):  # pyright: ignore[reportUnnecessaryIsInstance]  # who checks no types is told, too
        raise TypeError(
            f"{who} returned a {type(path).__name__}; its rollout must return Trajectory(qpos, qvel, sensors)."
        )
    parts = {"qpos": path.qpos, "qvel": path.qvel}
    for name, sizes in (("qpos", history.qpos.shape[-1]), ("qvel", history.qvel.shape[-1])):
        given = parts[name]
        parts[name] = array = given.detach().cpu().numpy() if isinstance(given, Tensor) else np.asarray(given)
        wanted = (*actions.shape[:2], sizes)
        if array.dtype.kind not in "fiu" or array.shape != wanted:
            raise ValueError(
                f"{who} predicted {name} of {array.dtype} and shape {array.shape}; for {wanted[1]} actions in each of {wanted[0]} rows it "
                f"must be numbers of shape {wanted}, the states after each action."
            )
    sensors = path.sensors
    return Trajectory(
        parts["qpos"], parts["qvel"], sensors.detach().cpu().numpy() if isinstance(sensors, Tensor) else sensors
    )
