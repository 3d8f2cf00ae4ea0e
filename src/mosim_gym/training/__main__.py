"""`python -m mosim_gym.training`: trains where only torch, numpy, safetensors, torchdiffeq and mujoco are installed, as on a rented GPU."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from mosim_gym.mechanics.durations import seconds
from mosim_gym.mechanics.names import UnknownName
from mosim_gym.training.installing import score
from mosim_gym.training.run import train_all, trainable_robots


def main() -> None:
    """Read the command line and train robot after robot; an interrupted run goes on where it was."""
    parser = argparse.ArgumentParser(prog="python -m mosim_gym.training", description=__doc__)
    parser.add_argument("robots", nargs="*", help="robots such as cheetah; with --all every one")
    parser.add_argument("--all", action="store_true", help="every robot, the budget divided among them")
    parser.add_argument("--budget", default="20m", help="time for all training together, for example 25m")
    parser.add_argument("--members", type=int, default=1, help="ensemble members, trained together")
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--install", action="store_true", help="replace packaged checkpoints by better ones")
    parser.add_argument(
        "--out", type=Path, default=Path("runs/train"), help="folder of checkpoints and resumable state"
    )
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if options.all == bool(options.robots):
        parser.error("name robots, or give --all")
    try:
        outcomes = train_all(
            trainable_robots() if options.all else options.robots,
            budget=seconds(options.budget),
            folder=options.out,
            members=options.members,
            seed=options.seed,
            device=options.device,
            install=options.install,
        )
    except (UnknownName, ValueError, OSError) as error:
        print(f"mosim_gym.training: {error}", file=sys.stderr)
        raise SystemExit(2) from error
    for outcome in outcomes:
        kept = ", now the packaged one" if outcome.installed else ""
        print(f"{outcome.card['name']}: raw MSE over 16 steps {score(outcome.card):.3g}; {outcome.path}{kept}")


if __name__ == "__main__":
    main()
