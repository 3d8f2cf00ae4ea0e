"""Environments that are made, stepped and dropped leave no memory behind."""

from __future__ import annotations

import gc
from pathlib import Path

import gymnasium as gym
import pytest

from mosim_gym.envs.registration import env_id

STATM = Path("/proc/self/statm")


def _megabytes() -> float:
    gc.collect()
    return int(STATM.read_text().split()[1]) * 4096 / 2**20


@pytest.mark.skipif(not STATM.exists(), reason="memory is read from /proc")
@pytest.mark.parametrize("rows", [1, 8])
def test_thirty_environments_leave_less_than_three_megabytes(rows):
    def live():
        env = (
            gym.make_vec(env_id("PendulumSwingup"), num_envs=rows) if rows > 1 else gym.make(env_id("PendulumSwingup"))
        )
        env.reset(seed=0)
        for _ in range(6):
            env.step(env.action_space.sample())
        env.close()

    for _ in range(4):
        live()
    before = _megabytes()
    for _ in range(30):
        live()
    assert _megabytes() - before < 3
