"""A single flipped bit, anywhere in any file: it is refused, or what is loaded is what was saved."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.saved_files import KINDS

import mosim_gym
from mosim_gym.mechanics.storage import FileFault, load_arrays

FLIPS = 130  # of each of the eight kinds


@pytest.mark.parametrize("kind", KINDS)
def test_a_flipped_bit_is_refused_or_changes_nothing(tmp_path: Path, kind: str) -> None:
    make, read = KINDS[kind]
    path = make(tmp_path)
    whole, wanted = bytearray(path.read_bytes()), read(path)
    bits = np.random.default_rng(5).integers(8 * len(whole), size=FLIPS)
    refused = 0
    for bit in bits.tolist():
        whole[bit // 8] ^= 1 << bit % 8
        path.write_bytes(whole)
        try:
            assert read(path) == wanted, f"bit {bit} made another {kind}"
        except FileFault:
            refused += 1
        whole[bit // 8] ^= 1 << bit % 8
    assert refused > (FLIPS / 4 if kind == "zip" else 0.99 * FLIPS)  # much of a zip is never read


@pytest.mark.parametrize("name", ["pendulum", "humanoid"])
def test_a_file_that_was_cut_or_swapped_is_refused(tmp_path: Path, name: str) -> None:
    whole = (Path(mosim_gym.__file__).parent / "zoo" / "weights" / f"{name}.safetensors").read_bytes()
    path = tmp_path / "model.safetensors"
    half = len(whole) // 2
    for content in (whole[:-1], whole[:half], whole[:half] + whole[half + 4 :] + whole[half : half + 4], b""):
        path.write_bytes(content)
        with pytest.raises(FileFault):
            load_arrays(path, "checkpoint")
