"""Training that is watched from reality: every policy on the way is played there, and the same run is told again after an interruption."""

from __future__ import annotations

import numpy as np
import pytest

from mosim_gym.adapters.policy_files import load_policy
from mosim_gym.rl.report import real_return
from mosim_gym.studies.watched import WatchedRun, watch

SETTINGS = {
    "num_envs": 4, "updates": 1, "batch": 32, "width": 16, "warm_up": 100, "evaluate_every": 400, "buffer": 5000,
    "evaluation_episodes": 2,
}  # fmt: skip
FEW = {"episodes": 2, "final_episodes": 2}


def test_every_policy_on_the_way_is_played_in_reality(tmp_path):
    run = WatchedRun("try", "small one", "CartpoleSwingup", 3.0, settings=SETTINGS)
    assert run.name == "try-small-one"
    told = watch(run, tmp_path, **FEW)
    kept = sorted((tmp_path / "evaluated").glob("*.safetensors"), key=lambda path: int(path.stem))
    assert [point["steps"] for point in told["curve"]] == [int(path.stem) for path in kept]
    last = real_return("CartpoleSwingup", load_policy(kept[-1]), episodes=2)
    assert told["last"]["mean"] == pytest.approx(last.mean)
    assert told["curve"][-1]["real"] == pytest.approx(last.mean)
    assert told["model"]["name"] == "cartpole"
    again = watch(run, tmp_path, **FEW)
    assert again["curve"] == told["curve"]
    assert np.isfinite(told["chosen"]["mean"])


def test_a_policy_trained_in_the_truth_needs_no_model(tmp_path):
    run = WatchedRun("try", "truth", "CartpoleSwingup", 2.0, "truth", SETTINGS)
    told = watch(run, tmp_path, **FEW)
    assert told["model"] == {}
    assert told["curve"][-1]["real"] == pytest.approx(told["curve"][-1]["return_in_model"], rel=0.5, abs=60)
