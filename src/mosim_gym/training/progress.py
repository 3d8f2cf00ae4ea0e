"""What a training run shows: its progress with the time left, and TensorBoard logs where that is installed."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import TracebackType
from typing import Any

from mosim_gym.mechanics import progress


class Progress:
    """Shows the reports of `training.loop.train`; use as a context manager."""

    def __init__(self, name: str, folder: Path | None) -> None:
        """`name` of the run; logs go to `folder/tensorboard`, if there is a folder."""
        self._shown = progress.Progress(name)
        self._log: Any = None
        if folder is not None and importlib.util.find_spec("tensorboard"):
            from torch.utils.tensorboard import SummaryWriter

            self._log = SummaryWriter(str(folder / "tensorboard"))

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if kind is None:
            self._shown.end()
        self._shown.__exit__(kind, error, at)
        if self._log is not None:
            self._log.close()

    def __call__(self, state: dict[str, float]) -> None:
        """Show one report."""
        if self._log is not None:
            for key in ("loss", "validation", "samples_per_second"):
                self._log.add_scalar(key, state[key], int(state["step"]))
        numbers = f"step {state['step']:.0f}, loss {state['loss']:.4f}, validation {state['validation']:.4f}"
        self._shown.show(state["share"], numbers)
