"""`ModelLearner`: a model that learns from a growing set of real transitions, and the simulator that moves by it."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from mosim_gym.data.stream import Transitions
from mosim_gym.dynamics.mosim import MoSim
from mosim_gym.dynamics.simulator import Simulator
from mosim_gym.mechanics import ForwardKinematics
from mosim_gym.mechanics.box import Box
from mosim_gym.mechanics.typed_torch import backward, from_numpy, optimiser_step
from mosim_gym.training.box import joined_boxes, training_box
from mosim_gym.training.config import training_for
from mosim_gym.training.disagreement import disagreement_quantiles
from mosim_gym.training.losses import known_motion, one_step_loss
from mosim_gym.training.optimisers import model_optimisers, optimiser_arrays, restore_optimisers

MEASURED = 4_096
"""Transitions over which the members' disagreement is measured."""


class ModelLearner:
    """An ensemble that learns, with batches of its own for each member. `simulator` moves by the average of the latest weights.

    For a model with memory the actions of transitions have the commands before in front, as `LogMotion` has them.

    `data` holds all transitions so far. Learning rates are constant, because the training has no fixed end. A share of each batch may come
    from other transitions, which `remember` takes.
    """

    def __init__(
        self,
        model: MoSim,
        *,
        batch: int = 256,
        rate: float = 1.0,
        ema: float = 0.99,
        seed: int = 0,
        card: Mapping[str, Any] | None = None,
    ) -> None:
        """`model` is trained from its present weights. `card` has the box of the states of its earlier training, if any. `rate`
        multiplies the learning rates of ordinary training.
        """
        config = replace(training_for(model.config), batch=batch, ema=ema)
        self.model, self._config = model.train(), config
        for parameter in model.parameters():
            parameter.requires_grad_(True)
        self._optimisers, self._rest = model_optimisers(model, config, torch.device("cpu"), rate=rate)
        known = {name: part for name, part in (card or {}).items() if name in ("name", "box")}
        self.simulator = Simulator(copy.deepcopy(model), {"name": model.robot.name, "box": None, **known})
        self.simulator.refresh()  # its weights are going to change
        self.data: Transitions | None = None
        self._old: Transitions | None = None
        self._old_share = 0.0
        self.updates = 0
        self._kinematics = ForwardKinematics(model.robot, model.features.quantities)
        self._generator = torch.Generator().manual_seed(seed)

    def add(self, new: Transitions) -> None:
        """Add real transitions `(N, …)`. The box of known states grows with them."""
        if self.data is None:
            self.data = new
        else:
            self.data = Transitions(*(torch.cat(pair) for pair in zip(self.data, new, strict=True)))
        self._know(new)

    @property
    def box(self) -> Box:
        """The box of all states from which the model has learned, in a card's format."""
        return self.simulator.card["box"]

    def _know(self, new: Transitions) -> None:
        box, card = training_box(self.model.robot, new), self.simulator.card
        known = joined_boxes(card["box"], box) if card.get("box") else box
        self.simulator.card = {**card, "box": known}

    def measure_disagreement(self) -> None:
        """Note the members' disagreement over the real transitions so far, or a sample of them, in the card, for penalties."""
        assert self.data is not None
        rows = torch.linspace(0, len(self.data.qpos) - 1, min(len(self.data.qpos), MEASURED)).long()
        qpos, qvel = self.data.qpos[rows], self.data.qvel[rows]
        before, action = (part[rows] for part in self._commands())
        spread = self.simulator.disagreement(qpos, qvel, action, previous=before if self.simulator.memory else None)
        self.simulator.card = {**self.simulator.card, "disagreement": disagreement_quantiles(spread)}

    def remember(self, old: Transitions, share: float) -> None:
        """Draw a `share` of each batch from `old (N, …)`, the earlier training data, so that the model does not forget them."""
        self._old, self._old_share = old, share
        self._know(old)

    def _batch(self) -> Transitions:
        """A batch with the rows of one member after those of another. In each member's rows the old ones come first."""
        assert self.data is not None
        members, rows = self.model.config.members, self._config.batch
        old = round(self._old_share * rows)
        drawn = torch.randint(len(self.data.qpos), (members, rows - old), generator=self._generator)
        if self._old is None or not old:
            return Transitions(*(column[drawn.flatten()] for column in self.data))
        before = torch.randint(len(self._old.qpos), (members, old), generator=self._generator)
        pairs = zip(self._old, self.data, strict=True)
        return Transitions(*(torch.cat((b[before], d[drawn]), dim=1).flatten(0, 1) for b, d in pairs))

    def states(self) -> dict[str, np.ndarray]:
        """All real states so far, in the format of an environment's starts."""
        assert self.data is not None
        found = {"qpos": self.data.qpos.numpy(), "qvel": self.data.qvel.numpy()}
        return found | ({"previous": self._commands()[0].numpy()} if self.simulator.memory else {})

    def _commands(self) -> tuple[Tensor, Tensor]:
        """The commands before each real transition `(N, memory, nu)`, and its own `(N, nu)`."""
        assert self.data is not None
        nu, memory = self.model.robot.nu, self.simulator.memory
        before, action = self.data.action.split_with_sizes((memory * nu, nu), dim=1)
        return torch.unflatten(before, 1, (memory, nu)), action

    def fit_statistics(self) -> None:
        """Compute the whitening from the present data, for a model that has learned nothing yet."""
        assert self.data is not None
        d, values = self.data, self._kinematics(self.data.qpos, self.data.qvel)
        for model in (self.model, self.simulator.model):
            model.fit_statistics(d.qpos, d.qvel, d.action, values, known_motion(d))

    def learn(self, updates: int) -> float:
        """Make `updates` steps on batches of all data. Returns the mean loss, in units of whitened outputs."""
        c, total = self._config, 0.0
        for _ in range(updates):
            loss = one_step_loss(self.model, self._batch(), self._kinematics, huber=c.huber, autocast=c.autocast)
            for optimiser in self._optimisers.values():
                optimiser.zero_grad(set_to_none=True)
            backward(loss)
            nn.utils.clip_grad_norm_(self._rest, c.clip)
            for optimiser in self._optimisers.values():
                optimiser_step(optimiser)
            self.updates += 1
            decay = min(c.ema, self.updates / (self.updates + 10))
            with torch.no_grad():
                for mine, theirs in zip(self.simulator.model.parameters(), self.model.parameters(), strict=True):
                    mine.lerp_(theirs, 1 - decay)
            total += float(loss.detach())
        self.simulator.refresh()
        return total / max(updates, 1)

    def state(self) -> dict[str, np.ndarray]:
        """All that further learning depends on."""
        assert self.data is not None
        arrays: dict[str, Tensor] = {f"data/{name}": column for name, column in self.data._asdict().items()}
        for prefix, model in (("model", self.model), ("average", self.simulator.model)):
            arrays |= {f"{prefix}/{name}": value for name, value in model.state_dict().items()}
        arrays |= {"generator": self._generator.get_state(), "updates": torch.tensor(self.updates)}
        mine = {name: value.detach().numpy().copy() for name, value in arrays.items()}
        return mine | optimiser_arrays(self._optimisers)

    def restore(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Inverse of `state`."""
        found = {name: from_numpy(np.array(value)) for name, value in arrays.items()}
        self.data = Transitions(**{name: found[f"data/{name}"] for name in Transitions._fields})
        self._know(self.data)
        for prefix, model in (("model", self.model), ("average", self.simulator.model)):
            model.load_state_dict({name: found[f"{prefix}/{name}"] for name in model.state_dict()})
        restore_optimisers(self._optimisers, arrays)
        self._generator.set_state(found["generator"])
        self.updates = int(found["updates"])
        self.simulator.refresh()
