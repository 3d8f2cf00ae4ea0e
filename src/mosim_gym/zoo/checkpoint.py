"""Checkpoints are data: one safetensors file of weights, with the model's card as JSON in its header."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mosim_gym.dynamics.config import MoSimConfig
from mosim_gym.dynamics.mosim import MoSim
from mosim_gym.dynamics.simulator import Simulator
from mosim_gym.mechanics import Robot
from mosim_gym.mechanics.storage import FileFault, load_arrays, save_arrays

KIND = "checkpoint"
FORMAT = 1
ALIKE = (
    1e-3  # standard deviations by which statistics of the same data may differ, computed elsewhere or in another order
)


@torch.no_grad()
def round_to_half(model: MoSim) -> None:
    """Round the weights to float16, in place; statistics stay as they are."""
    for parameter in model.parameters():
        parameter.copy_(parameter.half())


def save_checkpoint(path: str | Path, model: MoSim, card: dict[str, Any]) -> Path:
    """Write weights and card atomically. Weights that float16 can hold as they are take half the space."""
    arrays: dict[str, np.ndarray] = {}
    exact = all(torch.equal(p, p.half().float()) for p in model.parameters())
    halved = {name for name, _ in model.named_parameters()} if exact else set()
    for name, value in model.state_dict().items():
        arrays[name] = value.detach().cpu().numpy().astype(np.float16 if name in halved else np.float32)
    header = {
        "version": FORMAT,
        "card": {
            **card,
            "robot": model.robot.name,
            "fingerprint": model.robot.fingerprint,
            "model": model.config.to_dict(),
        },
    }
    return save_arrays(Path(path), KIND, arrays, header)


def read_card(path: str | Path) -> dict[str, Any]:
    """The card of the checkpoint at `path`."""
    header = load_arrays(Path(path), KIND)[1]
    if "card" not in header:
        raise FileFault(f"{path} is no checkpoint of this package: it holds no card.")
    return header["card"]


def combine_checkpoints(paths: Sequence[str | Path], robot: Robot) -> tuple[MoSim, list[dict[str, Any]]]:
    """One ensemble whose members are those of the checkpoints at `paths`, in order, and the checkpoints' cards.

    They must be of one robot, of one shape, and whitened alike, as runs on one recipe are whatever their seeds, up to rounding.
    """
    simulators = [load_checkpoint(path, robot) for path in paths]
    configs = [replace(s.model.config, members=1) for s in simulators]
    states = [s.model.state_dict() for s in simulators]
    for path, config, state in zip(paths, configs, states, strict=True):
        shared = state["input_mean"].shape == states[0]["input_mean"].shape and all(
            bool(((state[name] - states[0][name]).abs() <= ALIKE * states[0][scale]).all())
            for name, scale in (("input_mean", "input_std"), ("input_std", "input_std"), ("output_std", "output_std"))
        )
        if config != configs[0] or not shared:
            raise FileFault(
                f"{path} cannot be in one ensemble with {paths[0]}: their models differ in shape or in the statistics of their data."
            )
    model = MoSim(robot, replace(configs[0], members=sum(s.members for s in simulators)))
    model.load_state_dict(
        {
            name: torch.cat([state[name] for state in states]) if name.endswith((".weight", ".bias")) else value
            for name, value in states[0].items()
        }
    )
    return model, [s.card for s in simulators]


def load_checkpoint(path: str | Path, robot: Robot, **options: Any) -> Simulator:
    """The Simulator of the checkpoint at `path`, which must have been trained for `robot`; `options` as for `Simulator`."""
    arrays, header = load_arrays(Path(path), KIND)
    if header.get("version") != FORMAT:
        raise FileFault(
            f"{path} has checkpoint format {header.get('version')}; this version of mosim_gym reads {FORMAT}."
        )
    card = header["card"]
    if card["fingerprint"] != robot.fingerprint:
        raise FileFault(
            f"{path} was trained for the robot {card['robot']!r} with fingerprint {card['fingerprint']}; "
            f"this {robot.name!r} has {robot.fingerprint}: train it again with `mosim-gym train {robot.name}`."
        )
    model = MoSim(robot, MoSimConfig.from_dict(card["model"]))
    wanted = {name: tuple(value.shape) for name, value in model.state_dict().items()}
    found = {name: value.shape for name, value in arrays.items()}
    if wanted != found:
        odd = sorted(set(wanted.items()) ^ set(found.items()))[0][0]
        raise FileFault(f"{path} is damaged: its weight {odd!r} is not what its own card describes.")
    if not all(np.isfinite(value).all() for value in arrays.values()):
        raise FileFault(f"{path} is damaged: it holds weights that are not finite.")
    model.load_state_dict({name: torch.from_numpy(value.astype(np.float32)) for name, value in arrays.items()})
    return Simulator(model, card, **options)
