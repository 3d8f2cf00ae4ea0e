"""`LearnedModel`: the base class of world models that are one network, fitted on windows of true motion."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from mosim_gym.mechanics import Robot
from mosim_gym.mechanics.devices import usable_device
from mosim_gym.mechanics.motion import Array, History, Trajectory
from mosim_gym.mechanics.seeding import initialised_by
from mosim_gym.mechanics.settings import check_kind
from mosim_gym.mechanics.threads import alone
from mosim_gym.mechanics.world_model import MotionData, WorldModel
from mosim_gym.robots import load_robot
from mosim_gym.world_models.coordinates import StateCoordinates
from mosim_gym.world_models.fitting import FitConfig, fit_network
from mosim_gym.world_models.whitening import Whitening
from mosim_gym.world_models.windows import Window, Windows

WHITENED_BY = 40_000
"""Control steps from which whitening takes its numbers, in windows."""
ROWS = 2048
"""Rows that are rolled out at once."""


class Network(nn.Module, ABC):
    """A network that predicts motion of one robot from whitened states and actions."""

    def __init__(self, robot: Robot, coordinates: StateCoordinates) -> None:
        """`coordinates` say how a state is read."""
        super().__init__()
        self.robot, self.coordinates = robot, coordinates
        self.states, self.commands = Whitening(coordinates.size), Whitening(robot.nu)
        self.changes = Whitening(coordinates.change_size)

    def whiten(self, window: Window) -> None:
        """Take the numbers of all whitenings from `window`."""
        here, there = slice(None, -1), slice(1, None)
        read = self.coordinates(window.qpos, window.qvel)
        self.states.fit(read.flatten(0, 1))
        self.commands.fit(window.actions.flatten(0, 1))
        self.changes.fit(self.true_change(window, here, there).flatten(0, 1))

    def true_change(self, window: Window, here: slice, there: slice) -> Tensor:
        """The changes of state between the states at `here` and those at `there`, `(B, T, 2 nv)`."""
        q, v = window.qpos, window.qvel
        return self.coordinates.change(q[:, here], v[:, here], q[:, there], v[:, there])

    def inputs(self, qpos: Tensor, qvel: Tensor, actions: Tensor) -> Tensor:
        """Whitened states and actions side by side, `(..., size + nu)`."""
        return torch.cat((self.states(self.coordinates(qpos, qvel)), self.commands(actions)), dim=-1)

    def after(self, qpos: Tensor, qvel: Tensor, whitened: Tensor) -> tuple[Tensor, Tensor]:
        """The state after a whitened change."""
        return self.coordinates.moved(qpos, qvel, self.changes.inverse(whitened))

    @abstractmethod
    def loss(self, window: Window, generator: torch.Generator) -> Tensor:
        """The loss of a batch of windows, one number. `generator` is where random numbers come from."""

    @abstractmethod
    def predict(self, history: History, actions: Tensor) -> tuple[Tensor, Tensor]:
        """The states `(B, T, nq)`, `(B, T, nv)` after each action, from a history of exactly `context` states."""


def joined(path: Sequence[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
    """The states of successive steps, each `(B, nq)` and `(B, nv)`, as `(B, T, nq)` and `(B, T, nv)`."""
    qpos, qvel = zip(*path, strict=True)
    return torch.stack(qpos, dim=1), torch.stack(qvel, dim=1)


@dataclass(frozen=True)
class FitRecord:
    """What a fit did."""

    steps: int
    """Training steps."""
    transitions: int
    """Control steps of true motion that were read."""
    seconds: float
    """How long it lasted, with the reading of the data."""


class LearnedModel(WorldModel):
    """A world model of one network. A subclass has a configuration, the length of windows, and builds the network."""

    config_type: ClassVar[type[FitConfig]] = FitConfig
    """The class of its configuration, whose defaults hold where none is given."""
    network: Network
    """The fitted network."""
    record: FitRecord
    """What the fit did."""

    def __init__(self, config: FitConfig | None = None) -> None:
        """A model that is not fitted yet."""
        if config is not None:
            check_kind(config, self.config_type, f"{self.title} needs a {self.config_type.__name__}")
        self._config = config or self.config_type()
        self.context = self._config.context

    @property
    def window(self) -> int:
        """Control steps in a window to learn from."""
        return self.context

    @property
    def stride(self) -> int:
        """Control steps between the places of a segment where windows may begin."""
        return 1

    @abstractmethod
    def build(self, robot: Robot) -> Network:
        """A fresh network for `robot`; its weights come from torch's common generator, which the caller seeds."""

    def fit(self, data: MotionData, budget: float, seed: int) -> None:
        """Fit the network for about `budget` seconds, or for the configuration's `steps`. For a number of steps it is deterministic."""
        begun, config = time.monotonic(), self._config
        device = usable_device(config.device)
        robot = data.robot if isinstance(data.robot, Robot) else load_robot(data.robot)
        windows = Windows(
            data,
            self.window,
            first=config.first_blocks,
            held=config.held_blocks,
            every=config.block_every,
            device=device,
            stride=self.stride,
        )
        with initialised_by(seed):
            network = self.build(robot).to(device)
        generator = torch.Generator().manual_seed(seed)
        network.whiten(windows.sample(max(1, WHITENED_BY // self.window), generator))
        noise = torch.Generator(device).manual_seed(seed)

        def loss(step: int) -> Tensor:
            return network.loss(windows.draw(step, config.batch, generator), noise)

        fitted, steps = fit_network(network, loss, config, begun + budget)
        assert isinstance(fitted, Network)
        self.network, self.record = fitted, FitRecord(steps, windows.transitions, time.monotonic() - begun)

    def rollout(self, history: History, actions: Array) -> Trajectory:
        """Open loop from the last `context` states; numpy arrays float32, or tensors where `actions` are a tensor."""
        like = next(self.network.parameters())
        parts = [
            torch.as_tensor(x, dtype=like.dtype, device=like.device) for x in (*history.latest(self.context), actions)
        ]
        with torch.no_grad(), alone(len(parts[0])):
            rows = zip(*(part.split(ROWS) for part in parts), strict=True)
            paths = [self.network.predict(History(q, v, a), later) for q, v, a, later in rows]
        qpos, qvel = (torch.cat(part) for part in zip(*paths, strict=True))
        if isinstance(actions, np.ndarray):
            return Trajectory(qpos.cpu().numpy(), qvel.cpu().numpy(), None)
        return Trajectory(qpos, qvel, None)
