"""Commands on files: `reseal`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg


@dataclass(frozen=True)
class Reseal:
    """Check files of version 0.1.0, and add the checksum of their content that newer files have."""

    paths: Annotated[
        Positional[tuple[Path, ...]],
        arg(help="Checkpoints, policies, densities, robots, packs and states of runs; folders of datasets."),
    ]

    def run(self) -> None:
        from mosim_gym.rl.resealing import reseal

        if not self.paths:
            raise ValueError("Name at least one file, such as runs/train/cheetah/checkpoint.safetensors.")
        for path in self.paths:
            kind, written = reseal(path)
            print(f"{path}: {kind}, {'sealed' if written else 'undamaged, and sealed already'}")
