"""Files of version 0.1.0 had no seal: they load with one warning, and `mosim-gym reseal` gives them one."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file

import mosim_gym
from mosim_gym.cli import main
from mosim_gym.mechanics.storage import HEADER, SEAL, FileFault, UnsealedFile, read_kind
from mosim_gym.rl.resealing import reseal
from mosim_gym.zoo.densities import packaged_density_path
from mosim_gym.zoo.names import packaged_path

ROOT = Path(__file__).resolve().parents[2]
FILES = [*(ROOT / "src").rglob("*.safetensors"), *(ROOT / "benchmarks").rglob("*.safetensors")]


def _unsealed(path: Path, place: Path, **changes: np.ndarray) -> Path:
    """The file at `path` as version 0.1.0 wrote it."""
    with safe_open(path, framework="numpy") as file:
        arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        header = file.metadata()[HEADER]
    save_file({**arrays, **changes}, place, {HEADER: header})
    return place


def test_a_file_without_a_seal_loads_with_one_warning_that_names_the_cure(tmp_path: Path) -> None:
    path = _unsealed(packaged_path("pendulum"), tmp_path / "old.safetensors")
    with pytest.warns(UnsealedFile, match=rf"old\.safetensors has no seal.*`mosim-gym reseal {path}`") as found:
        first = mosim_gym.load(path)
    assert len(found) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert mosim_gym.load(path).model.digest() == first.model.digest()


def test_resealing_checks_seals_and_changes_nothing_else(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    robot = ROOT / "src/mosim_gym/robots/assets/pendulum.safetensors"
    kinds = {
        "checkpoint": packaged_path("pendulum"), "density": packaged_density_path("cheetah:narrow"), "robot": robot,
    }  # fmt: skip
    places = {kind: _unsealed(path, tmp_path / f"{kind}.safetensors") for kind, path in kinds.items()}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        main(["reseal", *map(str, places.values())])
        mosim_gym.load(places["checkpoint"])
    assert capsys.readouterr().out.splitlines() == [f"{place}: {kind}, sealed" for kind, place in places.items()]
    for kind, path in kinds.items():
        assert places[kind].read_bytes() == path.read_bytes()
        assert reseal(places[kind]) == (kind, False)


def test_what_is_damaged_gets_no_seal(tmp_path: Path) -> None:
    path = _unsealed(packaged_path("pendulum"), tmp_path / "old.safetensors", output_std=np.zeros(1, np.float32))
    before = path.read_bytes()
    with pytest.raises(FileFault, match="deviation 'output_std' holds 0"):
        reseal(path)
    assert path.read_bytes() == before
    for content, said in ((b"nothing", "not a readable safetensors file"), (None, "There is no file at")):
        other = tmp_path / "other"
        if content is None:
            other.unlink()
        else:
            other.write_bytes(content)
        with pytest.raises(FileFault, match=said):
            reseal(other)
    save_file({"a": np.zeros(1)}, path, {HEADER: json.dumps({"kind": "zebra"})})
    with pytest.raises(KeyError, match="Unknown kind of file 'zebra'"):
        reseal(path)


@pytest.mark.parametrize("path", FILES, ids=[str(path.relative_to(ROOT)) for path in FILES])
def test_every_file_of_this_repository_is_sealed_and_whole(path: Path) -> None:
    with safe_open(path, framework="numpy") as file:
        assert file.metadata().keys() == {HEADER, SEAL}
    kind, sealed = read_kind(path)
    assert sealed
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert reseal(path) == (kind, False)
