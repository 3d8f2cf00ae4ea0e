"""Commands on checkpoints that have been trained: `combine` and `unpack`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from mosim_gym.cli.common import Out


@dataclass(frozen=True)
class Combine:
    """Make one ensemble of several checkpoints of one robot, trained in the same way with different seeds."""

    checkpoints: Annotated[Positional[tuple[Path, ...]], arg(help="Checkpoint files, one for each member.")]
    install: Annotated[bool, arg(help="Make it the packaged checkpoint if its benchmark is better.")] = False
    out: Out = Path("runs/combine")

    def run(self) -> None:
        from mosim_gym.training.installing import score
        from mosim_gym.training.run import combine

        outcome = combine(list(self.checkpoints), folder=self.out, install=self.install)
        kept = ", now the packaged one" if outcome.installed else ""
        print(f"{outcome.card['name']}: raw MSE over 16 steps {score(outcome.card):.3g}; wrote {outcome.path}{kept}")


@dataclass(frozen=True)
class Unpack:
    """Write the checkpoints in packs of `train --all` to files of their own."""

    packs: Annotated[Positional[tuple[Path, ...]], arg(help="Files such as models-1.safetensors.")]
    install: Annotated[bool, arg(help="Replace packaged checkpoints whose benchmark is worse.")] = False
    out: Out = Path("runs/unpack")

    def run(self) -> None:
        from mosim_gym.training.installing import install_pack, score
        from mosim_gym.zoo.checkpoint import read_card
        from mosim_gym.zoo.packs import unpack

        if not self.packs:
            raise ValueError("Name at least one pack, such as runs/train/models-1.safetensors.")
        for path in self.packs:
            if self.install:
                for outcome in install_pack(path, self.out):
                    kept = "now the packaged one" if outcome.installed else "not better than the packaged one"
                    error = score(outcome.card)
                    print(f"{outcome.card['name']}: raw MSE over 16 steps {error:.3g}; wrote {outcome.path}, {kept}")
            else:
                for written in unpack(path, self.out):
                    print(f"{read_card(written)['name']}: wrote {written}")
