"""Where each stage's batches come from: all motion, or flight alone; one pool at a time, and the fixed motion to validate on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch

from mosim_gym.data.collection import find_recipe
from mosim_gym.data.dataset import Dataset
from mosim_gym.data.stream import Transitions, chunk
from mosim_gym.dynamics.mosim import MoSim
from mosim_gym.training.config import TrainConfig
from mosim_gym.training.course import Course
from mosim_gym.training.flight import Untouched
from mosim_gym.training.pool import VALIDATION_SEED, VALIDATION_SEGMENTS, Pool, dealt, fixed_samples
from mosim_gym.training.stages import learns_flight

FEW = 0.002
"""Below this share of untouched transitions flight is learned from all of them."""


class Source:
    """A pool from which batches of one kind of motion are drawn, and motion of that kind to validate on."""

    def __init__(self, pool: Pool, validation: Transitions, members: int, begun: int, before: int) -> None:
        """The pool's steps count from step `begun` of the run; `before` it `before` transitions had been simulated."""
        self._pool, self._members, self.begun, self._before = pool, members, begun, before
        self.validation = dealt(validation, members)

    def draw(self, step: int, generator: torch.Generator, horizon: int) -> Transitions:
        """The batch of the run's `step`."""
        return self._pool.draw(step - self.begun, generator, horizon, self._members)

    def seen(self) -> dict[str, Any]:
        """How many transitions have been simulated so far, and the box of all states among them."""
        return {"transitions": self._before + self._pool.transitions_seen, "box": self._pool.box}

    def close(self) -> None:
        """Stop the background process."""
        self._pool.close()


class Sources:
    """Makes the source of the stage that a run is in; `sample` are transitions of all motion, `(B, …)`, to whiten by."""

    def __init__(self, robot: str, config: TrainConfig, model: MoSim, dataset: Dataset | None) -> None:
        """`dataset` takes the place of fresh simulations."""
        self._robot, self._config, self._model, self._dataset = robot, config, model, dataset
        self._device = model.input_mean.device
        self._validation, self.sample = (self._moved(part) for part in fixed_samples(robot, config, dataset))
        self._current: Source | None = None
        self._flies = [learns_flight(model, stage) for stage in config.stages]

    def _moved(self, motion: Transitions) -> Transitions:
        return Transitions(*(column.to(self._device) for column in motion))

    def at(self, course: Course, record: dict[str, Any]) -> Source:
        """The source of the present stage; `record` holds what was seen before it."""
        begun = course.begun(self._flies)
        if self._current is None or self._current.begun != begun:
            self.close()
            flies = self._flies[len(course.records) - 1]
            self._current = self._make(flies, begun, course.step - begun, record)
        return self._current

    def _make(self, flies: bool, begun: int, step: int, record: dict[str, Any]) -> Source:
        config, validation, only = self._config, self._validation, None
        if flies and self._dataset is None and config.flight_recipe is not None:
            length = find_recipe(config.recipe).steps  # flight has segments of one control step: as many steps in all
            config = replace(config, recipe=config.flight_recipe, chunk_segments=config.chunk_segments * length)
            segments = VALIDATION_SEGMENTS * length
            columns, _ = chunk(self._robot, config.recipe, VALIDATION_SEED, 0, segments)
            validation = self._moved(Transitions(*(torch.from_numpy(column) for column in columns)))
        elif flies:
            only = self._untouched()
            validation = only(validation) if only is not None else validation
        before = record["before"] = record["transitions"] if not step else record["before"]
        pool = Pool(
            self._robot,
            config,
            step=step,
            device=self._device,
            box=record["box"],
            dataset=self._dataset,
            only=only,
        )
        return Source(pool, validation, self._model.config.members, begun, before)

    def _untouched(self) -> Callable[[Transitions], Transitions] | None:
        """What picks flight out of motion; None where there is next to none."""
        assert self._model.foresight is not None
        untouched = Untouched(self._model.robot, self._model.foresight.contact).to(self._device)
        return untouched.of if float(untouched(self.sample).float().mean()) >= FEW else None

    def close(self) -> None:
        """Stop the background process, if there is one."""
        if self._current is not None:
            self._current.close()
            self._current = None
