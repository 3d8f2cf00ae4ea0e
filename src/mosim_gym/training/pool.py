"""Where training's batches come from: a `Pool` of the latest chunks of motion, and fixed motion to whiten by and to validate on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch

from mosim_gym.data.chunks import CHUNK
from mosim_gym.data.collection import find_recipe, recipe_for
from mosim_gym.data.dataset import Dataset
from mosim_gym.data.dataset_stream import DatasetStream
from mosim_gym.data.stream import Stream, Transitions, chunk
from mosim_gym.mechanics.box import Box
from mosim_gym.robots import load_robot
from mosim_gym.training.box import joined_boxes, training_box
from mosim_gym.training.config import TrainConfig

STATISTICS_SEED = 10_003  # the same for every run, so that runs of different seeds can become members of one ensemble
VALIDATION_SEED = 10_007
VALIDATION_SEGMENTS = 500


class Pool:
    """The most recent chunks of a stream as one set of tensors to draw batches from; `box` holds those and all before them.

    At training step s the pool holds the same chunks whenever and however often the run was interrupted.
    """

    def __init__(
        self,
        robot: str,
        config: TrainConfig,
        *,
        step: int,
        device: torch.device,
        box: Box,
        dataset: Dataset | None = None,
        only: Callable[[Transitions], Transitions] | None = None,
    ) -> None:
        """Fill the pool as it stood at its training step `step`, from `dataset` or from fresh simulations; `box` is of earlier data.

        `only` says which part of each chunk `(S, T, …)` is kept, in the same form.
        """
        self._only, self._chunk_size = only, 0
        self._config, self._device, self._dataset = config, device, dataset
        self._robot, self.box = load_robot(robot), box
        self._turn = step // config.chunk_steps
        oldest = max(0, self._made - config.pool_chunks)
        if dataset is None:
            segments = _as_many_steps(robot, config, config.chunk_segments)
            self._stream = Stream(robot, config.recipe, seed=config.seed, segments=segments, first=oldest)
        else:
            self._stream = DatasetStream(
                dataset, seed=config.seed, segments=max(1, config.chunk_segments // 4), first=oldest
            )
        self._chunks = [self._fresh() for _ in range(oldest, self._made)]
        self._join()

    @property
    def _made(self) -> int:
        """How many chunks there have been so far."""
        return min(self._config.first_chunks, self._config.pool_chunks) + self._turn

    def _fresh(self) -> Transitions:
        fresh = Transitions(*(column.to(self._device) for column in next(self._stream)))
        self.box = joined_boxes(self.box, training_box(self._robot, fresh))
        self._chunk_size = fresh.qpos.shape[:2].numel()
        return fresh if self._only is None else self._only(fresh)

    def _join(self) -> None:
        self.data = Transitions(*(torch.cat(columns) for columns in zip(*self._chunks, strict=True)))

    @property
    def transitions_seen(self) -> int:
        """True control steps simulated so far, about: unstable segments are left out of chunks. Of a dataset, all of its steps."""
        if self._dataset is not None:
            return self._dataset.transitions
        return self._made * self._chunk_size

    def draw(self, step: int, generator: torch.Generator, horizon: int, members: int = 1) -> Transitions:
        """The batch of training step `step`, a function of seed and step: `(B, …)`, or `(B/H, H, …)` for windows of H > 1 steps.

        Each ensemble member has a batch of its own: rows are `members` times as many, the first member's first.
        """
        while self._turn < step // self._config.chunk_steps:
            self._chunks = [*self._chunks, self._fresh()][-self._config.pool_chunks :]
            self._turn += 1
            self._join()
        generator.manual_seed(self._config.seed * 1_000_003 + step)
        segments, steps = self.data.qpos.shape[:2]
        count = members * (self._config.batch // horizon)
        segment = torch.randint(segments, (count,), generator=generator).to(self._device)
        start = torch.randint(steps - horizon + 1, (count,), generator=generator).to(self._device)
        if horizon == 1:
            return Transitions(*(column[segment, start] for column in self.data))
        window = start[:, None] + torch.arange(horizon, device=self._device)
        return Transitions(*(column[segment[:, None], window] for column in self.data))

    def close(self) -> None:
        """Stop the background process."""
        self._stream.close()


def fixed_samples(robot: str, config: TrainConfig, dataset: Dataset | None) -> tuple[Transitions, Transitions]:
    """Transitions to validate on, `(S, T, …)`, and those whose statistics whiten the model, `(B, …)`."""
    if dataset is not None:
        held_out = DatasetStream(dataset, seed=STATISTICS_SEED, segments=config.chunk_segments)
        sample, validation = next(held_out), held_out.validation()
    else:
        parts = ((STATISTICS_SEED, config.chunk_segments), (VALIDATION_SEED, VALIDATION_SEGMENTS))
        sample, validation = (
            Transitions(*(torch.from_numpy(c) for c in chunk(robot, config.recipe, seed, 0, count)[0]))
            for seed, count in ((seed, _as_many_steps(robot, config, segments)) for seed, segments in parts)
        )
    return validation, Transitions(*(column.flatten(0, 1) for column in sample))


def first_motion(robot: str, made: Mapping[str, Any]) -> Transitions:
    """The first chunk of what a model of `robot` was trained on, simulated again, `(B, …)`; `made` is the `recipe` of its card.

    For a model that read a dataset: the dataset's first chunk, or as much of it as there is.
    """
    recipe = made.get("recipe")
    kept: int | None = None
    if isinstance(recipe, str):
        names = ("recipe", "seed", "chunk_segments")
        config = TrainConfig(**{name: made[name] for name in names if name in made})
        seed, segments = config.seed, _as_many_steps(robot, config, config.chunk_segments)
    else:
        if not recipe or "dataset" not in made:
            raise ValueError(
                "The model's card does not say what it was trained on, so that none of it can be mixed in: set pretraining_share=0."
            )
        recipe, seed, segments, kept = recipe["name"], made["dataset"]["seed"], CHUNK, made["dataset"]["segments"]
    columns, _ = chunk(robot, recipe, seed, 0, segments)
    return Transitions(*(torch.from_numpy(column[:kept]).flatten(0, 1) for column in columns))


def _as_many_steps(robot: str, config: TrainConfig, segments: int) -> int:
    """Of `segments` at the robot's own control step, how many are as many steps at `robot@dt`, where segments are longer."""
    return max(1, segments * find_recipe(config.recipe).steps // recipe_for(robot, config.recipe).steps)


def dealt(segments: Transitions, members: int) -> Transitions:
    """Single transitions `(B, …)` of segments `(S, T, …)`, B a multiple of `members`."""
    flat = [column.flatten(0, 1) for column in segments]
    return Transitions(*(column[: len(column) // members * members] for column in flat))
