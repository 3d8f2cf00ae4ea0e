"""What a training run shows: a bar on a terminal where tqdm is installed, else a line now and then; TensorBoard logs where that is."""

from __future__ import annotations

import importlib.util
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any

LINE_SECONDS = 15.0


class Progress:
    """Shows the reports of `training.loop.train`; use as a context manager."""

    def __init__(self, name: str, folder: Path | None) -> None:
        """`name` of the run; logs go to `folder/tensorboard`, if there is a folder."""
        self._name = name
        self._bar: Any = None
        self._log: Any = None
        self._shown = -LINE_SECONDS
        if sys.stderr.isatty() and importlib.util.find_spec("tqdm"):
            from tqdm import tqdm

            layout = "{desc} {percentage:3.0f}%|{bar}| {elapsed} {postfix}"
            self._bar = tqdm(total=1000, desc=name, bar_format=layout)
        if folder is not None and importlib.util.find_spec("tensorboard"):
            from torch.utils.tensorboard import SummaryWriter

            self._log = SummaryWriter(str(folder / "tensorboard"))

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._bar is not None:
            if kind is None:
                self._bar.n = self._bar.total
                self._bar.refresh()
            self._bar.close()
        if self._log is not None:
            self._log.close()

    def __call__(self, state: dict[str, float]) -> None:
        """Show one report."""
        numbers = f"loss {state['loss']:.4f}, validation {state['validation']:.4f}"
        if self._log is not None:
            for key in ("loss", "validation", "samples_per_second"):
                self._log.add_scalar(key, state[key], int(state["step"]))
        if self._bar is not None:
            self._bar.n = int(1000 * state["share"])
            self._bar.set_postfix_str(numbers)
        elif time.monotonic() - self._shown > LINE_SECONDS:
            self._shown = time.monotonic()
            print(f"{self._name}: {state['share']:.0%}, step {state['step']:.0f}, {numbers}", flush=True)
