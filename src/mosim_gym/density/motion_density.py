"""`MotionDensity`: how likely a state and an action are among the data of a model, as an object and as a file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NotRequired, TypedDict

import numpy as np
import torch
from torch import Tensor

from mosim_gym.density.coordinates import MinimalCoordinates
from mosim_gym.density.flow import FlowConfig, ResidualFlow, flow_shapes
from mosim_gym.density.prepared import PreparedFlow
from mosim_gym.mechanics import Robot
from mosim_gym.mechanics.json_values import JSON
from mosim_gym.mechanics.names import UnknownName
from mosim_gym.mechanics.schema import anything, checked, mapping, number, one_of, record, text, whole
from mosim_gym.mechanics.seeding import initialised_by
from mosim_gym.mechanics.storage import FileFault, load_arrays, save_arrays
from mosim_gym.mechanics.weights import check_weights

KIND, FORMAT = "density", 1
QUANTILES = (0.001, 0.01, 0.05, 0.1, 0.5)
STATES, STATES_AND_ACTIONS = "states", "states and actions"
"""What a density may be of."""
_CONFIG = record(
    {
        "blocks": whole(1, 1_000),
        "width": whole(1, 100_000),
        "layers": whole(2, 100),
        "contraction": number(0.001, 0.999999),
    },
    others=False,
)
HEADER = record(
    {
        "version": one_of(FORMAT),
        "card": record(
            {"robot": text(), "fingerprint": text(), "size": whole(1, 100_000), "config": _CONFIG},
            {"quantiles": mapping(number()), "recipe": anything, "of": one_of(STATES, STATES_AND_ACTIONS)},
        ),
    }
)
"""What the header of a density's file may hold."""


class FlowRecord(TypedDict):
    """A `FlowConfig` as JSON."""

    blocks: int
    width: int
    layers: int
    contraction: float


class DensityCard(TypedDict):
    """What is read of a density's card; see `MotionDensity`."""

    robot: str
    fingerprint: str
    size: int
    config: FlowRecord
    quantiles: NotRequired[dict[str, float]]
    recipe: NotRequired[JSON]
    of: NotRequired[str]


class DensityHeader(TypedDict):
    """The header of a density's file."""

    version: int
    card: DensityCard


class MotionDensity:
    """`log p(q, q̇, a)` of `robot`, or `log p(q, q̇)`, in nats over minimal coordinates.

    `card["of"]` says which: "states and actions", which is the default, or "states". `card["quantiles"]` maps a share of the data to the
    log-density below which that share lies.
    """

    def __init__(self, robot: Robot, flow: ResidualFlow, card: Mapping[str, Any]) -> None:
        """`flow` has as many dimensions as the robot has minimal coordinates."""
        self.robot, self.flow, self.card = robot, flow.eval(), dict(card)
        self.coordinates = density_coordinates(robot, self.card.get("of", STATES_AND_ACTIONS))
        self._prepared = PreparedFlow(self.flow)

    def to(self, device: torch.device | str) -> MotionDensity:
        """Move the weights to `device`."""
        self._prepared = PreparedFlow(self.flow.to(device))
        return self

    def __call__(self, qpos: Tensor, qvel: Tensor, action: Tensor) -> Tensor:
        """The log-density `(B,)` of `qpos (B, nq)`, `qvel (B, nv)`, `action (B, nu)`; -inf where one of them is NaN.

        It has gradients with respect to the inputs that require them.
        """
        wanted = torch.is_grad_enabled() and any(part.requires_grad for part in (qpos, qvel, action))
        with torch.set_grad_enabled(wanted):
            x = self.coordinates(*(part.float() for part in (qpos, qvel, action)))
            return self._prepared(x).nan_to_num(nan=-torch.inf)

    def save(self, path: str | Path) -> Path:
        """Write weights and card atomically, as one safetensors file."""
        header, arrays = self.to_parts()
        return save_arrays(Path(path), KIND, arrays, header)

    def to_parts(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """The JSON header and the arrays that `save` writes, for a file that holds the density beside other things."""
        state = self.flow.state_dict()
        arrays = {name: value.cpu().numpy() for name, value in state.items() if not name.endswith((".left", ".right"))}
        card = {**self.card, "robot": self.robot.name, "fingerprint": self.robot.fingerprint, **self.flow.described()}
        return {"version": FORMAT, "card": card}, arrays


def density_coordinates(robot: Robot, of: str) -> MinimalCoordinates:
    """The coordinates of a density of `of`: "states", or "states and actions"."""
    if of not in (STATES, STATES_AND_ACTIONS):
        raise UnknownName("kind of density", of, [STATES_AND_ACTIONS, STATES])
    return MinimalCoordinates(robot, actions=of == STATES_AND_ACTIONS)


def read_density_card(path: str | Path) -> DensityCard:
    """The card of the density at `path`."""
    path = Path(path)
    return _checked_card(path, load_arrays(path, KIND)[1])


def load_density(path: str | Path, robot: Robot) -> MotionDensity:
    """The density at `path`, which must have been fitted to motion of `robot`."""
    path = Path(path)
    arrays, header = load_arrays(path, KIND)
    return density_from_parts(path, header, arrays, robot)


def density_from_parts(
    path: Path, header: Mapping[str, JSON], arrays: Mapping[str, np.ndarray], robot: Robot
) -> MotionDensity:
    """The density of a header and of arrays that `to_parts` gave and the file at `path` holds; raises `FileFault` for damaged ones."""
    card = _checked_card(path, header)
    if card["fingerprint"] != robot.fingerprint:
        raise FileFault(
            f"{path} was fitted to the robot {card['robot']!r} with fingerprint {card['fingerprint']}; this {robot.name!r} "
            f"has {robot.fingerprint}."
        )
    of = card.get("of", STATES_AND_ACTIONS)
    size, config = density_coordinates(robot, of).size, FlowConfig(**card["config"])
    if card["size"] != size:
        raise FileFault(
            f"{path} is damaged: its card's size is {card['size']}; {robot.name!r} has {size} coordinates of {of}."
        )
    check_weights(path, arrays, flow_shapes(size, config), deviations=("std",))
    with initialised_by(0):
        flow = ResidualFlow(size, config)
    flow.load_state_dict(
        {name: torch.from_numpy(value.astype(np.float32)) for name, value in arrays.items()}, strict=False
    )
    return MotionDensity(robot, flow.settle(), card)


def _checked_card(path: Path, header: Mapping[str, JSON]) -> DensityCard:
    if header.get("version") != FORMAT:
        raise FileFault(
            f"{path} has density format {header.get('version')!r}; this version of mosim_gym reads {FORMAT}."
        )
    return checked(path, "header", dict(header), HEADER, DensityHeader)["card"]
