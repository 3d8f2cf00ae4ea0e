"""Cards of strangers: each that no model of this package has is refused in one sentence, before anything of its size is made."""

from __future__ import annotations

import copy
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mosim_gym
from mosim_gym.mechanics.storage import FileFault, load_arrays, save_arrays
from mosim_gym.zoo.checkpoint import KIND, load_checkpoint
from mosim_gym.zoo.names import packaged_path, robot_at

ARRAYS, HEADER = load_arrays(packaged_path("pendulum"), KIND)
NOTHING: Any = object()


def _nested(depth: int) -> list[Any]:
    found: list[Any] = []
    for _ in range(depth):
        found = [found]
    return found


def _with(*place: str, value: Any) -> dict[str, Any]:
    """The header of the packaged pendulum with another value in one place."""
    header = copy.deepcopy(HEADER)
    there = header
    for key in place[:-1]:
        there = there[key]
    if value is NOTHING:
        del there[place[-1]]
    else:
        there[place[-1]] = value
    return header


HOSTILE = [
    *(_with("card", value=value) for value in (None, 5, [], {}, "x", True)),
    *(_with("version", value=value) for value in (None, "1", [], 1.0, True, 2)),
    *(_with("card", key, value=NOTHING) for key in ("name", "robot", "fingerprint", "model")),
    *(_with("card", "name", value=value) for value in (None, 5, "../pendulum", "/tmp/x", "pendulum\n", "", "x" * 10**6)),
    *(_with("card", "model", value=value) for value in (None, 5, [], {}, "x")),
    *(_with("card", "model", "members", value=value) for value in (-1, 0, "1", 1.5, None, 2**63, 10**6, 10**4000, True)),
    *(_with("card", "model", "ahead", value=value) for value in (-1, 10**9, 2.5, [])),
    *(_with("card", "model", "sensors", value=value) for value in (-1, 10**9, 3)),
    *(_with("card", "model", "correctors", value=value) for value in (None, [], [5], [{"width": 64}], [{"width": 64, "blocks": 10**7}])),
    *(_with("card", "model", "inertia", value=value) for value in (5, {"width": 10**9, "blocks": 0}, {"width": 0, "blocks": 0})),
    *(_with("card", "model", "pairs", value=value) for value in ([["a"]], [["a", "b"]], [[1, 2]], "ab")),
    _with("card", "model", "strings", value=[["a", "b", -1]]),
    _with("card", "model", "activation", value="exec"),
    _with("card", "model", "solver", value="magic"),
    _with("card", "model", "layer_norm", value="yes"),
    _with("card", "model", "unheard_of", value=1),
    *(_with("card", "box", value=value) for value in (None, [], {"qpos": [[0], [1]]}, {"qpos": [[None], [None]], "qvel": [[1], [-1]]})),
    *(_with("card", "box", "qvel", value=value) for value in ([[-1e300], [1]], [[float("nan")], [1]], [[-1, -1], [1, 1]], [["a"], ["b"]])),
    _with("card", "benchmark", value={"uniform": 5}),
    _with("card", "seeds", value={"a": 1}),
    _with("card", "recipe", value={"rate": 1e300}),
    _with("card", "note", value=_nested(500)),
    {"card": HEADER["card"]},
    {},
]  # fmt: skip


@pytest.mark.parametrize("header", HOSTILE, ids=[f"{number}" for number in range(len(HOSTILE))])
def test_a_hostile_card_is_one_sentence_at_once(tmp_path: Path, header: dict[str, Any]) -> None:
    header = {key: value for key, value in header.items() if key != "kind"}
    path = save_arrays(tmp_path / "model.safetensors", KIND, ARRAYS, header)
    begun = time.perf_counter()
    for read in (mosim_gym.load, lambda place: load_checkpoint(place, robot_at("pendulum"))):
        with pytest.raises(FileFault) as fault:
            read(path)
        assert len(str(fault.value)) < 1_000
        assert "\n" not in str(fault.value)
    assert time.perf_counter() - begun < 2


@pytest.mark.parametrize("name", ["input_std", "output_std"])
@pytest.mark.parametrize("value", [0.0, -1.0, np.nan, np.inf, 3e38])
def test_statistics_that_nothing_can_be_divided_by_are_refused(tmp_path: Path, name: str, value: float) -> None:
    arrays = {**ARRAYS, name: ARRAYS[name].copy()}
    arrays[name][0] = value
    path = save_arrays(tmp_path / "model.safetensors", KIND, arrays, {k: v for k, v in HEADER.items() if k != "kind"})
    with pytest.raises(FileFault):
        mosim_gym.load(path)


def test_the_card_itself_is_fine(tmp_path: Path) -> None:
    header = {key: value for key, value in HEADER.items() if key != "kind"}
    path = save_arrays(tmp_path / "model.safetensors", KIND, ARRAYS, header)
    assert mosim_gym.load(path).model.digest() == mosim_gym.load("pendulum").model.digest()
