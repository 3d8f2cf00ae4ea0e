"""The manifest of a dataset: what cannot be true is one sentence."""

from __future__ import annotations

import json
import os

import pytest

from mosim_gym.data.dataset import open_dataset
from mosim_gym.data.manifest import write_manifest
from mosim_gym.mechanics.storage import FileFault

HOSTILE = {
    "no robot": ({"robot": None}, "it has no robot"),
    "a number for a robot": ({"robot": 5}, "robot is '5'; it must be a robot's name"),
    "steps in words": ({"steps": "many"}, "steps is 'many'; it must be a whole number, at least 1"),
    "no steps at all": ({"steps": 0}, "steps is '0'; it must be a whole number, at least 1"),
    "steps by the billion": ({"steps": 10**9}, "qpos.npy is damaged: it holds <f8 "),
    "steps beyond all numbers": ({"steps": 10**40}, "qpos.npy is damaged: it holds <f8 "),
    "a truth value": ({"seed": True}, "seed is 'True'; it must be a whole number, at least 0"),
    "fewer than none": ({"segments": -1}, "segments is '-1'; it must be a whole number, at least 0"),
    "more than there are": ({"segments": 2101}, "it has 2101 segments, but 2100 were planned"),
    "many more": ({"segments": 10**9}, "it has 1000000000 segments, but 2100 were planned"),
    "plans that are not there": ({"segments": 10**9, "planned": 10**9}, "it has 1000000000 segments, but its chunks have 2100"),
    "large plans": ({"planned": 10**12}, "qpos.npy is damaged: it holds <f8 "),
    "half a segment": ({"segments": 0.5}, "segments is '0.5'; it must be a whole number"),
    "infinitely many": ({"planned": float("inf")}, "planned is 'inf'; it must be a whole number, at least 1"),
    "a recipe's name alone": ({"recipe": "coverage"}, "it must be a recipe with name, resets, actions and steps"),
    "a recipe of shares without names": (
        {"recipe": {"name": "x", "resets": [0.5], "actions": [], "steps": 1}},
        "it must be a recipe with name, resets, actions and steps",
    ),
    "chunks of nothing": ({"chunks": [None]}, "chunks is '[None]'; it must be a list of"),
    "chunks that owe": ({"chunks": [{"segments": -5}]}, "it must be a list of numbers of segments with their SHA-256"),
    "no seal": ({"seal": None}, "it has no seal"),
    "another seal": ({"seal": "0" * 64}, "its content does not match its seal"),
    "a stranger's key": ({"more": 1}, "it has the unknown key 'more'"),
    "another format": ({"version": 3}, "has format 3; this version of mosim_gym reads 2"),
    "a format in words": ({"version": "two"}, "has format two; this version of mosim_gym reads 2"),
    "a foreign kind": ({"kind": ["x"]}, "is not the manifest of a mosim_gym dataset"),
    "another fingerprint": ({"fingerprint": "other"}, "collected from a 'pendulum' with fingerprint other"),
}  # fmt: skip


@pytest.mark.parametrize("case", HOSTILE)
def test_a_manifest_that_cannot_be_true_is_one_sentence_at_once(folder, case):
    """Sealed by whoever wrote it, so that only its content gives it away."""
    changes, said = HOSTILE[case]
    whole = json.loads((folder / "manifest.json").read_text())
    manifest = {**whole, **changes}
    manifest = {name: value for name, value in manifest.items() if value is not None}
    if manifest.keys() == whole.keys() and not changes.keys() & {"seal", "version", "kind"}:
        write_manifest(folder, manifest)
    else:
        (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(FileFault) as found:
        open_dataset(folder)
    assert said in str(found.value)
    assert "\n" not in str(found.value)


@pytest.mark.parametrize("text", ["", "{", "null", "[]", "5", "[" * 100_000, '{"kind": ' + "9" * 5000 + "}", "\udcff"])
def test_a_manifest_that_is_none_is_one_sentence(folder, text):
    (folder / "manifest.json").write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(FileFault, match=r"manifest.json is (damaged|not the manifest)"):
        open_dataset(folder)


def test_a_robot_that_nobody_knows_is_one_sentence(folder):
    manifest = json.loads((folder / "manifest.json").read_text())
    for robot, said in (
        ("../../x", "Unknown robot"),
        ("pendulum@x", "not a time in seconds"),
        ("cheetah", "fingerprint"),
    ):
        write_manifest(folder, {**manifest, "robot": robot})
        with pytest.raises((KeyError, ValueError), match=said):
            open_dataset(folder)


def test_a_manifest_that_is_no_file_is_no_dataset(folder):
    (folder / "manifest.json").unlink()
    os.mkfifo(folder / "manifest.json")
    with pytest.raises(FileFault, match="There is no dataset in"):
        open_dataset(folder)
