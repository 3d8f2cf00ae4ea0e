"""Adds seals to files that have none. Each file is first loaded and checked as a whole, in the way in which its kind is used."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from pathlib import Path

from mosim_gym.adapters.policy_files import load_policy
from mosim_gym.data.dataset import reseal_dataset
from mosim_gym.data.manifest import read_manifest
from mosim_gym.density import motion_density
from mosim_gym.mechanics import Robot
from mosim_gym.mechanics.names import UnknownName
from mosim_gym.mechanics.storage import UnsealedFile, load_arrays, read_kind, save_arrays
from mosim_gym.policies import actor
from mosim_gym.rl import run
from mosim_gym.training import state as training_state
from mosim_gym.zoo import cards, load, packs
from mosim_gym.zoo.densities import find_density

CHECKS: Mapping[str, Callable[[Path], object]] = {
    cards.KIND: load,
    packs.KIND: packs.load_pack,
    motion_density.KIND: find_density,
    actor.KIND: load_policy,
    run.KIND: run.read_run,
    training_state.KIND: training_state.read_header,
    "robot": Robot.load,
}
"""For each kind of file, the function that loads it and raises for faults."""


def reseal(path: Path) -> tuple[str, bool]:
    """Check the file (or the folder of a dataset) at `path`, and write it again with a seal if it has none.

    Returns its kind, and whether it was written.
    """
    if path.is_dir():
        before = read_manifest(path)
        return "dataset", reseal_dataset(path).manifest != before
    kind, sealed = read_kind(path)
    if kind not in CHECKS:
        raise UnknownName("kind of file", kind, list(CHECKS))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnsealedFile)
        CHECKS[kind](path)
        if sealed:
            return kind, False
        arrays, header = load_arrays(path, kind)
    header.pop("checksum", None)  # which robots had before there were seals
    save_arrays(path, kind, arrays, header)
    return kind, True
