"""`export_environment` and `export_policy`: a task's whole step, and a policy, as ONNX files that run without this package.

A file's metadata hold its `card` as JSON: names, sizes, limits, and the versions that made it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib import import_module
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Generator, Tensor

from mosim_gym.envs.backend import TRUTH, Checkpoint, DynamicsOptions
from mosim_gym.envs.core import Core, State
from mosim_gym.envs.onnx_graph import EXTRA, KEPT, USE, check_equal, one_thread, onnx_graph
from mosim_gym.envs.onnx_replay import FIXED_STEPS
from mosim_gym.envs.opened import Opened, opened
from mosim_gym.mechanics.dynamics import Dynamics
from mosim_gym.mechanics.packages import import_extra
from mosim_gym.mechanics.provenance import provenance
from mosim_gym.mechanics.storage import write_atomically
from mosim_gym.mechanics.threads import OwnArithmetic
from mosim_gym.mechanics.typed_torch import Compute, from_numpy
from mosim_gym.mechanics.version import __version__
from mosim_gym.policies.actor import ActorPolicy
from mosim_gym.robots import Task
from mosim_gym.robots.spaces import flatten, observation_names

STARTS = 16
"""The number of starts of episodes in a file's card."""
Named = dict[str, Tensor]


def export_environment(
    task: str | Task,
    path: str | PathLike[str],
    *,
    checkpoint: Checkpoint | None = None,
    solver: str | None = None,
    member: int = 0,
) -> Path:
    """Write the control step of `task`, moved by `checkpoint` as in `gym.make`, as one ONNX file.

    - Inputs, each with the batch first: `qpos (B, nq)`, `qvel (B, nv)`; `goal (B, goal_size)` where the task has goals;
      `previous (B, memory, nu)` where the model has a memory, NaN where there was no command yet; `action (B, nu)`.
    - Outputs: `next_qpos`, `next_qvel`; `sensors (B, k)` where the task reads any; `next_previous`; the flat `observation (B, n)` of the
      next state, its `reward (B,)`, and whether the episode is `terminated (B,)`. All but the last are float32.

    `member` is the one of the checkpoint's ensemble that the file holds, counted from 0. To export an environment of `make_env`, give
    `env.task` with `checkpoint=env.dynamics`. Episodes neither begin nor are cut in the file: its card has the starts of 16 episodes with
    their observations, and the model's training `box`.
    """
    by_name = not isinstance(checkpoint, Dynamics) and checkpoint != TRUTH
    with OwnArithmetic(torch.device("cpu")):
        parts = opened(task, checkpoint, DynamicsOptions(solver=solver, ensemble=[member] if by_name else None))
        _check_dynamics(parts.dynamics)
        core = parts.core
        start = core.reset(Generator().manual_seed(0), STARTS)
        inputs = _inputs(core, start)
        outputs = _outputs(core)
        step = _step(parts, list(inputs))
        graph = _checked(step, inputs, outputs)
        return write_atomically(Path(path), with_card(graph, _card(parts, start, member if by_name else 0)))


def export_policy(policy: ActorPolicy, path: str | PathLike[str]) -> Path:
    """Write `policy` as an ONNX file: from `observation (B, n)`, flat and float32, to the deterministic `action (B, nu)`.

    The file's card is the policy's, without its learning curve.
    """
    layers = [(torch.tensor(weight.T), torch.tensor(bias)) for weight, bias in policy.layers]
    low, high = torch.tensor(policy.low), torch.tensor(policy.high)

    def act(x: Tensor) -> tuple[Tensor, ...]:
        *hidden, (weight, bias) = layers
        for before, shift in hidden:
            x = torch.relu(torch.addmm(shift, x, before))
        said = torch.tanh(torch.addmm(bias, x, weight))
        return (torch.clamp((high + low) / 2 + (high - low) / 2 * said, low, high),)

    example = torch.randn(STARTS, len(layers[0][0]), generator=Generator().manual_seed(0))
    graph = _checked(act, {"observation": example}, ["action"])
    card = {name: value for name, value in policy.card.items() if name != "curve"}
    return write_atomically(Path(path), with_card(graph, {"kind": "policy", **card, "exported_by": provenance()}))


def with_card(graph: bytes, card: Mapping[str, Any]) -> bytes:
    """An ONNX file with `card` as JSON in its metadata."""
    onnx = import_extra("onnx", EXTRA, USE)
    model = onnx.load_from_string(graph)
    model.producer_name, model.producer_version = "mosim_gym", __version__
    entry = model.metadata_props.add()
    entry.key, entry.value = "card", json.dumps(card, allow_nan=False)
    return model.SerializeToString()


def _check_dynamics(dynamics: Dynamics) -> None:
    if dynamics.members > 1:
        raise ValueError(
            f"The dynamics are an ensemble of {dynamics.members} members, and a file holds one: load it by "
            "mosim_gym.load(name, ensemble=[0])."
        )
    if not dynamics.recordable(STARTS):
        raise ValueError(f"Export {FIXED_STEPS}.")


def _inputs(core: Core, start: State) -> Named:
    """Examples of all inputs, by name: the states in which episodes begin, and random actions."""
    noise = torch.randn(len(start.qpos), core.robot.nu, generator=Generator().manual_seed(0))
    inputs: Named = {"qpos": start.qpos, "qvel": start.qvel}
    if core.task.goal_size:
        inputs["goal"] = start.goal
    if start.previous is not None:
        inputs["previous"] = start.previous
    return {**inputs, "action": core.clipped(noise)}


def _outputs(core: Core) -> list[str]:
    sensors = ["sensors"] * bool(core.sensor_count)
    previous = ["next_previous"] * bool(core.memory)
    return ["next_qpos", "next_qvel", *sensors, *previous, "observation", "reward", "terminated"]


def _step(parts: Opened, inputs: Sequence[str]) -> Compute:
    """The step as a function of the tensors that are called `inputs`."""
    core, dynamics = parts.core, parts.dynamics

    def step(*tensors: Tensor) -> tuple[Tensor, ...]:
        given = dict(zip(inputs, tensors, strict=True))
        qpos, qvel = given["qpos"], given["qvel"]
        state = core.at(qpos, qvel, given.get("goal", qpos[:, :0]), given.get("previous"))
        after, observation, reward, terminated = core.step(state, given["action"], dynamics)
        sensors = [after.sensors] if core.sensor_count else []
        previous = [] if after.previous is None else [after.previous]
        return (after.qpos, after.qvel, *sensors, *previous, flatten(observation), reward, terminated)

    return step


def _checked(compute: Compute, inputs: Named, outputs: Sequence[str]) -> bytes:
    """The graph of `compute` for batches of any size, compared with it for one row and for all rows of `inputs`."""
    graph = onnx_graph(compute, {name: part[:2] for name, part in inputs.items()}, outputs, batch=True)
    session, runtime = one_thread(graph), import_module("onnxruntime.capi.onnxruntime_pybind11_state")
    for rows in (1, STARTS):
        rows_of = {name: part[:rows] for name, part in inputs.items()}
        with torch.no_grad():
            wanted = compute(*rows_of.values())
        used = {part.name for part in session.get_inputs()}
        try:
            found = session.run(None, {name: part.numpy() for name, part in rows_of.items() if name in used})
        except runtime.Fail as error:
            raise ValueError(f"The step cannot be exported to ONNX, because {KEPT}.") from error
        check_equal([from_numpy(part) for part in found], wanted)
    return graph


def _card(parts: Opened, start: State, member: int) -> dict[str, Any]:
    task, dynamics, core, _ = parts
    low, high = task.robot.control_range
    starts = {"qpos": start.qpos, "qvel": start.qvel, "goal": start.goal, "observation": flatten(core.observe(start))}
    return {
        "kind": "environment",
        "task": task.id(),
        "name": dynamics.card.get("name"),
        "member": member,
        "robot": task.robot.name,
        "control_step": task.robot.control_step,
        "observation_names": observation_names(task),
        "goal_names": task.goal_names,
        "action_low": _finite(low),
        "action_high": _finite(high),
        "memory": core.memory,
        "box": dynamics.card.get("box"),
        "starts": [
            {name: row.tolist() for name, row in zip(starts, rows, strict=True)}
            for rows in zip(*(part.numpy() for part in starts.values()), strict=True)
        ],
        "exported_by": provenance(),
    }


def _finite(limits: np.ndarray) -> list[float | None]:
    """Limits, with None where there is none."""
    return [float(limit) if np.isfinite(limit) else None for limit in limits]
