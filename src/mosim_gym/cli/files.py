"""Commands on files: `reseal`, and `push` to the Hugging Face hub."""

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


@dataclass(frozen=True)
class Push:
    """Put a checkpoint or a policy on the Hugging Face hub, with a card, and for a checkpoint with an env.py for LeRobot."""

    path: Annotated[Positional[Path], arg(help="The file of a checkpoint or a policy.")]
    repository: Annotated[Positional[str], arg(help="owner/name; it is made if there is none.")]
    task: Annotated[str | None, arg(help="The task of env.py; by default the first one of the robot.")] = None
    private: Annotated[bool, arg(help="Make a new repository private.")] = False
    only_to: Annotated[Path | None, arg(help="Push nothing: write the repository's files to this folder.")] = None

    def run(self) -> None:
        from mosim_gym.adapters.hub import push, repository_files
        from mosim_gym.mechanics.storage import write_atomically

        if self.only_to is None:
            print(push(self.path, self.repository, task=self.task, private=self.private))
            return
        for name, content in repository_files(self.path, self.repository, task=self.task).items():
            print(f"wrote {write_atomically(self.only_to / name, content)}")
