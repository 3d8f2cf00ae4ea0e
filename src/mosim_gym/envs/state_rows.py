"""Functions on the states of many environments: take, replace and join rows, detach gradients, convert to named tensors and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from mosim_gym.envs.core import State
from mosim_gym.robots import Features


def rows_of(state: State, rows: Tensor) -> State:
    """The states of `rows`."""
    f = state.features
    values = {name: value[rows] for name, value in f.values.items()}
    qpos, qvel = state.qpos[rows], state.qvel[rows]
    previous = None if state.previous is None else state.previous[rows]
    return State(qpos, qvel, state.goal[rows], state.sensors[rows], Features(f.robot, qpos, qvel, values), previous)


def replaced(state: State, rows: Tensor, fresh: State) -> State:
    """`state` with `fresh` in `rows`. The other rows keep their gradients."""

    def put(old: Tensor, new: Tensor) -> Tensor:
        return old.index_copy(0, rows, new.to(old.dtype))

    f = state.features
    values = {name: put(value, fresh.features[name]) for name, value in f.values.items()}
    qpos, qvel = put(state.qpos, fresh.qpos), put(state.qvel, fresh.qvel)
    features = Features(f.robot, qpos, qvel, values)
    known = state.previous, fresh.previous
    previous = None if known[0] is None or known[1] is None else put(known[0], known[1])
    return State(qpos, qvel, put(state.goal, fresh.goal), put(state.sensors, fresh.sensors), features, previous)


def joined(states: Sequence[State]) -> State:
    """The rows of all `states`, in order."""
    f = states[0].features
    qpos, qvel = torch.cat([s.qpos for s in states]), torch.cat([s.qvel for s in states])
    values = {name: torch.cat([s.features[name] for s in states]) for name in f.values}
    goal, sensors = torch.cat([s.goal for s in states]), torch.cat([s.sensors for s in states])
    known = [s.previous for s in states if s.previous is not None]
    return State(qpos, qvel, goal, sensors, Features(f.robot, qpos, qvel, values), torch.cat(known) if known else None)


def detached(state: State) -> State:
    """The same states without gradients."""
    f = state.features
    qpos, qvel = state.qpos.detach(), state.qvel.detach()
    features = Features(f.robot, qpos, qvel, {name: value.detach() for name, value in f.values.items()})
    previous = None if state.previous is None else state.previous.detach()
    return State(qpos, qvel, state.goal, state.sensors.detach(), features, previous)


def as_parts(state: State) -> dict[str, Tensor]:
    """All tensors of a state by name, with its kinematics."""
    own = {"qpos": state.qpos, "qvel": state.qvel, "goal": state.goal, "sensors": state.sensors}
    if state.previous is not None:
        own["previous"] = state.previous
    return own | {f"features/{name}": value for name, value in state.features.values.items()}


def from_parts(like: State, parts: Mapping[str, Tensor]) -> State:
    """Inverse of `as_parts`. `like` is any state of the same environments."""
    f = like.features
    values = {name: parts[f"features/{name}"].to(value.device) for name, value in f.values.items()}
    qpos, qvel = parts["qpos"].to(like.qpos), parts["qvel"].to(like.qvel)
    goal, sensors = parts["goal"].to(like.goal), parts["sensors"].to(like.sensors)
    previous = None if like.previous is None else parts["previous"].to(like.previous)
    return State(qpos, qvel, goal, sensors, Features(f.robot, qpos, qvel, values), previous)


def rows_where(mask: Tensor, count: int) -> Tensor:
    """The rows where `mask (count,)` is true. Raises `ValueError` for another shape or dtype."""
    mask = torch.as_tensor(mask)
    if mask.dtype != torch.bool or mask.shape != (count,):
        raise ValueError(
            f"mask is {mask.dtype} of shape {tuple(mask.shape)}; these environments need torch.bool of shape ({count},)."
        )
    return mask.cpu().nonzero()[:, 0]


def checked_controls(action: Tensor, count: int, nu: int, like: Tensor) -> Tensor:
    """`action (count, nu)` as a tensor of the type and on the device of `like`. Raises `ValueError` for another shape."""
    action = torch.as_tensor(action).to(like)
    if action.shape != (count, nu):
        raise ValueError(f"The actions have shape {tuple(action.shape)}; these environments need {(count, nu)}.")
    return action
