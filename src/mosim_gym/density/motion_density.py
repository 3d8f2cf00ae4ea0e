"""`MotionDensity`: how likely a state and an action are among the data a model was trained on; as an object, and as a file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mosim_gym.density.coordinates import MinimalCoordinates
from mosim_gym.density.flow import FlowConfig, ResidualFlow
from mosim_gym.density.prepared import PreparedFlow
from mosim_gym.mechanics import Robot
from mosim_gym.mechanics.storage import FileFault, load_arrays, save_arrays

KIND, FORMAT = "density", 1
QUANTILES = (0.001, 0.01, 0.05, 0.1, 0.5)


class MotionDensity:
    """`log p(q, q̇, a)` of `robot`, in nats over minimal coordinates.

    `card["quantiles"]` tells the log-densities below which such shares of the training data are.
    """

    def __init__(self, robot: Robot, flow: ResidualFlow, card: Mapping[str, Any]) -> None:
        """`flow` has as many dimensions as the robot has minimal coordinates."""
        self.robot, self.flow, self.card = robot, flow.eval(), dict(card)
        self.coordinates = MinimalCoordinates(robot)
        self._prepared = PreparedFlow(self.flow)

    def to(self, device: torch.device | str) -> MotionDensity:
        """Move the weights to `device`."""
        self._prepared = PreparedFlow(self.flow.to(device))
        return self

    @torch.no_grad()
    def __call__(self, qpos: Tensor, qvel: Tensor, action: Tensor) -> Tensor:
        """`(B,)` for `qpos (B, nq)`, `qvel (B, nv)`, `action (B, nu)`; -inf where they are not numbers."""
        x = self.coordinates(*(part.float() for part in (qpos, qvel, action)))
        return self._prepared(x).nan_to_num(nan=-torch.inf)

    def save(self, path: str | Path) -> Path:
        """Write weights and card atomically, as one safetensors file."""
        state = self.flow.state_dict()
        arrays = {name: value.cpu().numpy() for name, value in state.items() if not name.endswith((".left", ".right"))}
        card = {**self.card, "robot": self.robot.name, "fingerprint": self.robot.fingerprint, **self.flow.described()}
        return save_arrays(Path(path), KIND, arrays, {"version": FORMAT, "card": card})


def load_density(path: str | Path, robot: Robot) -> MotionDensity:
    """The density at `path`, which must have been fitted to motion of `robot`."""
    arrays, header = load_arrays(Path(path), KIND)
    if header.get("version") != FORMAT:
        raise FileFault(f"{path} has density format {header.get('version')}; this version of mosim_gym reads {FORMAT}.")
    card = header["card"]
    if card["fingerprint"] != robot.fingerprint:
        raise FileFault(
            f"{path} was fitted to the robot {card['robot']!r} with fingerprint {card['fingerprint']}; this {robot.name!r} "
            f"has {robot.fingerprint}."
        )
    flow = ResidualFlow(card["size"], FlowConfig(**card["config"]))
    wanted = {
        name: tuple(value.shape) for name, value in flow.state_dict().items() if not name.endswith((".left", ".right"))
    }
    if wanted != {name: value.shape for name, value in arrays.items()}:
        raise FileFault(f"{path} is damaged: its weights are not what its own card describes.")
    if not all(np.isfinite(value).all() for value in arrays.values()):
        raise FileFault(f"{path} is damaged: it holds weights that are not finite.")
    flow.load_state_dict({name: torch.from_numpy(value.copy()) for name, value in arrays.items()}, strict=False)
    for layer in flow.linears():
        layer.refine(100)
    return MotionDensity(robot, flow, card)
