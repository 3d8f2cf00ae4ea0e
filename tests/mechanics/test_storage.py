"""Files of arrays: what is loaded is what was saved, and every fault has one sentence."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from mosim_gym.mechanics.seal import digest
from mosim_gym.mechanics.storage import (
    HEADER,
    SEAL,
    FileFault,
    is_safetensors,
    load_arrays,
    read_kind,
    save_arrays,
    write_atomically,
)

ARRAYS = {"w": np.linspace(0, 1, 12, dtype=np.float32).reshape(3, 4), "flag": np.array([True])}


def test_arrays_and_header_come_back_as_they_were_saved(tmp_path: Path) -> None:
    path = save_arrays(tmp_path / "a.safetensors", "thing", ARRAYS, {"version": 1, "card": {"name": "ä"}})
    arrays, header = load_arrays(path, "thing")
    assert header == {"kind": "thing", "version": 1, "card": {"name": "ä"}}
    assert arrays.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(arrays[name], array, strict=True)


def test_arrays_keep_their_shapes_and_a_number_stays_one(tmp_path: Path) -> None:
    saved = {
        "number": np.array(3),
        "row": np.ones(1),
        "none": np.zeros((0, 2)),
        "turned": np.arange(6.0).reshape(2, 3).T,
    }
    found, _ = load_arrays(save_arrays(tmp_path / "file", "try", saved, {}), "try")
    for name, array in saved.items():
        assert found[name].shape == array.shape
        np.testing.assert_array_equal(found[name], array)
    assert int(found["number"]) == 3


def test_equal_content_gives_equal_bytes(tmp_path: Path) -> None:
    header = {"version": 1, "card": {"name": "ä", "note": "–" * 7}}
    files = {save_arrays(tmp_path / f"{n}", "thing", ARRAYS, header).read_bytes() for n in range(8)}
    assert len(files) == 1


def test_a_single_flipped_bit_of_the_arrays_is_refused(tmp_path: Path) -> None:
    path = save_arrays(tmp_path / "a.safetensors", "thing", ARRAYS, {})
    whole = path.read_bytes()
    for bit in range(8 * 49):  # of the 49 bytes at the end, which are the arrays
        damaged = bytearray(whole)
        damaged[-1 - bit // 8] ^= 1 << bit % 8
        path.write_bytes(damaged)
        with pytest.raises(FileFault, match="does not match its seal"):
            load_arrays(path, "thing")


@pytest.mark.parametrize("card", ['{"kind": "thing", "boast": 1}', '{"kind":"thing"}'])
def test_a_header_that_was_edited_is_refused(tmp_path: Path, card: str) -> None:
    path = save_arrays(tmp_path / "a.safetensors", "thing", ARRAYS, {})
    save_file(ARRAYS, path, {HEADER: card, SEAL: digest(ARRAYS, '{"kind": "thing"}')})
    with pytest.raises(FileFault, match="does not match its seal"):
        load_arrays(path, "thing")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[" * 1_000_000, "not readable"),
        ('{"kind": "thing"', "not readable"),
        ("9" * 10_000, "not readable"),
        ("null", "not an object"),
        ("[]", "not an object"),
        ("5", "not an object"),
        ("{}", "not a thing"),
        ('{"kind": ["thing"]}', "not a thing"),
    ],
)
def test_a_header_that_is_no_object_is_refused_in_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "a.safetensors"
    save_file(ARRAYS, path, {HEADER: text, SEAL: digest(ARRAYS, text)})
    with pytest.raises(FileFault, match=sentence) as fault:
        load_arrays(path, "thing")
    assert "\n" not in str(fault.value)


def test_metadata_of_somebody_else_are_refused(tmp_path: Path) -> None:
    path, text = tmp_path / "a.safetensors", json.dumps({"kind": "thing"})
    save_file(ARRAYS, path, {HEADER: text, "sha257": digest(ARRAYS, text)})
    with pytest.raises(FileFault, match="has other keys than a thing has"):
        load_arrays(path, "thing")


def test_a_file_that_may_not_be_read_is_not_said_to_be_absent(tmp_path: Path) -> None:
    path = save_arrays(tmp_path / "a.safetensors", "thing", ARRAYS, {})
    path.chmod(0)
    tmp_path.chmod(0o711)
    before = os.geteuid()
    if before == 0:  # whom no mode keeps out
        place = Path(tempfile.mkdtemp())
        place.chmod(0o711)
        path = path.rename(place / path.name)
        os.seteuid(65534)
    try:
        for read in (lambda: load_arrays(path, "thing"), lambda: read_kind(path), lambda: is_safetensors(path)):
            with pytest.raises(FileFault, match=r"a\.safetensors cannot be read \(Permission denied\)"):
                read()
    finally:
        os.seteuid(before)


def test_a_failed_write_leaves_the_earlier_file_whole(tmp_path, smallest_files):
    target = write_atomically(tmp_path / "robot.xml", "first")
    with (
        smallest_files() as size,
        pytest.raises(OSError, match=r"Could not write .*previous file, if any, is unchanged"),
    ):
        write_atomically(target, b"2" * (size + 1))
    assert target.read_text() == "first"
    assert [p.name for p in tmp_path.iterdir()] == ["robot.xml"]
