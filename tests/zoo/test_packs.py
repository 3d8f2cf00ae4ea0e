"""Packs: of bounded size, and those of strangers write into the folder that was asked for alone."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from mosim_gym.mechanics.storage import FileFault, load_arrays, save_arrays
from mosim_gym.zoo.checkpoint import KIND
from mosim_gym.zoo.names import packaged_path
from mosim_gym.zoo.packs import pack, pack_cards, unpack

ARRAYS, HEADER = load_arrays(packaged_path("pendulum"), KIND)


def _pack(folder: Path, name: str, card_name: Any, **changes: Any) -> Path:
    header = {**copy.deepcopy(HEADER), **changes}
    header["card"]["name"] = card_name
    arrays = {f"{name}/{key}": value for key, value in ARRAYS.items()}
    return save_arrays(folder / "models-1.safetensors", "pack", arrays, {"checkpoints": {name: header}})


@pytest.mark.parametrize(
    ("name", "card_name"),
    [
        ("../../x", "../../x"),
        ("/tmp/x", "/tmp/x"),
        ("pendulum", "../x"),
        ("pendulum", "cartpole"),
        ("..", ".."),
        ("a\0b", "a\0b"),
        ("", ""),
        ("pendulum", None),
    ],
)
def test_names_that_are_none_of_a_checkpoint_are_refused(tmp_path: Path, name: str, card_name: Any) -> None:
    path = _pack(tmp_path, name, card_name)
    with pytest.raises(FileFault):
        unpack(path, tmp_path / "deep" / "out")
    assert [place.name for place in tmp_path.rglob("*")] == [path.name]


def test_a_header_that_says_it_is_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileFault, match="kind is 'policy'; it must be 'checkpoint'"):
        unpack(_pack(tmp_path, "pendulum", "pendulum", kind="policy"), tmp_path / "out")


@pytest.mark.parametrize("checkpoints", [None, 5, [], {"pendulum": None}, {"pendulum": {"card": 5, "version": 1}}])
def test_a_table_of_contents_of_another_kind_is_one_sentence(tmp_path: Path, checkpoints: Any) -> None:
    path = save_arrays(tmp_path / "models-1.safetensors", "pack", dict(ARRAYS), {"checkpoints": checkpoints})
    with pytest.raises(FileFault):
        unpack(path, tmp_path / "out")


def test_what_is_there_already_stays_unless_it_is_the_same(tmp_path: Path) -> None:
    path = _pack(tmp_path, "pendulum", "pendulum")
    [place] = unpack(path, tmp_path / "out")
    before = place.read_bytes()
    assert unpack(path, tmp_path / "out") == [place]
    other = {**ARRAYS, "input_mean": ARRAYS["input_mean"] + 1}
    save_arrays(place, KIND, other, {key: value for key, value in HEADER.items() if key != "kind"})
    with pytest.raises(ValueError, match="exists and would be replaced by another checkpoint"):
        unpack(path, tmp_path / "out")
    assert place.read_bytes() != before


def test_packs_are_of_bounded_size(tmp_path: Path) -> None:
    for name in ("pendulum", "cartpole"):
        copied = tmp_path / f"{name}.safetensors"
        copied.write_bytes(packaged_path(name).read_bytes())
        pack(tmp_path, copied, full=100_000)  # bytes: one of these fits, two do not
    assert sorted(path.name for path in tmp_path.iterdir()) == ["models-1.safetensors", "models-2.safetensors"]
    assert set(pack_cards(tmp_path)) == {"pendulum", "cartpole"}
    for number in (1, 2):
        [path] = unpack(tmp_path / f"models-{number}.safetensors", tmp_path / "out")
        assert path.read_bytes() == packaged_path(path.stem).read_bytes()
    with pytest.raises(FileFault, match="not a pack"):
        unpack(packaged_path("pendulum"), tmp_path)
