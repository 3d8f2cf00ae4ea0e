"""Scripted policies act as they were found."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from mosim_gym.policies.scripted import SinusoidPolicy, cheetah_gait
from mosim_gym.robots import load_task

RESULTS = Path(__file__).parents[2] / "benchmarks" / "results"


def test_the_scripted_gait_is_the_one_that_was_searched_for():
    found = json.loads((RESULTS / "scripted_gait.json").read_text())["gait"]
    searched = SinusoidPolicy(
        found["amplitude"],
        found["phase"],
        found["frequency"],
        found["offset"],
        load_task("CheetahRun").robot.control_step,
    )
    packaged = cheetah_gait()
    for _ in range(100):
        np.testing.assert_allclose(packaged.predict(None)[0], searched.predict(None)[0], atol=1e-3)
