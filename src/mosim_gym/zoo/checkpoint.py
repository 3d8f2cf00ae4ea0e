"""Checkpoints are data: one safetensors file of weights, with the model's card as JSON in its header.

The file of a robot that is not in the catalogue holds the robot's description, too: arrays whose names begin with `robot/`, and a header.
In the same way a file may hold the density of the motion that the model was learned from, under `density/`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Unpack

import numpy as np
import torch

from mosim_gym.density.motion_density import MotionDensity, density_from_parts
from mosim_gym.dynamics.config import MoSimConfig
from mosim_gym.dynamics.mosim import MoSim
from mosim_gym.dynamics.shapes import model_shapes
from mosim_gym.dynamics.simulator import Simulator, SimulatorOptions
from mosim_gym.mechanics import Robot
from mosim_gym.mechanics.json_values import JSON
from mosim_gym.mechanics.names import UnknownName
from mosim_gym.mechanics.schema import checked
from mosim_gym.mechanics.seeding import initialised_by
from mosim_gym.mechanics.storage import FileFault, load_arrays, save_arrays
from mosim_gym.mechanics.weights import check_weights
from mosim_gym.robots import load_robot
from mosim_gym.zoo.cards import FORMAT, KIND, CheckpointCard, CheckpointHeader, checkpoint_header

ALIKE = (
    1e-3  # standard deviations by which statistics of the same data may differ, computed elsewhere or in another order
)


ROBOT, DENSITY = "robot/", "density/"
"""With which the names of the arrays of a robot's description begin, and those of a density."""


@torch.no_grad()
def round_to_half(model: MoSim) -> None:
    """Round the weights to float16, in place. Statistics are not rounded."""
    for parameter in model.parameters():
        parameter.copy_(parameter.half())


def save_checkpoint(
    path: str | Path, model: MoSim, card: Mapping[str, object], density: MotionDensity | None = None
) -> Path:
    """Write weights and card atomically. Weights are written as float16 if that is exact, in half the space.

    With them go the `density`, if there is one, and the description of a robot that the catalogue does not have, so that `mosim_gym.load`
    needs nothing else.
    """
    arrays: dict[str, np.ndarray] = {}
    exact = all(torch.equal(p, p.half().to(p.dtype)) for p in model.parameters())
    halved = {name for name, _ in model.named_parameters()} if exact else set()
    for name, value in model.state_dict().items():
        arrays[name] = value.detach().cpu().numpy().astype(np.float16 if name in halved else np.float32)
    header: dict[str, object] = {
        "version": FORMAT,
        "card": {
            **card,
            "robot": model.robot.name,
            "fingerprint": model.robot.fingerprint,
            "model": model.config.to_dict(),
        },
    }
    if not _is_catalogued(model.robot):
        header["robot"], parts = model.robot.to_parts()
        arrays |= {f"{ROBOT}{name}": value for name, value in parts.items()}
    if density is not None:
        header["density"], parts = density.to_parts()
        arrays |= {f"{DENSITY}{name}": value for name, value in parts.items()}
    return save_arrays(Path(path), KIND, arrays, header)


def _is_catalogued(robot: Robot) -> bool:
    """Whether the catalogue has this very robot."""
    try:
        return load_robot(robot.name).fingerprint == robot.fingerprint
    except (UnknownName, OSError, ValueError):
        return False


def read_card(path: str | Path) -> CheckpointCard:
    """The card of the checkpoint at `path`."""
    path = Path(path)
    return _checked_header(path, load_arrays(path, KIND)[1])["card"]


def saved_robot(path: str | Path) -> Robot | None:
    """The robot whose description the checkpoint at `path` holds; None where the catalogue has the robot."""
    path = Path(path)
    arrays, header = load_arrays(path, KIND)
    if "robot" not in _checked_header(path, header):
        return None
    found, parts = header["robot"], _parts(arrays, ROBOT)
    if not isinstance(found, dict):
        raise FileFault(f"{path} is damaged: the description of its robot has no header.")
    return Robot.from_parts(path, found, parts)


def _checked_header(path: Path, header: dict[str, JSON], robot: Robot | None = None) -> CheckpointHeader:
    if "card" not in header:
        raise FileFault(f"{path} is not a checkpoint of this package: it holds no card.")
    if header.get("version") != FORMAT:
        raise FileFault(
            f"{path} has checkpoint format {header.get('version')!r}; this version of mosim_gym reads {FORMAT}."
        )
    return checked(path, "header", header, checkpoint_header(robot), CheckpointHeader)


def combine_checkpoints(paths: Sequence[str | Path], robot: Robot) -> tuple[MoSim, list[dict[str, JSON]]]:
    """One ensemble of all members of the checkpoints at `paths`, in order, and the checkpoints' cards.

    The checkpoints must be of one robot and one shape, and whitened alike up to rounding, as runs on one recipe with different seeds are.
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
                f"{path} does not fit into one ensemble with {paths[0]}: their models differ in shape or in the statistics of their data."
            )
    with initialised_by(0):
        model = MoSim(robot, replace(configs[0], members=sum(s.members for s in simulators)))
    model.load_state_dict(
        {
            name: torch.cat([state[name] for state in states]) if name.endswith((".weight", ".bias")) else value
            for name, value in states[0].items()
        }
    )
    return model, [dict(s.card) for s in simulators]


def load_checkpoint(path: str | Path, robot: Robot, **options: Unpack[SimulatorOptions]) -> Simulator:
    """The Simulator of the checkpoint at `path`, which must have been trained for `robot`; `options` as for `Simulator`."""
    path = Path(path)
    arrays, header = load_arrays(path, KIND)
    card = _checked_header(path, header)["card"]
    if card["fingerprint"] != robot.fingerprint:
        raise FileFault(
            f"{path} was trained for the robot {card['robot']!r} with fingerprint {card['fingerprint']}; "
            f"this {robot.name!r} has {robot.fingerprint}: train it again with `mosim-gym train {robot.name}`."
        )
    _checked_header(path, header, robot)
    config = MoSimConfig.from_dict(card["model"])
    try:
        shapes = model_shapes(robot, config)
    except (UnknownName, ValueError) as error:
        raise FileFault(f"{path} is damaged: its card does not fit the robot {robot.name!r}: {error}") from error
    beside = tuple(mark for mark, part in ((ROBOT, "robot"), (DENSITY, "density")) if part in header)
    weights = {name: value for name, value in arrays.items() if not name.startswith(beside)}
    check_weights(path, weights, shapes, deviations=("input_std", "output_std"))
    with initialised_by(0):
        model = MoSim(robot, config)
    model.load_state_dict({name: torch.from_numpy(value.astype(np.float32)) for name, value in weights.items()})
    simulator = Simulator(model, card, **options)
    density = header.get("density")
    if isinstance(density, dict):
        simulator.density = density_from_parts(path, density, _parts(arrays, DENSITY), robot)
    return simulator


def _parts(arrays: Mapping[str, np.ndarray], mark: str) -> dict[str, np.ndarray]:
    """The arrays whose names begin with `mark`, without it."""
    return {name.removeprefix(mark): array for name, array in arrays.items() if name.startswith(mark)}
