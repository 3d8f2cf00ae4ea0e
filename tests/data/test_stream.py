"""Streams: the same chunks wherever they begin, and no process that outlives its owner."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch

from mosim_gym.data.stream import Stream, chunk
from mosim_gym.mechanics import difference, integrate
from mosim_gym.robots import load_robot
from mosim_gym.truth.dynamics import TrueDynamics


def test_a_stream_gives_the_same_chunks_wherever_it_begins():
    with Stream("acrobot", "coverage", seed=1, segments=10) as stream:
        first, second = next(stream), next(stream)
    with Stream("acrobot", "coverage", seed=1, segments=10, first=1) as stream:
        again = next(stream)
    for a, b in zip(second, again, strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=0)
    assert not torch.equal(first.qpos, second.qpos)


@pytest.mark.parametrize("robot", ["acrobot", "cheetah"])
def test_acceleration_and_drift_lead_to_the_next_state(robot):
    description = load_robot(robot)
    columns, _ = chunk(robot, "coverage", 0, 0, 20)
    qpos, qvel, action, acceleration, drift, _ = (torch.from_numpy(c).double().flatten(0, 1) for c in columns)
    h = description.control_step
    after = TrueDynamics(robot, warm_start=False).step(qpos.numpy(), qvel.numpy(), action.numpy())
    end = qvel + h * acceleration
    moved = integrate(description, qpos, (qvel + end) / 2 + drift, h)
    scale = np.abs(after.qvel).max()
    np.testing.assert_allclose(
        end, after.qvel, atol=3e-4 * scale
    )  # float32 states, and contacts that amplify their rounding
    np.testing.assert_allclose(moved, after.qpos, atol=1e-5 * scale)
    torch.testing.assert_close(difference(description, moved, qpos, h), (qvel + end) / 2 + drift, rtol=1e-6, atol=1e-6)


def test_the_background_process_ends_with_its_owner():
    """Even if the owner is killed, nothing is left running."""
    import os
    import signal
    import subprocess
    import sys
    import time

    code = """
import multiprocessing, time
from mosim_gym.data.stream import Stream
if __name__ == "__main__":
    stream = Stream("pendulum", "coverage", seed=0, segments=5)
    next(stream)
    (worker,) = multiprocessing.active_children()
    print(worker.pid, flush=True)
    time.sleep(60)
"""
    owner = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    worker = int(owner.stdout.readline())
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    for _ in range(100):
        try:
            os.kill(worker, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    raise AssertionError("the background process outlived its owner")


LEFT_OPEN = """
from mosim_gym.data.stream import Stream
if __name__ == "__main__":
    stream = Stream("pendulum", "coverage", seed=0, segments=5)
"""


def test_a_program_that_leaves_a_stream_open_ends(tmp_path):
    script = tmp_path / "program.py"
    script.write_text(LEFT_OPEN)
    subprocess.run([sys.executable, str(script)], check=True, timeout=120)
